//! `POST /v1/otp/resend`.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{connection_disabled, idempotency_key_reused, max_wait, verification_id, verification_not_found};
use crate::domain::id::VerificationId;
use crate::domain::idempotency::Operation;
use crate::domain::verification::VerificationView;
use crate::http::auth::Application;
use crate::http::extract::{IdempotencyKey, Json, Payload, Prefer};
use crate::http::problem::{Code, Problem};
use crate::http::state::Services;
use crate::service::otp::ResendError;

/// Which verification.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"verification_id": "ver_0191c6f2a1b37c0e9d1b5d2c8f3e4a5b"}))]
pub struct VerificationRequest {
    /// The verification, as `send` answered it.
    #[schema(value_type = VerificationId)]
    pub(super) verification_id: String,
}

/// Sends the same code again.
#[utoipa::path(post, path = "/v1/otp/resend", tag = "one-time codes",
    operation_id = "resend_code", security(("application_key" = [])),
    request_body = VerificationRequest,
    params(Prefer, IdempotencyKey),
    responses((status = 200, description = "The code is on its way again", body = VerificationView)),
    extensions(("x-problems" = json!(["verification_not_found", "connection_disabled", "factor_disabled", "country_not_allowed", "recipient_blocked", "already_verified", "verification_canceled", "expired_code", "too_many_attempts", "resend_requested_too_soon", "resend_limit_reached", "recipient_rejected", "recipient_opted_out", "sms_limit_reached", "delivery_failed", "sms_not_configured", "invalid_idempotency_key", "idempotency_key_reused"]))))]
pub async fn resend(
    State(services): State<Services>,
    Application(caller): Application,
    prefer: Prefer,
    key: Option<IdempotencyKey>,
    payload: Payload<VerificationRequest>,
) -> Result<Json<VerificationView>, Problem> {
    let request = key.map(|key| {
        let (key, body) = (key.as_str(), &payload.bytes);
        services.otp.keyed_request(&caller, Operation::Resend, key, body)
    });
    let id = verification_id(&payload.value.verification_id)?;
    let max_wait = max_wait(&services, prefer);
    let view = services.otp.resend(&caller, id, request, max_wait).await?;
    Ok(Json(view))
}

impl From<ResendError> for Problem {
    fn from(error: ResendError) -> Self {
        match error {
            ResendError::NotFound => verification_not_found(),
            ResendError::ConnectionDisabled => connection_disabled(),
            ResendError::Ended(ended) => ended.into(),
            ResendError::LimitReached => Self::new(
                Code::ResendLimitReached,
                "This verification has had all its messages; start a new one.",
            ),
            ResendError::TooSoon { retry_after } => Self::new(
                Code::ResendRequestedTooSoon,
                "Wait before sending the code again.",
            )
            .retry_after(retry_after),
            ResendError::Refused(refused) => refused.into(),
            ResendError::NotDelivered(refused) => refused.into(),
            ResendError::KeyReused => idempotency_key_reused(),
            ResendError::Store(error) => error.into(),
        }
    }
}
