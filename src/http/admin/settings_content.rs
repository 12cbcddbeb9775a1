//! `/admin/v1/environments/{env}/settings/email/content`, and a look at what comes of it.

use std::sync::Arc;

use axum::extract::State;

use super::environment;
use crate::domain::content::EmailContent;
use crate::http::auth::Administrator;
use crate::http::etag::{IfMatch, Tagged};
use crate::http::extract::{Json, Segments};
use crate::http::problem::{Code, Problem};
use crate::http::state::Services;
use crate::service::administration::{Preview, PreviewRequest};
use crate::service::directory::EnvironmentSnapshot;

/// The texts of an environment that has a server of its own.
fn view(environment: &EnvironmentSnapshot) -> Result<Tagged<EmailContent>, Problem> {
    if environment.email.row.custom_sender.is_none() {
        return Err(custom_sender_required());
    }
    Ok(Tagged {
        version: environment.content.version,
        body: environment.content.row.clone(),
    })
}

/// Texts can be edited only where the environment sends through a server of its own.
pub(super) fn custom_sender_required() -> Problem {
    Problem::new(
        Code::CustomSenderRequired,
        "Enter a custom sender in the email settings first; without one emails have the texts that otpost writes.",
    )
}

/// Reads the environment's own texts of emails with codes.
///
/// There are some only where the environment sends through an SMTP server of its own.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/email/content", tag = "settings",
    operation_id = "read_email_content", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    responses((status = 200, description = "The texts", body = EmailContent)),
    extensions(("x-problems" = json!(["not_found", "custom_sender_required"]))))]
pub async fn read(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
) -> Result<Tagged<EmailContent>, Problem> {
    view(&*environment(&services, &env).await?)
}

/// Replaces the environment's own texts of emails with codes.
///
/// What is not among them is sent as otpost writes it, so `{}` removes them all. Needs an SMTP server of the environment's own.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/settings/email/content", tag = "settings",
    operation_id = "replace_email_content", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    request_body = EmailContent,
    responses((status = 200, description = "The texts", body = EmailContent)),
    extensions(("x-problems" = json!(["not_found", "custom_sender_required", "validation_failed", "precondition_failed"]))))]
pub async fn replace(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments(env): Segments<String>,
    if_match: IfMatch,
    Json(content): Json<EmailContent>,
) -> Result<Tagged<EmailContent>, Problem> {
    let before = environment(&services, &env).await?;
    let expected = if_match.expect(before.content.version)?;
    services
        .administration
        .put_content(&actor, before.id(), &content, expected)
        .await?;
    view(&*environment(&services, &before.id().to_string()).await?)
}

/// Shows an email with a code as it would be sent.
///
/// With texts that are not saved, or the saved ones, or those that otpost writes. Nothing is sent.
#[utoipa::path(post, path = "/admin/v1/environments/{env}/settings/email/content/preview", tag = "settings",
    operation_id = "preview_email_content", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    request_body = PreviewRequest,
    responses((status = 200, description = "The email", body = Preview)),
    extensions(("x-problems" = json!(["not_found", "custom_sender_required", "validation_failed"]))))]
pub async fn preview(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
    Json(request): Json<PreviewRequest>,
) -> Result<Json<Preview>, Problem> {
    let environment = environment(&services, &env).await?;
    Ok(services
        .administration
        .preview(&environment, &request)
        .map(Json)?)
}
