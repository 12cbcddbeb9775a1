//! `/admin/v1/environments/{env}/settings/sms/test` and `…/settings/email/test`: a message by settings that are saved or not,
//! answered with what the provider said.

use std::sync::Arc;

use std::time::Duration;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::InEnvironment;
use crate::domain::message::{Channel, Provider};
use crate::http::auth::Administrator;
use crate::http::extract::{Draft, Json};
use crate::http::problem::{Code, Problem};
use crate::http::state::Services;
use crate::service::otp::Refused;
use crate::service::test_message::{
    Diagnosis, EmailTestRequest, PER_MINUTE, SmsTestRequest, TestError, Tested,
};

/// What came of a test of SMS settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmsTest {
    /// Whether the provider took the message over.
    accepted: bool,
    /// Who was asked.
    provider: Provider,
    /// The provider's name for the message.
    #[schema(required)]
    provider_message_id: Option<String>,
    #[schema(required)]
    error: Option<Diagnosis>,
}

/// What came of a test of email settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmailTest {
    /// Whether the server took the message over.
    accepted: bool,
    /// What the server replied last, freed of recipients and secrets; `null` where there was no reply.
    #[schema(required)]
    smtp_reply: Option<String>,
    #[schema(required)]
    error: Option<Diagnosis>,
}

/// Sends a test message by SMS.
///
/// By settings that are not saved yet, or by the saved ones, at most ten a minute. What the provider said is answered, whatever
/// it was, with a hint on what to do about it.
#[utoipa::path(post, path = "/admin/v1/environments/{env}/settings/sms/test", tag = "settings",
    request_body = SmsTestRequest,
    responses((status = 200, description = "What the provider said", body = SmsTest)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "country_not_allowed", "recipient_blocked", "sms_limit_reached", "rate_limited", "sms_not_configured"]))))]
pub async fn test_sms_settings(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(held): InEnvironment,
    Draft(request): Draft<SmsTestRequest>,
) -> Result<Json<SmsTest>, Problem> {
    let tested = services.test_messages.sms(&actor, &held, request).await?;
    Ok(Json(SmsTest::of(&tested)))
}

/// Sends a test message by email.
///
/// By settings that are not saved yet, or by the saved ones, at most ten a minute. What the server said is answered, whatever
/// it was, with a hint on what to do about it.
#[utoipa::path(post, path = "/admin/v1/environments/{env}/settings/email/test", tag = "settings",
    request_body = EmailTestRequest,
    responses((status = 200, description = "What the server said", body = EmailTest)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "rate_limited"]))))]
pub async fn test_email_settings(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(held): InEnvironment,
    Draft(request): Draft<EmailTestRequest>,
) -> Result<Json<EmailTest>, Problem> {
    let tested = services.test_messages.email(&actor, &held, request).await?;
    Ok(Json(EmailTest::of(&tested)))
}

impl SmsTest {
    fn of(tested: &Tested) -> Self {
        let receipt = tested.outcome.as_ref().ok();
        Self {
            accepted: receipt.is_some(),
            provider: tested.provider,
            provider_message_id: receipt.and_then(|receipt| receipt.provider_message_id.clone()),
            error: tested.diagnosis(Channel::Sms),
        }
    }
}

impl EmailTest {
    fn of(tested: &Tested) -> Self {
        Self {
            accepted: tested.outcome.is_ok(),
            smtp_reply: tested.smtp_reply(),
            error: tested.diagnosis(Channel::Email),
        }
    }
}

impl From<TestError> for Problem {
    fn from(error: TestError) -> Self {
        match error {
            TestError::Invalid(mistakes) => mistakes.into(),
            TestError::Refused(Refused::CountryNotAllowed) => Self::new(
                Code::CountryNotAllowed,
                "The settings do not allow the country of this number; allow it, or test with another number.",
            ),
            TestError::TooMany { retry_after } => Self::new(
                Code::RateLimited,
                "This environment has sent too many test messages; wait before sending another.",
            )
            .rate_limit("test_messages", PER_MINUTE, Duration::from_mins(1), retry_after),
            TestError::Refused(refused) => refused.into(),
            TestError::Unwritable(error) => Self::internal(error),
            TestError::Store(error) => error.into(),
        }
    }
}
