//! `POST /v1/otp/cancel`.

use axum::extract::State;

use super::resend::VerificationRequest;
use super::{verification_id, verification_not_found};
use crate::domain::verification::VerificationView;
use crate::http::auth::Application;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::otp::{CancelError, Ended};

/// Ends a verification; its code no longer verifies.
#[utoipa::path(post, path = "/v1/otp/cancel", tag = "one-time codes",
    operation_id = "cancel_verification", security(("application_key" = [])),
    request_body = VerificationRequest,
    responses((status = 200, description = "Canceled, now or before", body = VerificationView)),
    extensions(("x-problems" = json!(["verification_not_found", "already_verified", "expired_code"]))))]
pub async fn cancel(
    State(services): State<Services>,
    Application(caller): Application,
    Json(request): Json<VerificationRequest>,
) -> Result<Json<VerificationView>, Problem> {
    let id = verification_id(&request.verification_id)?;
    Ok(Json(services.otp.cancel(&caller, id).await?))
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => verification_not_found(),
            CancelError::AlreadyVerified => Ended::Verified.into(),
            CancelError::Expired => Ended::Expired.into(),
            CancelError::Store(error) => error.into(),
        }
    }
}
