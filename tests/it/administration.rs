//! Administration over HTTP: what can be read and changed, and what can never be read.

mod changes;
mod creation;
mod email;
mod environment;
mod isolation;
mod keys;
mod lists;
mod mfa;
mod otp;
mod removal;
mod secrets;
mod sms;
mod switches;
