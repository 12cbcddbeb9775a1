//! Send, verify, resend, cancel and read, over HTTP.

mod cancel;
mod guesses;
mod letters;
mod limits;
mod lock;
mod recipients;
mod resend;
mod send;
mod texts;
mod unreadable;
mod verify;
