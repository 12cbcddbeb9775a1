//! Notifications: making one with all of its messages, and reading it. Not the hot path, and so in operations of their own, which
//! leave those of codes as they are.

use async_trait::async_trait;

use super::StoreError;
use super::message::Lease;
use crate::domain::id::{ApplicationId, EnvironmentId, MessageId, NotificationId};
use crate::domain::idempotency::{KeyedHash, KeyedRequest};
use crate::domain::locale::{LanguageTag, Locale};
use crate::domain::notification::{
    NotificationDecision, NotificationEvent, NotificationSource, NotificationView,
};
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
    pub decision: NotificationDecision,
    /// The language its request asked for.
    pub locale: Option<LanguageTag>,
    /// What it says, sealed for it.
    pub sealed_data: Vec<u8>,
    /// Whom it concerns, no two with the same key.
    pub recipients: Vec<NewRecipient>,
    /// Their messages; `None` where it is suppressed.
    pub messages: Option<NewMessages>,
    /// The keyed request it comes with, where it is one.
    pub request: Option<KeyedRequest>,
    /// Now.
    pub created_at: Timestamp,
    /// Until when its messages are tried.
    pub expires_at: Timestamp,
}

/// A recipient of a notification.
#[derive(Debug, Clone)]
pub struct NewRecipient {
    /// What its messages are found by.
    pub recipient_key: KeyedHash,
    /// What its limit is counted by.
    pub limit_key: KeyedHash,
    /// Who it is, sealed for the notification.
    pub sealed_recipient: Vec<u8>,
    /// Who it is, for answers.
    pub masked_recipient: String,
}

/// The messages of a notification.
#[derive(Debug, Clone)]
pub struct NewMessages {
    /// Their ids, one for each recipient.
    pub ids: Vec<MessageId>,
    /// This process's hold on them.
    pub lease: Lease,
    /// The language that they are written in.
    pub language: Locale,
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

/// A notification for one of its recipients, with what sending it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNotification {
    /// The notification.
    pub notification_id: NotificationId,
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// What has happened.
    pub event: NotificationEvent,
    /// Which of its recipients it goes to, from 1.
    pub recipient_number: u16,
    /// Whom it goes to, sealed for it.
    pub sealed_recipient: Vec<u8>,
    /// The language its request asked for.
    pub locale: Option<LanguageTag>,
    /// What it says, sealed for the notification; `None` once that has expired.
    pub sealed_data: Option<Vec<u8>>,
    /// Until when it is tried.
    pub expires_at: Timestamp,
}
