//! The contract of the store: what every implementation does, with operations in parallel, on whichever database the
//! tests run on.

mod audit;
mod batches;
mod cancel;
mod check;
mod directory;
pub mod fixture;
mod idempotency;
mod isolation;
mod key_generations;
mod limits;
mod lists;
mod maintenance;
mod message;
mod model;
pub mod notification;
mod outbox;
mod quota;
mod removal;
mod resend;
mod rules;
mod settle;
mod test_message;
mod unreadable;
