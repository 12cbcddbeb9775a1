//! The endpoints of one-time codes, a file each, and what their problems have in common.

use std::time::Duration;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Prefer;
use super::problem::{Code, Problem};
use super::state::Services;
use crate::domain::id::VerificationId;
use crate::domain::message::FailureCode;
use crate::service::otp::{Ended, NotDelivered, Refused};
use crate::store::StoreError;
use crate::store::verification::LimitName;

mod cancel;
mod connections;
mod read;
mod resend;
mod send;
mod verify;

/// The routes under `/v1` that an application's key opens.
pub fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .routes(routes!(send::send))
        .routes(routes!(verify::verify))
        .routes(routes!(resend::resend))
        .routes(routes!(cancel::cancel))
        .routes(routes!(read::read))
        .routes(routes!(connections::list))
}

/// How long an answer waits for the provider: as configured, or less if the caller prefers.
pub(super) fn max_wait(services: &Services, prefer: Prefer) -> Duration {
    if prefer.respond_async {
        return Duration::ZERO;
    }
    prefer.wait.map_or(services.wait, |wait| wait.min(services.wait))
}

fn verification_id(text: &str) -> Result<VerificationId, Problem> {
    VerificationId::parse(text).ok_or_else(verification_not_found)
}

fn verification_not_found() -> Problem {
    Problem::new(
        Code::VerificationNotFound,
        "There is no such verification of this application; start with /v1/otp/send.",
    )
}

fn connection_not_found() -> Problem {
    Problem::new(
        Code::ConnectionNotFound,
        "There is no such connection in this environment; /v1/connections lists those that can be used.",
    )
}

fn connection_disabled() -> Problem {
    Problem::new(
        Code::ConnectionDisabled,
        "This connection is switched off for the application; an administrator can switch it on.",
    )
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Clock(_)
            | StoreError::Unavailable(_)
            | StoreError::Keys(_)
            | StoreError::Corrupt { .. } => Self::unavailable(error).retry_after(Duration::from_secs(1)),
            StoreError::Statement(_) => Self::internal(error),
        }
    }
}

impl From<Ended> for Problem {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Verified => Self::new(
                Code::AlreadyVerified,
                "This code has been used; start a new verification.",
            ),
            Ended::Canceled => Self::new(
                Code::VerificationCanceled,
                "This verification was canceled; start a new one.",
            ),
            Ended::Expired => Self::new(
                Code::ExpiredCode,
                "The code has expired; start a new verification.",
            ),
            Ended::Locked => Self::new(
                Code::TooManyAttempts,
                "Too many wrong codes were entered for this verification; start a new one.",
            )
            .with("scope", "verification"),
        }
    }
}

/// The recipient's wrong guesses are used up, for a send and a guess alike.
fn recipient_locked(retry_after: Duration) -> Problem {
    Problem::new(
        Code::TooManyAttempts,
        "Too many wrong codes were entered for this recipient; wait until the lock ends.",
    )
    .with("scope", "recipient")
    .retry_after(retry_after)
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::FactorDisabled => Self::new(
                Code::FactorDisabled,
                "This factor is switched off for multi-factor authentication; use another one.",
            ),
            Refused::CountryNotAllowed => Self::new(
                Code::CountryNotAllowed,
                "Numbers of this country are not allowed here; an administrator can allow the country.",
            ),
            Refused::RecipientBlocked => Self::new(
                Code::RecipientBlocked,
                "Numbers of this type receive no codes, whatever the settings; use a mobile number.",
            )
            .with("reason", "number_type"),
            Refused::SmsNotConfigured => Self::new(
                Code::SmsNotConfigured,
                "No SMS sender is configured; an administrator can enter a Twilio account in the SMS settings.",
            ),
            Refused::EmailNotConfigured => Self::new(
                Code::ServiceUnavailable,
                "No email sender is configured; an administrator can enter an SMTP server in the email settings.",
            )
            .retry_after(Duration::from_mins(1)),
            Refused::Throttled { limit, quota, window, retry_after } => {
                let (policy, detail) = match limit {
                    LimitName::RecipientHour | LimitName::RecipientDay => {
                        ("recipient", "Too many codes were sent to this recipient; wait before sending another.")
                    }
                    LimitName::IpHour => {
                        ("ip", "Too many codes were asked for from this address; wait before sending another.")
                    }
                };
                Self::new(Code::RateLimited, detail).rate_limit(policy, quota, window, retry_after)
            }
            Refused::RecipientLocked { retry_after } => recipient_locked(retry_after),
            Refused::QuotaExhausted { limit, resets_at, retry_after } => Self::new(
                Code::SmsLimitReached,
                "This month's test messages are used up; enter a Twilio account in the SMS settings, or wait for the next month.",
            )
            .with("limit", limit)
            .with("resets_at", resets_at.to_string())
            .retry_after(retry_after),
        }
    }
}

/// For whatever takes an `Idempotency-Key`.
pub(super) fn idempotency_key_reused() -> Problem {
    Problem::new(
        Code::IdempotencyKeyReused,
        "This Idempotency-Key was used for another request; use a new key for each request.",
    )
}

impl From<NotDelivered> for Problem {
    fn from(refused: NotDelivered) -> Self {
        let code = match refused.failure.code {
            FailureCode::RecipientRejected => Code::RecipientRejected,
            FailureCode::RecipientOptedOut => Code::RecipientOptedOut,
            FailureCode::DeliveryFailed => Code::DeliveryFailed,
        };
        Self::new(code, refused.failure.detail)
            .with("verification_id", refused.verification_id.to_string())
            .with("message_id", refused.message_id.to_string())
    }
}
