//! `POST /v1/otp/resend`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{connection_disabled, not_delivered, patience, verification_id, verification_not_found};
use crate::domain::id::{MessageId, VerificationId};
use crate::domain::verification::VerificationView;
use crate::http::auth::Application;
use crate::http::extract::{IdempotencyKey, Payload, Prefer};
use crate::http::idempotent::{self, Resource, Success};
use crate::http::problem::{Code, Problem};
use crate::http::state::Services;
use crate::service::otp::{Caller, ResendError};

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
    extensions(("x-problems" = json!(["verification_not_found", "connection_disabled", "factor_disabled", "country_not_allowed", "recipient_blocked", "already_verified", "verification_canceled", "expired_code", "too_many_attempts", "resend_requested_too_soon", "resend_limit_reached", "recipient_rejected", "recipient_opted_out", "sms_limit_reached", "delivery_failed", "sms_not_configured", "invalid_idempotency_key", "idempotency_key_reused", "request_in_progress"]))))]
pub async fn resend(
    State(services): State<Services>,
    Application(caller): Application,
    prefer: Prefer,
    key: Option<IdempotencyKey>,
    payload: Payload<VerificationRequest>,
) -> Result<Response, Problem> {
    let request = idempotent::Request {
        application: caller.application.id,
        key: key.as_ref(),
        operation: "otp.resend",
        payload: payload.sha256,
        resource_id: services.otp.new_message_id().0,
    };
    idempotent::answer(&services, request, |resource| {
        carry_out(&services, &caller, payload.value, prefer, resource)
    })
    .await
}

async fn carry_out(
    services: &Services,
    caller: &Caller,
    request: VerificationRequest,
    prefer: Prefer,
    resource: Resource,
) -> Result<Success<VerificationView>, Problem> {
    let id = verification_id(&request.verification_id)?;
    let message_id = match resource {
        Resource::New(id) => MessageId(id),
        Resource::Perhaps(message_id) => {
            let message_id = MessageId(message_id);
            match services.otp.read(caller, id).await? {
                Some(view) if view.message.id == message_id => return Ok(ok(view)),
                _ => message_id,
            }
        }
    };
    services
        .otp
        .resend(caller, id, message_id, patience(services, prefer))
        .await
        .map(ok)
        .map_err(Problem::from)
}

fn ok(view: VerificationView) -> Success<VerificationView> {
    Success {
        status: StatusCode::OK,
        location: None,
        body: view,
    }
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
            ResendError::NotDelivered {
                failure,
                verification_id,
                message_id,
            } => not_delivered(failure, verification_id, message_id),
            ResendError::Store(error) => error.into(),
        }
    }
}
