//! The outbox: messages that are committed and not yet settled. Whoever holds a lease may send; a settle with a lost
//! lease changes nothing, so that no message is settled by two processes.

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreError;
pub use super::message::Lease;
use super::notification::StoredNotification;
use super::verification::StoredVerification;
use crate::domain::id::{EnvironmentId, MessageId};
pub use crate::domain::limit::{MonthlyCounter, MonthlyLimit};
use crate::domain::message::{Attempt, Channel, Failure, MessageStatus, MessageSummary, Provider};
use crate::domain::time::Timestamp;

/// Operations on the outbox. Whatever is queued has an entry in it for the time at which it is due, so that nothing is forgotten; an
/// entry whose messages have been settled since, or put off, is dropped when it is due.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes at most `limit` messages of `queue` that are due at `now`, oldest first, under `lease`. Two processes never
    /// get the same one. One that somebody held is marked as taken over. One that cannot be read is told to the log and left as it
    /// was, until the lease would have ended: another release may read it.
    async fn claim_due(
        &self,
        queue: Queue,
        now: Timestamp,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError>;

    /// Records one attempt and what follows from it, if the lease still holds.
    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError>;

    /// Reserves one place of a monthly counter; `false` when it is used up.
    async fn reserve(&self, environment: EnvironmentId, limit: MonthlyLimit) -> Result<bool, StoreError>;

    /// Gives a reserved place back.
    async fn release(&self, environment: EnvironmentId, limit: MonthlyLimit) -> Result<(), StoreError>;

    /// How much of a monthly counter is used.
    async fn used(
        &self,
        environment: EnvironmentId,
        counter: MonthlyCounter,
        month: Timestamp,
    ) -> Result<u32, StoreError>;
}

/// Which messages stand in line with each other: a channel that is stuck must not keep the other one waiting, nor a hundred
/// invitations a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Messages with a code, each channel for itself.
    Code(Channel),
    /// Notifications.
    Notification,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::Code(Channel::Sms),
        Self::Code(Channel::Email),
        Self::Notification,
    ];

    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code(channel) => channel.as_str(),
            Self::Notification => "notification",
        }
    }
}

/// Tells of a due message that this process cannot read, by table, column and row.
pub(super) fn log_unreadable(message: MessageId, error: &StoreError) {
    tracing::error!(message.id = %message, %error,
        "a due message cannot be read by this release and is left for one that can");
}

/// A message taken from the outbox.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub message_id: MessageId,
    /// What it carries.
    pub payload: StoredPayload,
    /// Attempts that were settled before.
    pub attempts: u16,
    /// Whether a former holder's lease ran out unsettled, so that the provider may have the message already.
    pub possible_duplicate: bool,
    /// Whether that had happened to it once before.
    pub taken_over_before: bool,
    /// Whether a place of the test quota is reserved for it.
    pub holds_quota: bool,
}

/// What a message carries, as it is kept.
#[derive(Debug, Clone)]
pub enum StoredPayload {
    /// The code of a verification.
    Code(Box<StoredVerification>),
    /// The words of a notification.
    Notification(Box<StoredNotification>),
}

/// What one attempt came to.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Which message.
    pub message_id: MessageId,
    /// The token of the lease it was sent under.
    pub token: Uuid,
    /// The attempt; `None` where nothing was tried because the code had died.
    pub attempt: Option<Attempt>,
    /// What follows.
    pub outcome: Outcome,
    /// Now.
    pub now: Timestamp,
}

/// What follows from an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A provider has it: `accepted`, for good.
    Accepted {
        /// Who.
        provider: Provider,
        /// Whether in place of the environment's own sender.
        fallback: bool,
        /// The provider's name for it.
        provider_message_id: Option<String>,
    },
    /// A provider may have it: `unknown`, no further attempt.
    Unknown {
        /// Who.
        provider: Provider,
        /// Whether in place of the environment's own sender.
        fallback: bool,
    },
    /// The next sender of the route is asked at once: still `queued`, and the lease holds until then.
    NextSender {
        /// When the lease ends.
        lease_until: Timestamp,
    },
    /// Tried again later: still `queued`, and anybody's.
    RetryAt(Timestamp),
    /// Definitely not accepted by anyone: `failed`. The verification may be resent at once, and the recipient's limits and
    /// the quota get their places back; the end user's address does not.
    Failed(Failure),
    /// The code died first: `expired`. Places are refunded as for `Failed`.
    Expired,
}

/// The columns of a message that a settlement changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct SettledColumns<'a> {
    pub(super) status: MessageStatus,
    pub(super) provider: Option<Provider>,
    pub(super) fallback: bool,
    pub(super) provider_message_id: Option<&'a str>,
    pub(super) failure: Option<&'a Failure>,
    /// When it is to be tried again; the lease goes with it unless the next sender is asked at once.
    pub(super) due_at: Option<Timestamp>,
    pub(super) keeps_lease: bool,
    /// Whether its recipient's limits and the quota get their places back.
    pub(super) refunds: bool,
}

impl Outcome {
    /// What it makes of a message, without reading that back.
    #[must_use]
    pub fn summary(&self, id: MessageId) -> MessageSummary {
        let columns = self.columns();
        MessageSummary {
            id,
            status: columns.status,
            provider: columns.provider,
            fallback: columns.fallback,
            error: columns.failure.cloned(),
        }
    }

    pub(super) fn columns(&self) -> SettledColumns<'_> {
        let queued = SettledColumns {
            status: MessageStatus::Queued,
            provider: None,
            fallback: false,
            provider_message_id: None,
            failure: None,
            due_at: None,
            keeps_lease: false,
            refunds: false,
        };
        match self {
            Self::Accepted {
                provider,
                fallback,
                provider_message_id,
            } => SettledColumns {
                status: MessageStatus::Accepted,
                provider: Some(*provider),
                fallback: *fallback,
                provider_message_id: provider_message_id.as_deref(),
                ..queued
            },
            Self::Unknown { provider, fallback } => SettledColumns {
                status: MessageStatus::Unknown,
                provider: Some(*provider),
                fallback: *fallback,
                ..queued
            },
            Self::NextSender { lease_until } => SettledColumns {
                due_at: Some(*lease_until),
                keeps_lease: true,
                ..queued
            },
            Self::RetryAt(due_at) => SettledColumns {
                due_at: Some(*due_at),
                ..queued
            },
            Self::Failed(failure) => SettledColumns {
                status: MessageStatus::Failed,
                failure: Some(failure),
                refunds: true,
                ..queued
            },
            Self::Expired => SettledColumns {
                status: MessageStatus::Expired,
                refunds: true,
                ..queued
            },
        }
    }
}

/// What came of [`Outbox::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Recorded.
    Recorded,
    /// The lease was lost; nothing was changed.
    LeaseLost,
}
