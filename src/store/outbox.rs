//! The outbox: messages that are committed and not yet settled. Whoever holds a lease may send; a settle with a lost
//! lease changes nothing, so that no message is settled by two processes.

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreError;
use super::verification::StoredVerification;
use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::message::{Attempt, Channel, Failure, Provider};
use crate::domain::time::Timestamp;

/// Operations on the outbox.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Takes at most `limit` messages of `channel` that are due at `now`, oldest first, under `lease`. Two processes never
    /// get the same one, and neither waits for the other. One that somebody held is marked as taken over. One that cannot be
    /// read is told to the log and left as it was, until the lease would have ended: another release may read it.
    async fn claim_due(
        &self,
        channel: Channel,
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
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code(channel) => channel.as_str(),
            Self::Notification => "notification",
        }
    }
}

/// A hold on messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Tells this hold from any other; the fencing token.
    pub token: Uuid,
    /// When it ends, and others may take over.
    pub until: Timestamp,
}

/// What is counted by environment and calendar month (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MonthlyCounter {
    /// Messages through the platform sender of an environment without a sender of its own.
    TestQuota,
    /// Messages that the platform sender carried in place of the environment's own.
    Fallback,
}

impl MonthlyCounter {
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TestQuota => "test_quota",
            Self::Fallback => "fallback",
        }
    }
}

/// A limit on a [`MonthlyCounter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthlyLimit {
    /// What is counted.
    pub counter: MonthlyCounter,
    /// The first moment of the month.
    pub month: Timestamp,
    /// How many it may have.
    pub limit: u32,
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
    /// The verification it carries the code of.
    pub verification: StoredVerification,
    /// Attempts that were settled before.
    pub attempts: u16,
    /// Whether a former holder's lease ran out unsettled, so that the provider may have the message already.
    pub possible_duplicate: bool,
    /// Whether that had happened to it once before.
    pub taken_over_before: bool,
    /// Whether a place of the test quota is reserved for it.
    pub holds_quota: bool,
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
    /// The code died first: `expired`. Places are given back as for `Failed`.
    Expired,
}

/// What came of [`Outbox::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Recorded.
    Recorded,
    /// The lease was lost; nothing was changed.
    LeaseLost,
}
