//! `/admin/v1/environments/{env}/applications/{app}/keys`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::applications::application;
use super::key_view::{self, KeyView};
use crate::domain::environment::KeyFields;
use crate::domain::id::{ApplicationId, KeyId};
use crate::http::auth::Administrator;
use crate::http::etag::{Created, IfMatch};
use crate::http::extract::{Json, NoBody, Query, Segments};
use crate::http::page::{Page, PageQuery};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::administration::KeyOwner;

/// Lists the keys of an application, oldest first.
///
/// Those that are revoked are not among them. A key itself is never shown again.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications/{app}/keys", tag = "keys",
    operation_id = "list_application_keys", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = ApplicationId, Path, description = "`app_…`"), PageQuery<KeyId>),
    responses((status = 200, description = "A page", body = Page<KeyView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments((env, app)): Segments<(String, ApplicationId)>,
    Query(query): Query<PageQuery<KeyId>>,
) -> Result<Json<Page<KeyView>>, Problem> {
    let owner = owner(&services, &env, app).await?;
    key_view::page(&services, owner, query).await
}

/// Makes a key of an application.
///
/// It is shown in this answer alone: only its hash is kept.
#[utoipa::path(post, path = "/admin/v1/environments/{env}/applications/{app}/keys", tag = "keys",
    operation_id = "create_application_key", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = ApplicationId, Path, description = "`app_…`")),
    request_body = KeyFields,
    responses((status = 201, description = "The key", body = KeyView,
        headers(("Location" = String, description = "Where it is revoked"), ("ETag" = String, description = "Its version, for `If-Match`")))),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn create(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments((env, app)): Segments<(String, ApplicationId)>,
    Json(new): Json<KeyFields>,
) -> Result<Created<KeyView>, Problem> {
    let environment = application(&services, &env, app).await?.row.environment_id;
    let owner = KeyOwner::Application(environment, app);
    let made = services.administration.create_key(&actor, owner, &new).await?;
    let list = format!("/admin/v1/environments/{environment}/applications/{app}/keys");
    Ok(key_view::made(&made, &list))
}

/// Revokes a key of an application.
///
/// Within two seconds it opens nothing on any replica.
#[utoipa::path(delete, path = "/admin/v1/environments/{env}/applications/{app}/keys/{key}", tag = "keys",
    operation_id = "revoke_application_key", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = ApplicationId, Path, description = "`app_…`"), ("key" = KeyId, Path, description = "`key_…`")),
    responses((status = 204, description = "It is revoked")),
    extensions(("x-problems" = json!(["invalid_request", "not_found", "precondition_failed"]))))]
pub async fn revoke(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments((env, app, key)): Segments<(String, ApplicationId, KeyId)>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let owner = owner(&services, &env, app).await?;
    if_match.expect(key_view::VERSION)?;
    services.administration.revoke_key(&actor, owner, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn owner(services: &Services, env: &str, app: ApplicationId) -> Result<KeyOwner, Problem> {
    let environment = application(services, env, app).await?.row.environment_id;
    Ok(KeyOwner::Application(environment, app))
}
