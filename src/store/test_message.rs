//! Test messages: counted against the limits that sends are counted against, and against one of their own, with their entry
//! in the audit log. Nothing else is kept of them.

use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use super::audit::AuditEntry;
use super::outbox::MonthlyLimit;
use crate::domain::id::EnvironmentId;
use crate::domain::idempotency::KeyedHash;
use crate::domain::limit::{SendLimits, SendRefusal};
use crate::domain::time::Timestamp;

/// The window of the environment's own limit.
pub const MINUTE: Duration = Duration::from_mins(1);

/// Operations on test messages.
#[async_trait]
pub trait TestMessages: Send + Sync {
    /// Counts a test against every limit and writes its audit entry: all of it or nothing.
    async fn count_test(&self, test: NewTest, audit: AuditEntry) -> Result<TestCount, StoreError>;

    /// Gives back the places that a test took in the recipient's limits and in the quota, because nobody accepted it. The
    /// environment's own limit gives nothing back.
    async fn refund_test(&self, test: NewTest, now: Timestamp) -> Result<(), StoreError>;
}

/// A test that is to be counted.
#[derive(Debug, Clone)]
pub struct NewTest {
    /// Whose settings are tested.
    pub environment_id: EnvironmentId,
    /// What the recipient is counted by.
    pub recipient_key: KeyedHash,
    /// Tests of the environment in a minute.
    pub per_minute: u32,
    /// Sends to the recipient in an hour.
    pub per_hour: u32,
    /// Sends to the recipient in a day.
    pub per_day: u32,
    /// The place in a monthly quota that it takes.
    pub quota: Option<MonthlyLimit>,
    /// When it is counted.
    pub at: Timestamp,
}

impl NewTest {
    /// What it is counted against like a send. It carries nothing that could be guessed, and comes from no end user.
    pub(super) fn limits(&self) -> SendLimits {
        SendLimits {
            per_hour: self.per_hour,
            per_day: self.per_day,
            ip_per_hour: u32::MAX,
            guesses_per_day: u32::MAX,
        }
    }
}

/// What came of [`TestMessages::count_test`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestCount {
    /// It may be sent.
    Counted,
    /// The environment's minute is full.
    TooMany {
        /// When it ends.
        resets_at: Timestamp,
    },
    /// Refused as a send would be.
    Refused(SendRefusal),
}
