//! What handlers ask of a request. Everything untrusted is read here, strictly, and refused with a problem that
//! says where it is wrong and never repeats what was sent: any value may be a code, a number or a key.

mod bearer;
mod client_address;
mod draft;
mod idempotency_key;
mod json;
mod prefer;
mod query;
mod segments;

pub use bearer::{Bearer, bearer};
pub use client_address::ClientAddress;
pub use draft::{Draft, Patch};
pub use idempotency_key::IdempotencyKey;
pub use json::{BODY_LIMIT, Json, NoBody, Payload};
pub use prefer::Prefer;
pub use query::{NoParameters, Query};
pub use segments::{FromSegment, FromSegments, Named, Segments};
