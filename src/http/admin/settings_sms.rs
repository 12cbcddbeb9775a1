//! `/admin/v1/environments/{env}/settings/sms`.

use std::sync::Arc;

use axum::extract::State;

use super::environment;
use crate::domain::settings::SmsSettings;
use crate::http::auth::Administrator;
use crate::http::etag::{IfMatch, Tagged};
use crate::http::extract::{Draft, Segments};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::directory::EnvironmentSnapshot;
use crate::service::settings::{GivenSecret, SecretHint, hint};

fn view(environment: &EnvironmentSnapshot) -> Tagged<SmsSettings<SecretHint>> {
    Tagged {
        version: environment.sms.version,
        body: hint(environment.sms.row.clone()),
    }
}

/// Reads the SMS settings.
///
/// Secrets are told as hints. What was read can be sent back as it is, and changes nothing.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/sms", tag = "settings",
    operation_id = "read_sms_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    responses((status = 200, description = "The settings", body = SmsSettings<SecretHint>)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
) -> Result<Tagged<SmsSettings<SecretHint>>, Problem> {
    Ok(view(&*environment(&services, &env).await?))
}

/// Replaces the SMS settings.
///
/// An absent field takes its default. An absent secret stays, unless its account is another one now; `null` drops it.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/settings/sms", tag = "settings",
    operation_id = "replace_sms_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    request_body(content = SmsSettings<GivenSecret>, example = json!({"provider": "twilio", "twilio": {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "secret", "source": "messaging_service", "messaging_service_sid": "MG0123456789abcdef0123456789abcdef"}, "fallback": true, "allowed_countries": ["au", "nz"]})),
    responses((status = 200, description = "The settings", body = SmsSettings<SecretHint>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn replace(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments(env): Segments<String>,
    if_match: IfMatch,
    Draft(given): Draft<SmsSettings<GivenSecret>>,
) -> Result<Tagged<SmsSettings<SecretHint>>, Problem> {
    let before = environment(&services, &env).await?;
    let expected = if_match.expect(before.sms.version)?;
    services
        .administration
        .put_sms(&actor, before.id(), &given, expected)
        .await?;
    Ok(view(&*environment(&services, &before.id().to_string()).await?))
}
