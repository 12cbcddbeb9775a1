//! Administration over HTTP: what can be read and changed, and what can never be read.

mod audit;
mod changes;
mod email;
mod environment;
mod lists;
mod long_lists;
mod otp;
mod search;
mod secrets;
mod sms;
