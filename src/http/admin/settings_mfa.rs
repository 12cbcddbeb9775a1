//! `/admin/v1/environments/{env}/settings/mfa`.

use std::sync::Arc;

use axum::extract::State;

use super::environment;
use crate::domain::settings::MfaSettings;
use crate::http::auth::Administrator;
use crate::http::etag::{IfMatch, Tagged};
use crate::http::extract::{Json, Segments};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::directory::EnvironmentSnapshot;

fn view(environment: &EnvironmentSnapshot) -> Tagged<MfaSettings> {
    Tagged {
        version: environment.mfa.version,
        body: environment.mfa.row,
    }
}

/// Reads which factors may be a second one.
///
/// Codes with the purpose `mfa` are sent over these alone.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/mfa", tag = "settings",
    operation_id = "read_mfa_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    responses((status = 200, description = "The factors", body = MfaSettings)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
) -> Result<Tagged<MfaSettings>, Problem> {
    Ok(view(&*environment(&services, &env).await?))
}

/// Replaces which factors may be a second one.
///
/// Codes with the purpose `mfa` are sent over these alone. A factor that is left out is on.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/settings/mfa", tag = "settings",
    operation_id = "replace_mfa_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    request_body = MfaSettings,
    responses((status = 200, description = "The factors", body = MfaSettings)),
    extensions(("x-problems" = json!(["not_found", "precondition_failed"]))))]
pub async fn replace(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments(env): Segments<String>,
    if_match: IfMatch,
    Json(settings): Json<MfaSettings>,
) -> Result<Tagged<MfaSettings>, Problem> {
    let before = environment(&services, &env).await?;
    let expected = if_match.expect(before.mfa.version)?;
    services
        .administration
        .put_mfa(&actor, before.id(), settings, expected)
        .await?;
    Ok(view(&*environment(&services, &before.id().to_string()).await?))
}
