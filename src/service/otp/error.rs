//! Why an operation on codes did not do what was asked. Each value becomes one problem of the HTTP contract.

use std::time::Duration;

use crate::domain::id::{MessageId, VerificationId};
use crate::domain::message::Failure;
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::verification::LimitName;

/// A send or resend that was refused before anything was made.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The environment has switched this factor off.
    #[error("the factor is off")]
    FactorDisabled,
    /// The environment does not send there.
    #[error("the country is not allowed")]
    CountryNotAllowed,
    /// Nobody signs in with a number of this type, and texts to it are paid for dearly.
    #[error("the number's type is blocked")]
    RecipientBlocked,
    /// Neither the environment nor the platform has a sender of text messages.
    #[error("no SMS sender is configured")]
    SmsNotConfigured,
    /// Neither the environment nor the platform has a sender of emails.
    #[error("no email sender is configured")]
    EmailNotConfigured,
    /// A limit is used up.
    #[error("a limit is used up")]
    Throttled {
        /// Which.
        limit: LimitName,
        /// How many it allows.
        quota: u32,
        /// In which time.
        window: Duration,
        /// When it allows one more.
        retry_after: Duration,
    },
    /// The recipient's wrong guesses are used up.
    #[error("the recipient is locked")]
    RecipientLocked {
        /// Until then.
        retry_after: Duration,
    },
    /// The month's test quota is used up.
    #[error("the test quota is used up")]
    QuotaExhausted {
        /// How many it allows.
        limit: u32,
        /// The first moment of the next month.
        resets_at: Timestamp,
        /// The time until then.
        retry_after: Duration,
    },
}

/// A verification that takes nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Its code came back before.
    #[error("already verified")]
    Verified,
    /// Its caller gave it up.
    #[error("canceled")]
    Canceled,
    /// Its wrong guesses are used up.
    #[error("locked")]
    Locked,
    /// Its code has died.
    #[error("expired")]
    Expired,
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

/// Why a code was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Refused before anything was made.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Made, but refused by every sender.
    #[error(transparent)]
    NotDelivered(#[from] NotDelivered),
    /// Another request has come under this key before.
    #[error("the key was used for another request")]
    KeyReused,
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a code was not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ResendError {
    /// No such verification of this application.
    #[error("not found")]
    NotFound,
    /// Its connection has been switched off.
    #[error("the connection is off")]
    ConnectionDisabled,
    /// It has ended.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// It has had all its messages.
    #[error("no sends are left")]
    LimitReached,
    /// The wait is not over.
    #[error("too soon")]
    TooSoon {
        /// What is left of it.
        retry_after: Duration,
    },
    /// Refused before anything was made.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Made, but refused by every sender.
    #[error(transparent)]
    NotDelivered(#[from] NotDelivered),
    /// Another request has come under this key before.
    #[error("the key was used for another request")]
    KeyReused,
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a guess did not verify.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// No such verification of this application, purpose and connection.
    #[error("not found")]
    NotFound,
    /// Its connection has been switched off.
    #[error("the connection is off")]
    ConnectionDisabled,
    /// It has ended.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// The recipient's wrong guesses are used up.
    #[error("the recipient is locked")]
    RecipientLocked {
        /// Until then.
        retry_after: Duration,
    },
    /// Another number of digits than the code.
    #[error("another length")]
    IncorrectLength,
    /// The wrong code.
    #[error("incorrect")]
    Incorrect {
        /// Wrong guesses still taken.
        guesses_left: u8,
    },
    /// Another request has come under this key before.
    #[error("the key was used for another request")]
    KeyReused,
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a verification was not canceled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// No such verification of this application.
    #[error("not found")]
    NotFound,
    /// Its code came back before.
    #[error("already verified")]
    AlreadyVerified,
    /// Its code has died.
    #[error("expired")]
    Expired,
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}
