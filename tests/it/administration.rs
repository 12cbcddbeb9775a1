//! Administration over HTTP: what can be read and changed, and what can never be read.

mod changes;
mod email;
mod environment;
mod lists;
mod otp;
mod secrets;
mod sms;
