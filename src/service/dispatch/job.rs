//! A message that this process holds and is to send, and what it carries.

use tokio::time::Instant;

use crate::domain::code::Code;
use crate::domain::email::EmailAddress;
use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::keyring::{KeyRing, OpenError};
use crate::domain::locale::LanguageTag;
use crate::domain::message::Channel;
use crate::domain::notification::{NotificationData, NotificationKind};
use crate::domain::recipient::{Recipient, RecipientRow};
use crate::domain::time::Timestamp;
use crate::store::notification::StoredNotification;
use crate::store::outbox::{Lease, Queue, StoredPayload};
use crate::store::verification::StoredVerification;

/// A message that this process holds and is to send.
pub struct Job {
    /// Its id.
    pub message_id: MessageId,
    /// What it carries.
    pub payload: Payload,
    /// The hold on it.
    pub lease: Lease,
    /// When the hold began.
    pub held_since: Instant,
    /// Attempts that were settled before.
    pub attempts: u16,
    /// Whether a place of the test quota is reserved for it.
    pub holds_quota: bool,
}

/// What a message carries.
pub enum Payload {
    /// A code.
    Code(Box<CodePayload>),
    /// The words of a notification.
    Notification(Box<NotificationPayload>),
}

/// A code and the verification it belongs to.
pub struct CodePayload {
    /// The verification.
    pub verification: StoredVerification,
    /// Whom it goes to.
    pub recipient: Recipient,
    /// The code.
    pub code: Code,
}

/// A notification for one of its recipients.
pub struct NotificationPayload {
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// Which email it is.
    pub kind: NotificationKind,
    /// Whom it goes to.
    pub recipient: EmailAddress,
    /// The language its request asked for.
    pub locale: Option<LanguageTag>,
    /// What it says.
    pub data: NotificationData,
    /// Until when it is tried.
    pub expires_at: Timestamp,
}

impl Payload {
    /// The code of a verification.
    #[must_use]
    pub fn code(verification: StoredVerification, recipient: Recipient, code: Code) -> Self {
        Self::Code(Box::new(CodePayload {
            verification,
            recipient,
            code,
        }))
    }

    /// What a message carries out of its sealed copies; `None` where those have been wiped.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub fn opened(stored: StoredPayload, keys: &KeyRing) -> Result<Option<Self>, OpenError> {
        match stored {
            StoredPayload::Code(verification) => Self::opened_code(*verification, keys),
            StoredPayload::Notification(notification) => Self::opened_notification(*notification, keys),
        }
    }

    fn opened_code(verification: StoredVerification, keys: &KeyRing) -> Result<Option<Self>, OpenError> {
        let id = verification.verification.id;
        let Some(sealed) = verification.sealed_code.as_deref() else {
            return Ok(None);
        };
        let code = Code::open(keys, id, sealed)?;
        let row = RecipientRow::Verification(id);
        let recipient = Recipient::open(keys, verification.channel(), row, &verification.sealed_recipient)?;
        Ok(Some(Self::code(verification, recipient, code)))
    }

    fn opened_notification(stored: StoredNotification, keys: &KeyRing) -> Result<Option<Self>, OpenError> {
        let id = stored.notification_id;
        let (Some(sealed), Some(kind)) = (stored.sealed_data.as_deref(), stored.event.kind()) else {
            return Ok(None);
        };
        let data = NotificationData::open(keys, id, sealed)?;
        let row = RecipientRow::Notification(id, stored.recipient_number);
        match Recipient::open(keys, Channel::Email, row, &stored.sealed_recipient)? {
            Recipient::Email(recipient) => Ok(Some(Self::Notification(Box::new(NotificationPayload {
                environment_id: stored.environment_id,
                kind,
                recipient,
                locale: stored.locale,
                data,
                expires_at: stored.expires_at,
            })))),
            Recipient::Phone(_) => Err(OpenError::Form),
        }
    }

    pub(super) fn environment_id(&self) -> EnvironmentId {
        match self {
            Self::Code(code) => code.verification.environment_id,
            Self::Notification(notification) => notification.environment_id,
        }
    }
}

impl Job {
    /// When its code dies, or it is no longer of use.
    pub(super) fn expires_at(&self) -> Timestamp {
        match &self.payload {
            Payload::Code(code) => code.verification.verification.expires_at,
            Payload::Notification(notification) => notification.expires_at,
        }
    }

    pub(super) fn channel(&self) -> Channel {
        match &self.payload {
            Payload::Code(code) => code.verification.channel(),
            Payload::Notification(_) => Channel::Email,
        }
    }

    pub(super) fn queue(&self) -> Queue {
        match &self.payload {
            Payload::Code(code) => Queue::Code(code.verification.channel()),
            Payload::Notification(_) => Queue::Notification,
        }
    }
}
