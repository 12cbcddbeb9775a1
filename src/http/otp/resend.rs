//! `POST /v1/otp/resend`.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{keyed_request, max_wait};
use crate::domain::id::VerificationId;
use crate::domain::idempotency::Operation;
use crate::http::auth::Application;
use crate::http::extract::{IdempotencyKey, Json, Named, Payload, Prefer};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::http::view::Verification;
use crate::service::otp::Refused;

/// Which verification.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"verification_id": "ver_0191c6f2a1b37c0e9d1b5d2c8f3e4a5b"}))]
pub struct VerificationRequest {
    /// The verification, as `send` answered it.
    #[schema(value_type = VerificationId)]
    pub(super) verification_id: Named<VerificationId>,
}

/// Sends the same code again.
///
/// To the same recipient, once the wait since the last message is over and as long as there are sends left. Waits for the
/// provider as sending does.
#[utoipa::path(post, path = "/v1/otp/resend", tag = "one-time codes",
    request_body = VerificationRequest,
    params(Prefer, IdempotencyKey),
    responses((status = 200, description = "The code is on its way again", body = Verification)),
    extensions(("x-problems" = json!(["verification_not_found", "connection_disabled", "factor_disabled", "country_not_allowed", "recipient_blocked", "already_verified", "verification_canceled", "expired_code", "too_many_attempts", "resend_requested_too_soon", "resend_limit_reached", "recipient_rejected", "recipient_opted_out", "sms_limit_reached", "delivery_failed", "sms_not_configured", "invalid_idempotency_key", "idempotency_key_reused"]))))]
pub async fn resend_code(
    State(services): State<Arc<Services>>,
    Application(caller): Application,
    prefer: Prefer,
    key: Option<IdempotencyKey>,
    payload: Payload<VerificationRequest>,
) -> Result<Json<Verification>, Problem> {
    let request = keyed_request(&services, &caller, Operation::Resend, key, &payload);
    let id = payload
        .value
        .finish()?
        .verification_id
        .0
        .ok_or(Refused::NotFound)?;
    let max_wait = max_wait(&services, prefer);
    let verification = services.otp.resend(&caller, id, request, max_wait).await?;
    Ok(Json(Verification::of(verification, services.clock.estimate())))
}
