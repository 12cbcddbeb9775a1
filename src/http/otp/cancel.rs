//! `POST /v1/otp/cancel`.

use std::sync::Arc;

use axum::extract::State;

use super::resend::VerificationRequest;
use crate::http::auth::Application;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::http::view::Verification;
use crate::service::otp::{Cancel, Refused};

/// Ends a verification.
///
/// Its code no longer verifies. One that was canceled before is answered the same way.
#[utoipa::path(post, path = "/v1/otp/cancel", tag = "one-time codes",
    request_body = VerificationRequest,
    responses((status = 200, description = "Canceled, now or before", body = Verification)),
    extensions(("x-problems" = json!(["verification_not_found", "already_verified", "expired_code"]))))]
pub async fn cancel_verification(
    State(services): State<Arc<Services>>,
    Application(caller): Application,
    Json(request): Json<VerificationRequest>,
) -> Result<Json<Verification>, Problem> {
    let id = request.verification_id.0.ok_or(Refused::NotFound)?;
    let refused = match services.otp.cancel(&caller, id).await? {
        Cancel::Canceled(verification) => {
            return Ok(Json(Verification::of(*verification, services.clock.estimate())));
        }
        Cancel::NotFound => Refused::NotFound,
        Cancel::AlreadyVerified => Refused::AlreadyVerified,
        Cancel::Expired => Refused::Expired,
    };
    Err(refused.into())
}
