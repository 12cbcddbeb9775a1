//! `/admin/v1/environments/{env}/settings/otp`.

use std::sync::Arc;

use axum::extract::State;

use super::environment;
use crate::domain::policy::OtpPolicy;
use crate::http::auth::Administrator;
use crate::http::etag::{IfMatch, Tagged};
use crate::http::extract::{Patch, Segments};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::directory::EnvironmentSnapshot;

/// What changes.
pub type OtpPolicyPatch = Patch<OtpPolicy>;

fn view(environment: &EnvironmentSnapshot) -> Tagged<OtpPolicy> {
    Tagged {
        version: environment.otp.version,
        body: environment.otp.row.clone(),
    }
}

/// Reads the rules of codes.
///
/// How long codes are and live, and how many may be sent and guessed.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/otp", tag = "settings",
    operation_id = "read_otp_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    responses((status = 200, description = "The rules", body = OtpPolicy)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
) -> Result<Tagged<OtpPolicy>, Problem> {
    Ok(view(&*environment(&services, &env).await?))
}

/// Changes the rules of codes.
///
/// A rule that is absent stays as it is. Verifications that are already made keep the rules they were made under.
#[utoipa::path(patch, path = "/admin/v1/environments/{env}/settings/otp", tag = "settings",
    operation_id = "update_otp_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    request_body(content = OtpPolicyPatch, example = json!({"life_seconds": 300, "max_sends": 3})),
    responses((status = 200, description = "The rules", body = OtpPolicy)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn update(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments(env): Segments<String>,
    if_match: IfMatch,
    Patch(patch): OtpPolicyPatch,
) -> Result<Tagged<OtpPolicy>, Problem> {
    let before = environment(&services, &env).await?;
    let expected = if_match.expect(before.otp.version)?;
    services
        .administration
        .patch_otp(&actor, before.id(), &patch, expected)
        .await?;
    Ok(view(&*environment(&services, &before.id().to_string()).await?))
}
