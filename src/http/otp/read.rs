//! `GET /v1/otp/{id}`.

use axum::extract::State;

use super::verification_not_found;
use crate::domain::id::VerificationId;
use crate::domain::verification::VerificationView;
use crate::http::auth::Application;
use crate::http::extract::{Json, Segments};
use crate::http::problem::Problem;
use crate::http::state::Services;

/// Reads a verification.
#[utoipa::path(get, path = "/v1/otp/{id}", tag = "one-time codes",
    operation_id = "read_verification", security(("application_key" = [])),
    params(("id" = String, Path, description = "`ver_…`")),
    responses((status = 200, description = "The verification", body = VerificationView)),
    extensions(("x-problems" = json!(["verification_not_found"]))))]
pub async fn read(
    State(services): State<Services>,
    Application(caller): Application,
    Segments(id): Segments<String>,
) -> Result<Json<VerificationView>, Problem> {
    let id = VerificationId::parse(&id).ok_or_else(verification_not_found)?;
    services
        .otp
        .read(&caller, id)
        .await?
        .map(Json)
        .ok_or_else(verification_not_found)
}
