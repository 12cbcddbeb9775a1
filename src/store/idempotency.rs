//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header): durable, for 24 hours, scoped to the application.

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreError;
use crate::domain::id::ApplicationId;
use crate::domain::time::Timestamp;

/// Operations on idempotency keys.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// Takes a key, or tells what is known of it.
    async fn claim_key(&self, claim: KeyClaim) -> Result<Claim, StoreError>;

    /// Keeps the answer for whoever repeats the request. Without effect when the claim is no longer `owner`'s.
    async fn keep_answer(&self, held: HeldKey, answer: KeptAnswer) -> Result<(), StoreError>;

    /// Lets a key go, so that the request may be tried again. Without effect when the claim is no longer `owner`'s.
    async fn release_key(&self, held: HeldKey) -> Result<(), StoreError>;
}

/// A key that somebody wants to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyClaim {
    /// The key and who wants it.
    pub held: HeldKey,
    /// SHA-256 over the operation and its payload: another one under the same key is refused.
    pub fingerprint: [u8; 32],
    /// The id of what the request will make, drawn before it is made, so that whoever takes over after a crash finds it.
    pub resource_id: Uuid,
    /// Now.
    pub now: Timestamp,
    /// Until when nobody else may take it over.
    pub busy_until: Timestamp,
    /// When the key is forgotten.
    pub expires_at: Timestamp,
}

/// A key and its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldKey {
    /// Whose key it is.
    pub application_id: ApplicationId,
    /// SHA-256 of the key.
    pub key_hash: [u8; 32],
    /// Tells this request from any other.
    pub owner: Uuid,
}

/// What came of [`Idempotency::claim_key`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Taken, for the first time.
    Taken,
    /// Taken over from a request whose process died. What it was to make may be there, under this id.
    TakenOver {
        /// The id drawn by the first request.
        resource_id: Uuid,
    },
    /// The first request is still running.
    InProgress,
    /// The key was used for another request.
    Reused,
    /// The first request has been answered.
    Answered(KeptAnswer),
}

/// An answer that is given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Its status code.
    pub status: u16,
    /// Its `Location`.
    pub location: Option<String>,
    /// Its body: JSON that holds no code and no full recipient.
    pub body: String,
}
