//! Notifications: making one with all of its messages, reading it, and taking its messages from the outbox. Not the hot
//! path, and so in operations of their own, which leave those of codes as they are.

use async_trait::async_trait;

use super::StoreError;
use super::outbox::Lease;
use crate::domain::email::EmailAddress;
use crate::domain::id::{ApplicationId, EnvironmentId, MessageId, NotificationId};
use crate::domain::idempotency::{KeyedHash, KeyedRequest};
use crate::domain::locale::LanguageTag;
use crate::domain::notification::{NotificationEvent, NotificationSource, NotificationView, Verdict};
use crate::domain::time::Timestamp;

/// Operations on notifications. Their messages are settled like any other.
#[async_trait]
pub trait Notifications: Send + Sync {
    /// Counts a notification against the limit of each recipient and makes it, its messages and their places in the outbox:
    /// all of it or nothing. One without messages is counted for nobody.
    async fn notify(&self, new: NewNotification) -> Result<Notify, StoreError>;

    /// Reads a notification of `application`; `None` for one that is not there or belongs to another.
    async fn find_notification(
        &self,
        application: ApplicationId,
        id: NotificationId,
    ) -> Result<Option<NotificationView>, StoreError>;

    /// The notification that the keyed request `key_hash` has made, with the hash of the body it was made with.
    async fn find_notification_by_key(
        &self,
        key_hash: KeyedHash,
    ) -> Result<Option<(NotificationId, KeyedHash)>, StoreError>;

    /// Takes at most `limit` messages of notifications that are due at `now`, as [`super::Outbox::claim_due`] takes those
    /// with a code.
    async fn claim_due_notifications(
        &self,
        now: Timestamp,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<ClaimedNotification>, StoreError>;
}

/// A notification to be made.
#[derive(Debug, Clone)]
pub struct NewNotification {
    /// Its id.
    pub id: NotificationId,
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// The application that asked for it.
    pub application_id: ApplicationId,
    /// What has happened.
    pub event: NotificationEvent,
    /// How it came about.
    pub source: NotificationSource,
    /// What was decided.
    pub verdict: Verdict,
    /// The language its request asked for.
    pub locale: Option<LanguageTag>,
    /// What it says, sealed for it.
    pub sealed_data: Vec<u8>,
    /// Whom it concerns, no two with the same `key()`.
    pub recipients: Vec<EmailAddress>,
    /// Their messages; `None` where it is suppressed.
    pub messages: Option<NewMessages>,
    /// The keyed request it comes with, where it is one.
    pub request: Option<KeyedRequest>,
    /// Now.
    pub created_at: Timestamp,
    /// Until when its messages are tried.
    pub expires_at: Timestamp,
}

/// The messages of a notification.
#[derive(Debug, Clone)]
pub struct NewMessages {
    /// Their ids, one for each recipient.
    pub ids: Vec<MessageId>,
    /// This process's hold on them.
    pub lease: Lease,
    /// Why they take the route they take, for the timeline: a JSON object.
    pub decision: String,
    /// How many notifications a recipient may be sent in a day.
    pub per_day: u32,
}

/// What came of [`Notifications::notify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notify {
    /// Made, durably.
    Made,
    /// The same keyed request has made one before. Nothing was counted or made.
    Repeated(NotificationId),
    /// Another request under the same key has made one before. Nothing was counted or made.
    KeyReused,
    /// A recipient has had as many as it may. Nothing was counted or made.
    Limited {
        /// When the last of the windows ends that are used up.
        resets_at: Timestamp,
    },
}

/// A message of a notification, with what sending it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationMessage {
    /// Its id.
    pub message_id: MessageId,
    /// The notification it is of.
    pub notification_id: NotificationId,
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// What has happened.
    pub event: NotificationEvent,
    /// Whom it goes to.
    pub recipient: EmailAddress,
    /// The language its request asked for.
    pub locale: Option<LanguageTag>,
    /// What it says, sealed for the notification; `None` once that has expired.
    pub sealed_data: Option<Vec<u8>>,
    /// Until when it is tried.
    pub expires_at: Timestamp,
}

/// A message of a notification taken from the outbox.
#[derive(Debug, Clone)]
pub struct ClaimedNotification {
    /// The message.
    pub message: NotificationMessage,
    /// Attempts that were settled before.
    pub attempts: u16,
    /// Whether a former holder's lease ran out unsettled, so that the provider may have the message already.
    pub possible_duplicate: bool,
    /// Whether that had happened to it once before.
    pub taken_over_before: bool,
}
