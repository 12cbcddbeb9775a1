//! Why nothing was sent. Each value becomes one problem of the HTTP contract.

use std::time::Duration;

use super::LimitName;
use crate::domain::id::{MessageId, VerificationId};
use crate::domain::message::Failure;
use crate::domain::policy::{DAY, HOUR};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::verification::{SendLimits, SendRefusal};

/// A send, a resend or a notification that was refused before anything was made, or a guess that was not compared. Each tells the
/// caller what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The environment has switched this factor off.
    #[error("This factor is switched off for multi-factor authentication; use another one.")]
    FactorDisabled,
    /// The environment does not send there.
    #[error("Numbers of this country are not allowed here; an administrator can allow the country.")]
    CountryNotAllowed,
    /// Nobody signs in with a number of this type, and texts to it are paid for dearly.
    #[error("Numbers of this type receive no codes, whatever the settings; use a mobile number.")]
    RecipientBlocked,
    /// Neither the environment nor the platform has a sender of text messages.
    #[error("No SMS sender is configured; an administrator can enter a Twilio account in the SMS settings.")]
    SmsNotConfigured,
    /// Neither the environment nor the platform has a sender of emails.
    #[error(
        "No email sender is configured; an administrator can enter an SMTP server in the email settings."
    )]
    EmailNotConfigured,
    /// The platform has no sender of emails, and notifications have no other.
    #[error(
        "Notifications go out through the platform's email sender, and there is none; the operator configures it."
    )]
    NotificationsNotConfigured,
    /// A limit is used up.
    #[error("{}", throttled(*limit))]
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
    #[error("A recipient has had as many notifications as it may in a day; nothing was sent to any of them.")]
    NotificationsThrottled {
        /// When all of them may have one more.
        retry_after: Duration,
    },
    /// The recipient's wrong guesses are used up.
    #[error("Too many wrong codes were entered for this recipient; wait until the lock ends.")]
    RecipientLocked {
        /// Until then.
        retry_after: Duration,
    },
    /// The month's test quota is used up.
    #[error(
        "This month's test messages are used up; enter a Twilio account in the SMS settings, or wait for the next month."
    )]
    QuotaExhausted {
        /// Messages that it allows.
        limit: u32,
        /// The first moment of the next month.
        resets_at: Timestamp,
        /// The time until then.
        retry_after: Duration,
    },
    /// Another request has come under this key before.
    #[error("This Idempotency-Key was used for another request; use a new key for each request.")]
    KeyReused,
    /// No such verification of this application.
    #[error("There is no such verification of this application; start with /v1/otp/send.")]
    NotFound,
    /// Its connection has been switched off.
    #[error("This connection is switched off for the application; an administrator can switch it on.")]
    ConnectionDisabled,
    /// Its code came back before.
    #[error("This code has been used; start a new verification.")]
    AlreadyVerified,
    /// Its caller gave it up.
    #[error("This verification was canceled; start a new one.")]
    Canceled,
    /// Its wrong guesses are used up.
    #[error("Too many wrong codes were entered for this verification; start a new one.")]
    Locked,
    /// Its code has died.
    #[error("The code has expired; start a new verification.")]
    Expired,
    /// It has had all its messages.
    #[error("This verification has had all its messages; start a new one.")]
    ResendLimitReached,
    /// The wait between two of its messages is not over.
    #[error("Wait before sending the code again.")]
    TooSoon {
        /// What is left of it.
        retry_after: Duration,
    },
}

impl Refused {
    /// A send that the store refused at `now`; `limits` and `test_quota` are what it was counted against.
    #[must_use]
    pub fn of(refusal: SendRefusal, limits: &SendLimits, test_quota: u32, now: Timestamp) -> Self {
        match refusal {
            SendRefusal::RecipientLocked { until } => Self::RecipientLocked {
                retry_after: now.until(until),
            },
            SendRefusal::Throttled { limit, resets_at } => {
                let (quota, window) = match limit {
                    LimitName::RecipientHour => (limits.per_hour, HOUR),
                    LimitName::RecipientDay => (limits.per_day, DAY),
                    LimitName::IpHour => (limits.ip_per_hour, HOUR),
                };
                Self::Throttled {
                    limit,
                    quota,
                    window,
                    retry_after: now.until(resets_at),
                }
            }
            SendRefusal::QuotaExhausted => Self::QuotaExhausted {
                limit: test_quota,
                resets_at: now.next_month_start(),
                retry_after: now.until(now.next_month_start()),
            },
        }
    }
}

fn throttled(limit: LimitName) -> &'static str {
    match limit {
        LimitName::RecipientHour | LimitName::RecipientDay => {
            "Too many codes were sent to this recipient; wait before sending another."
        }
        LimitName::IpHour => "Too many codes were asked for from this address; wait before sending another.",
    }
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
