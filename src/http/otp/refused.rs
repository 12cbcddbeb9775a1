//! The problem that each refusal is answered with. What stands here stands nowhere else.

use std::time::Duration;

use crate::domain::notification::PER_RECIPIENT_AND_DAY;
use crate::domain::policy::DAY;
use crate::http::problem::{Code, Problem, Reason, Scope};
use crate::service::otp::{LimitName, Refused};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (code, detail) = explanation(&refused);
        let problem = Self::new(code, detail);
        match refused {
            Refused::RecipientBlocked => problem.with(|body| body.reason = Some(Reason::NumberType)),
            Refused::EmailNotConfigured | Refused::NotificationsNotConfigured => {
                problem.retry_after(Duration::from_mins(1))
            }
            Refused::Throttled {
                limit,
                quota,
                window,
                retry_after,
            } => problem.rate_limit(policy(limit), quota, window, retry_after),
            Refused::NotificationsThrottled { retry_after } => {
                problem.rate_limit("notifications", PER_RECIPIENT_AND_DAY, DAY, retry_after)
            }
            Refused::RecipientLocked { retry_after } => problem
                .with(|body| body.scope = Some(Scope::Recipient))
                .retry_after(retry_after),
            Refused::QuotaExhausted {
                limit,
                resets_at,
                retry_after,
            } => problem
                .with(|body| (body.limit, body.resets_at) = (Some(limit), Some(resets_at)))
                .retry_after(retry_after),
            Refused::Locked => problem.with(|body| body.scope = Some(Scope::Verification)),
            Refused::TooSoon { retry_after } => problem.retry_after(retry_after),
            _ => problem,
        }
    }
}

fn policy(limit: LimitName) -> &'static str {
    match limit {
        LimitName::RecipientHour | LimitName::RecipientDay => "recipient",
        LimitName::IpHour => "ip",
    }
}

/// The code, and what to do next.
fn explanation(refused: &Refused) -> (Code, &'static str) {
    match refused {
        Refused::FactorDisabled => (
            Code::FactorDisabled,
            "This factor is switched off for multi-factor authentication; use another one.",
        ),
        Refused::CountryNotAllowed => (
            Code::CountryNotAllowed,
            "Numbers of this country are not allowed here; an administrator can allow the country.",
        ),
        Refused::RecipientBlocked => (
            Code::RecipientBlocked,
            "Numbers of this type receive no codes, whatever the settings; use a mobile number.",
        ),
        Refused::SmsNotConfigured => (
            Code::SmsNotConfigured,
            "No SMS sender is configured; an administrator can enter a Twilio account in the SMS settings.",
        ),
        Refused::EmailNotConfigured => (
            Code::ServiceUnavailable,
            "No email sender is configured; an administrator can enter an SMTP server in the email settings.",
        ),
        Refused::NotificationsNotConfigured => (
            Code::ServiceUnavailable,
            "Notifications go out through the platform's email sender, and there is none; the operator configures it.",
        ),
        Refused::Throttled {
            limit: LimitName::IpHour,
            ..
        } => (
            Code::RateLimited,
            "Too many codes were asked for from this address; wait before sending another.",
        ),
        Refused::Throttled { .. } => (
            Code::RateLimited,
            "Too many codes were sent to this recipient; wait before sending another.",
        ),
        Refused::NotificationsThrottled { .. } => (
            Code::RateLimited,
            "A recipient has had as many notifications as it may in a day; nothing was sent to any of them.",
        ),
        Refused::RecipientLocked { .. } => (
            Code::TooManyAttempts,
            "Too many wrong codes were entered for this recipient; wait until the lock ends.",
        ),
        Refused::QuotaExhausted { .. } => (
            Code::SmsLimitReached,
            "This month's test messages are used up; enter a Twilio account in the SMS settings, or wait for the next month.",
        ),
        Refused::KeyReused => (
            Code::IdempotencyKeyReused,
            "This Idempotency-Key was used for another request; use a new key for each request.",
        ),
        Refused::NotFound => (
            Code::VerificationNotFound,
            "There is no such verification of this application; start with /v1/otp/send.",
        ),
        Refused::ConnectionDisabled => (
            Code::ConnectionDisabled,
            "This connection is switched off for the application; an administrator can switch it on.",
        ),
        Refused::AlreadyVerified => (
            Code::AlreadyVerified,
            "This code has been used; start a new verification.",
        ),
        Refused::Canceled => (
            Code::VerificationCanceled,
            "This verification was canceled; start a new one.",
        ),
        Refused::Locked => (
            Code::TooManyAttempts,
            "Too many wrong codes were entered for this verification; start a new one.",
        ),
        Refused::Expired => (
            Code::ExpiredCode,
            "The code has expired; start a new verification.",
        ),
        Refused::ResendLimitReached => (
            Code::ResendLimitReached,
            "This verification has had all its messages; start a new one.",
        ),
        Refused::TooSoon { .. } => (
            Code::ResendRequestedTooSoon,
            "Wait before sending the code again.",
        ),
    }
}
