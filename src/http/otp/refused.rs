//! The problem that each refusal is answered with. What stands here stands nowhere else.

use std::time::Duration;

use crate::domain::notification::PER_RECIPIENT_AND_DAY;
use crate::domain::policy::DAY;
use crate::http::problem::{Code, Problem, Reason, Scope};
use crate::service::otp::{LimitName, Refused};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let problem = Self::new(code(&refused), refused.to_string());
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

fn code(refused: &Refused) -> Code {
    match refused {
        Refused::FactorDisabled => Code::FactorDisabled,
        Refused::CountryNotAllowed => Code::CountryNotAllowed,
        Refused::RecipientBlocked => Code::RecipientBlocked,
        Refused::SmsNotConfigured => Code::SmsNotConfigured,
        Refused::EmailNotConfigured | Refused::NotificationsNotConfigured => Code::ServiceUnavailable,
        Refused::Throttled { .. } | Refused::NotificationsThrottled { .. } => Code::RateLimited,
        Refused::RecipientLocked { .. } | Refused::Locked => Code::TooManyAttempts,
        Refused::QuotaExhausted { .. } => Code::SmsLimitReached,
        Refused::KeyReused => Code::IdempotencyKeyReused,
        Refused::NotFound => Code::VerificationNotFound,
        Refused::ConnectionDisabled => Code::ConnectionDisabled,
        Refused::AlreadyVerified => Code::AlreadyVerified,
        Refused::Canceled => Code::VerificationCanceled,
        Refused::Expired => Code::ExpiredCode,
        Refused::ResendLimitReached => Code::ResendLimitReached,
        Refused::TooSoon { .. } => Code::ResendRequestedTooSoon,
    }
}
