//! Administration over HTTP: what can be read and changed, and what can never be read.

mod audit;
mod changes;
mod creation;
mod email;
mod environment;
mod isolation;
mod keys;
mod lists;
mod long_lists;
mod mfa;
mod otp;
mod removal;
mod search;
mod secrets;
mod sms;
mod switches;
