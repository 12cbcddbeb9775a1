//! What handlers ask of a request. Everything untrusted is read here, strictly, and refused with a problem that
//! says where it is wrong and never repeats what was sent: any value may be a code, a number or a key.

mod bearer;
mod body;
mod client_address;
mod draft;
mod idempotency_key;
mod prefer;
mod query;
mod segments;

pub use bearer::bearer;
pub use body::{Bodies, Json, NoBody, Payload};
pub use client_address::ClientAddress;
pub use draft::{Draft, Patch};
pub use idempotency_key::IdempotencyKey;
pub use prefer::Prefer;
pub use query::{NoParameters, Query};
pub use segments::{Named, Subject, segment};
