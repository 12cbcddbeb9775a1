//! `GET /v1/otp/{id}`.

use std::sync::Arc;

use axum::extract::State;

use crate::domain::id::VerificationId;
use crate::http::auth::Application;
use crate::http::extract::{Json, Named, Subject};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::http::view::Verification;
use crate::service::otp::Refused;

/// Reads a verification.
///
/// With its status and what is known of its newest message by now. The code is in no answer.
#[utoipa::path(get, path = "/v1/otp/{id}", tag = "one-time codes",
    params(("id" = VerificationId, Path, description = "`ver_…`")),
    responses((status = 200, description = "The verification", body = Verification)),
    extensions(("x-problems" = json!(["verification_not_found"]))))]
pub async fn read_verification(
    State(services): State<Arc<Services>>,
    Application(caller): Application,
    Subject(Named(id)): Subject<Named<VerificationId>>,
) -> Result<Json<Verification>, Problem> {
    let id = id.ok_or(Refused::NotFound)?;
    let found = services.otp.read(&caller, id).await?;
    let verification = found.ok_or(Refused::NotFound)?;
    Ok(Json(Verification::of(verification, services.clock.estimate())))
}
