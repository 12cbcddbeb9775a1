//! The verification object: the same in every answer about it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::{ConnectionId, VerificationId};
use crate::domain::message::{Channel, MessageSummary};
use crate::domain::time::Timestamp;
use crate::domain::verification::{self, Purpose, VerificationStatus};

/// One request to prove control of a phone number or an email address.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verification {
    id: VerificationId,
    connection_id: ConnectionId,
    channel: Channel,
    /// The recipient, masked.
    #[schema(example = "+61•••123")]
    to: String,
    purpose: Purpose,
    status: VerificationStatus,
    created_at: Timestamp,
    /// When its code dies.
    expires_at: Timestamp,
    /// Wrong guesses it still takes.
    attempts_left: u8,
    /// Messages it may still have.
    resends_left: u8,
    /// When the next resend is allowed, if `resends_left` says that there is one.
    resend_at: Timestamp,
    /// When its code came back.
    #[schema(required)]
    verified_at: Option<Timestamp>,
    /// Its newest message.
    message: MessageSummary,
}

impl Verification {
    /// As it stands at `now`.
    #[must_use]
    pub fn of(verification: verification::Verification, now: Timestamp) -> Self {
        Self {
            id: verification.id,
            connection_id: verification.connection_id,
            channel: verification.channel,
            purpose: verification.purpose,
            status: verification.status(now),
            created_at: verification.created_at,
            expires_at: verification.expires_at,
            attempts_left: verification.guesses_left(),
            resends_left: verification.resends_left(),
            resend_at: verification.resend_at,
            verified_at: verification.verified_at,
            to: verification.masked_recipient,
            message: verification.message,
        }
    }
}
