//! What answers show of the domain: the shapes on the wire that more than one endpoint has.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::id::{ConnectionId, MessageId, NotificationId, VerificationId};
use crate::domain::message::{Channel, FailureCode, MessageStatus, MessageSummary, Provider};
use crate::domain::notification::{
    NotificationEvent, NotificationOutcome, NotificationSource, NotificationView, SuppressionReason,
};
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
    message: Message,
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
            message: verification.message.into(),
        }
    }
}

/// One SMS or email to one recipient.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Message {
    id: MessageId,
    status: MessageStatus,
    /// Who has it; `null` while it is queued.
    #[schema(required)]
    provider: Option<Provider>,
    /// Whether the platform sender stood in for the environment's own.
    fallback: bool,
    /// Why it failed.
    #[schema(required)]
    error: Option<Failure>,
}

/// Why a message failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Failure {
    code: FailureCode,
    /// What to do next.
    detail: String,
}

impl From<MessageSummary> for Message {
    fn from(message: MessageSummary) -> Self {
        Self {
            id: message.id,
            status: message.status,
            provider: message.provider,
            fallback: message.fallback,
            error: message.error.map(|failure| Failure {
                code: failure.code,
                detail: failure.detail,
            }),
        }
    }
}

/// Something that has happened, and what was decided on telling of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notification {
    id: NotificationId,
    event: NotificationEvent,
    source: NotificationSource,
    outcome: NotificationOutcome,
    /// Why nobody gets a message.
    #[schema(required)]
    reason: Option<SuppressionReason>,
    /// A message for each recipient, in the order of the request.
    messages: Vec<Message>,
}

impl From<NotificationView> for Notification {
    fn from(notification: NotificationView) -> Self {
        Self {
            id: notification.id,
            event: notification.event,
            source: notification.source,
            outcome: notification.outcome,
            reason: notification.reason,
            messages: notification.messages.into_iter().map(Message::from).collect(),
        }
    }
}
