//! Why nothing was sent. Each value becomes one problem of the HTTP contract.

use std::time::Duration;

use super::LimitName;
use crate::domain::id::{MessageId, VerificationId};
use crate::domain::message::Failure;
use crate::domain::time::Timestamp;
use crate::store::StoreError;

/// A send, a resend or a notification that was refused before anything was made.
#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub enum Refused {
    /// The environment has switched this factor off.
    FactorDisabled,
    /// The environment does not send there.
    CountryNotAllowed,
    /// Nobody signs in with a number of this type, and texts to it are paid for dearly.
    RecipientBlocked,
    /// Neither the environment nor the platform has a sender of text messages.
    SmsNotConfigured,
    /// Neither the environment nor the platform has a sender of emails.
    EmailNotConfigured,
    /// The platform has no sender of emails, and notifications have no other.
    NotificationsNotConfigured,
    /// A limit is used up.
    Throttled {
        /// Which.
        limit: LimitName,
        /// Sends that it allows.
        quota: u32,
        /// In which time.
        window: Duration,
        /// When it allows one more.
        retry_after: Duration,
    },
    /// A recipient has had as many notifications as it may. Nothing was made for any of them.
    NotificationsThrottled {
        /// When all of them may have one more.
        retry_after: Duration,
    },
    /// The recipient's wrong guesses are used up.
    RecipientLocked {
        /// Until then.
        retry_after: Duration,
    },
    /// The month's test quota is used up.
    QuotaExhausted {
        /// Messages that it allows.
        limit: u32,
        /// The first moment of the next month.
        resets_at: Timestamp,
        /// The time until then.
        retry_after: Duration,
    },
    /// Another request has come under this key before.
    KeyReused,
    /// No such verification of this application.
    NotFound,
    /// Its connection has been switched off.
    ConnectionDisabled,
    /// Its code came back before.
    AlreadyVerified,
    /// Its caller gave it up.
    Canceled,
    /// Its wrong guesses are used up.
    Locked,
    /// Its code has died.
    Expired,
    /// It has had all its messages.
    ResendLimitReached,
    /// The wait between two of its messages is not over.
    TooSoon {
        /// What is left of it.
        retry_after: Duration,
    },
}

/// A message that was made, and that every sender refused. Its verification stays pending, and can be resent.
#[derive(Debug, thiserror::Error)]
#[error("not delivered")]
pub struct NotDelivered {
    /// Why.
    pub failure: Failure,
    /// The verification.
    pub verification_id: VerificationId,
    /// The message.
    pub message_id: MessageId,
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Refused before anything was made.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Made, but refused by every sender.
    #[error(transparent)]
    NotDelivered(#[from] NotDelivered),
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}
