//! A message: one SMS or email to one recipient, what became of it, and the rendered forms that a provider carries.

use std::fmt;

use serde::Serialize;

use super::email::EmailAddress;
use super::id::{AttemptId, MessageId};
use super::named::named;
use super::phone::PhoneNumber;
use super::time::Timestamp;

named! {
    /// How a message travels.
    Channel {
        /// To a phone number.
        Sms = "sms",
        /// To an email address.
        Email = "email",
    }
}

named! {
    /// What carries a message. The platform's own HTTP endpoint and Twilio account are both called `kinde`.
    Provider {
        /// The environment's own Twilio account.
        Twilio = "twilio",
        /// The operator's sender, shared by all environments.
        Kinde = "kinde",
        /// The environment's own SMTP server.
        Smtp = "smtp",
        /// The terminal and the development inbox.
        Console = "console",
    }
}

named! {
    /// What is known of a message.
    MessageStatus {
        /// Committed, not yet accepted by a provider.
        Queued = "queued",
        /// A provider has taken it over.
        Accepted = "accepted",
        /// The provider has sent it on.
        Sent = "sent",
        /// It has arrived.
        Delivered = "delivered",
        /// The network could not deliver it.
        Undelivered = "undelivered",
        /// Every sender definitely refused it.
        Failed = "failed",
        /// Its code died before a provider took it.
        Expired = "expired",
        /// The provider may have it. Never sent again by itself.
        Unknown = "unknown",
    }
}

impl MessageStatus {
    /// Whether it is off the common way of a message, queued and then accepted: such are listed from a range of their own each. The two
    /// of that way share one, so that the update between them changes nothing for the index; those queued are few in it.
    #[must_use]
    pub fn is_rare(self) -> bool {
        match self {
            Self::Queued | Self::Accepted => false,
            Self::Sent
            | Self::Delivered
            | Self::Undelivered
            | Self::Failed
            | Self::Expired
            | Self::Unknown => true,
        }
    }
}

named! {
    /// Why a message was not accepted, as the caller sees it.
    FailureCode {
        /// The number or address cannot receive it.
        RecipientRejected = "recipient_rejected",
        /// The recipient has opted out.
        RecipientOptedOut = "recipient_opted_out",
        /// Every sender refused for a reason of its own.
        DeliveryFailed = "delivery_failed",
    }
}

/// Why a message failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Failure {
    /// Why, in a word.
    pub code: FailureCode,
    /// What to do next.
    // A sentence that holds no recipient, code or credential.
    pub detail: String,
}

/// One SMS or email to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Message)]
pub struct MessageSummary {
    /// What an administrator reads it by.
    pub id: MessageId,
    /// What is known of it by now.
    pub status: MessageStatus,
    /// Who has it; `null` while it is queued.
    #[schema(required)]
    pub provider: Option<Provider>,
    /// Whether the platform sender stood in for the environment's own.
    pub fallback: bool,
    /// Why it failed.
    #[schema(required)]
    pub error: Option<Failure>,
}

impl MessageSummary {
    /// Of one that waits.
    #[must_use]
    pub fn queued(id: MessageId) -> Self {
        Self {
            id,
            status: MessageStatus::Queued,
            provider: None,
            fallback: false,
            error: None,
        }
    }
}

/// One try to hand a message to a provider, as the timeline shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// Who was asked.
    pub provider: Provider,
    /// When the try began.
    pub started_at: Timestamp,
    /// When its outcome was known.
    pub finished_at: Timestamp,
    /// `accepted`, `unknown`, or the class of the refusal.
    pub outcome: String,
    /// The provider's own code: a Twilio error code or an SMTP reply code.
    pub provider_code: Option<String>,
    /// What the provider said, freed of recipients and secrets.
    pub detail: Option<String>,
    /// The provider's name for the message.
    pub provider_message_id: Option<String>,
}

/// A text message ready to be carried.
#[derive(Clone, PartialEq, Eq)]
pub struct Sms {
    /// Our id of the message.
    pub id: MessageId,
    /// Whom it goes to.
    pub to: PhoneNumber,
    /// The whole text. Holds the code, so `Debug` does not show it.
    pub body: String,
    /// When the code in it dies; no sender may deliver it later.
    pub expires_at: Timestamp,
}

/// An email ready to be carried.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// Our id of the message. The `Message-ID` is made from it, and so stays the same across retries.
    pub id: MessageId,
    /// Whom it goes to.
    pub to: EmailAddress,
    /// The display name of the sender: the sender name of the settings, or the business name.
    pub from_name: String,
    /// The subject, one line without control characters.
    pub subject: String,
    /// The plain text part. Holds the code.
    pub text: String,
    /// The HTML part. Holds the code.
    pub html: String,
    /// The `Date` header: when the message was made.
    pub date: Timestamp,
    /// When the code in it dies; `None` where it carries none.
    pub expires_at: Option<Timestamp>,
}

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms")
            .field("id", &self.id)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email")
            .field("id", &self.id)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}
