//! `/admin/v1/keys`: the administrators' own keys.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::key_view::{self, KeyView};
use crate::domain::environment::KeyFields;
use crate::domain::id::KeyId;
use crate::http::auth::Administrator;
use crate::http::etag::{Created, IfMatch};
use crate::http::extract::{Json, NoBody, Query, Segments};
use crate::http::page::{Page, PageQuery};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::administration::KeyOwner;

/// Lists the administrators' keys, oldest first.
///
/// Those that are revoked are not among them. A key itself is never shown again.
#[utoipa::path(get, path = "/admin/v1/keys", tag = "keys",
    operation_id = "list_administrator_keys", security(("administrator_key" = [])),
    params(PageQuery<KeyId>),
    responses((status = 200, description = "A page", body = Page<KeyView>)),
    extensions(("x-problems" = json!(["validation_failed"]))))]
pub async fn list(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Query(query): Query<PageQuery<KeyId>>,
) -> Result<Json<Page<KeyView>>, Problem> {
    key_view::page(&services, KeyOwner::Administrators, query).await
}

/// Makes an administrator's key.
///
/// It opens everything under `/admin`, in every environment. It is shown in this answer alone: only its hash is kept.
#[utoipa::path(post, path = "/admin/v1/keys", tag = "keys",
    operation_id = "create_administrator_key", security(("administrator_key" = [])),
    request_body = KeyFields,
    responses((status = 201, description = "The key", body = KeyView,
        headers(("Location" = String, description = "Where it is revoked"), ("ETag" = String, description = "Its version, for `If-Match`")))),
    extensions(("x-problems" = json!(["validation_failed"]))))]
pub async fn create(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Json(new): Json<KeyFields>,
) -> Result<Created<KeyView>, Problem> {
    let owner = KeyOwner::Administrators;
    let made = services.administration.create_key(&actor, owner, &new).await?;
    Ok(key_view::made(&made, "/admin/v1/keys"))
}

/// Revokes an administrator's key.
///
/// Within two seconds it opens nothing on any replica. The last one stays.
#[utoipa::path(delete, path = "/admin/v1/keys/{key}", tag = "keys",
    operation_id = "revoke_administrator_key", security(("administrator_key" = [])),
    params(("key" = KeyId, Path, description = "`key_…`")),
    responses((status = 204, description = "It is revoked")),
    extensions(("x-problems" = json!(["invalid_request", "not_found", "precondition_failed", "conflict"]))))]
pub async fn revoke(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments(key): Segments<KeyId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    if_match.expect(key_view::VERSION)?;
    services
        .administration
        .revoke_key(&actor, KeyOwner::Administrators, key)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
