//! `/admin/v1/environments/{env}/settings/email`.

use std::sync::Arc;

use axum::extract::State;

use super::environment;
use crate::domain::settings::EmailSettings;
use crate::http::auth::Administrator;
use crate::http::etag::{IfMatch, Tagged};
use crate::http::extract::{Draft, Segments};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::directory::EnvironmentSnapshot;
use crate::service::settings::{GivenSecret, SecretHint, hint};

fn view(environment: &EnvironmentSnapshot) -> Tagged<EmailSettings<SecretHint>> {
    Tagged {
        version: environment.email.version,
        body: hint(environment.email.row.clone()),
    }
}

/// Reads the email settings.
///
/// Secrets are told as hints. What was read can be sent back as it is, and changes nothing.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/email", tag = "settings",
    operation_id = "read_email_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    responses((status = 200, description = "The settings", body = EmailSettings<SecretHint>)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
) -> Result<Tagged<EmailSettings<SecretHint>>, Problem> {
    Ok(view(&*environment(&services, &env).await?))
}

/// Replaces the email settings.
///
/// An absent field takes its default. An absent password stays, unless server, port or user are others now; `null` drops it.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/settings/email", tag = "settings",
    operation_id = "replace_email_settings", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    request_body(content = EmailSettings<GivenSecret>, example = json!({"sender_name": "Acme", "custom_sender": {"email": "auth@acme.example.com", "server": "smtp.acme.example.com", "port": 587, "username": "otpost", "password": "secret", "tls": "starttls"}})),
    responses((status = 200, description = "The settings", body = EmailSettings<SecretHint>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn replace(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments(env): Segments<String>,
    if_match: IfMatch,
    Draft(given): Draft<EmailSettings<GivenSecret>>,
) -> Result<Tagged<EmailSettings<SecretHint>>, Problem> {
    let before = environment(&services, &env).await?;
    let expected = if_match.expect(before.email.version)?;
    services
        .administration
        .put_email(&actor, before.id(), &given, expected)
        .await?;
    Ok(view(&*environment(&services, &before.id().to_string()).await?))
}
