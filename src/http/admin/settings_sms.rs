//! `/admin/v1/environments/{env}/settings/sms`.

use axum::extract::State;

use super::environment;
use crate::http::auth::Administrator;
use crate::http::etag::{IfMatch, Tagged};
use crate::http::extract::{Json, Segments};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::directory::EnvironmentSnapshot;
use crate::service::settings::sms::SmsDocument;
use crate::service::settings::{GivenSecret, SecretHint};

fn view(environment: &EnvironmentSnapshot) -> Tagged<SmsDocument<SecretHint>> {
    Tagged {
        version: environment.sms.version,
        body: SmsDocument::of(&environment.sms.row).hint(),
    }
}

/// Reads the SMS settings.
///
/// Secrets are told as hints. What was read can be sent back as it is, and changes nothing.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/sms", tag = "settings",
    operation_id = "read_sms_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    responses((status = 200, description = "The settings", body = SmsDocument<SecretHint>)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Services>,
    _: Administrator,
    Segments(env): Segments<String>,
) -> Result<Tagged<SmsDocument<SecretHint>>, Problem> {
    Ok(view(&*environment(&services, &env).await?))
}

/// Replaces the SMS settings.
///
/// An absent field takes its default. An absent secret stays, unless its account is another one now; `null` drops it.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/settings/sms", tag = "settings",
    operation_id = "replace_sms_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    request_body(content = SmsDocument<GivenSecret>, example = json!({"provider": "twilio", "twilio": {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "secret", "source": "messaging_service", "messaging_service_sid": "MG0123456789abcdef0123456789abcdef"}, "fallback": true, "allowed_countries": ["au", "nz"]})),
    responses((status = 200, description = "The settings", body = SmsDocument<SecretHint>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn replace(
    State(services): State<Services>,
    Administrator(actor): Administrator,
    Segments(env): Segments<String>,
    if_match: IfMatch,
    Json(document): Json<SmsDocument<GivenSecret>>,
) -> Result<Tagged<SmsDocument<SecretHint>>, Problem> {
    let before = environment(&services, &env).await?;
    let expected = if_match.expect(before.sms.version)?;
    services
        .administration
        .put_sms(&actor, before.id(), &document, expected)
        .await?;
    Ok(view(&*environment(&services, &before.id().to_string()).await?))
}
