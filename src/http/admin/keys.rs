//! `/admin/v1/keys`, the administrators' own keys, and `…/applications/{app}/keys`: made and revoked, shown whole in the one answer
//! that made them, and by their ends in lists.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::InApplication;
use crate::domain::environment::{KeyFields, KeyRecord};
use crate::domain::id::KeyId;
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::etag::{Created, IfMatch, Tagged};
use crate::http::extract::{Json, NoBody, Subject};
use crate::http::page::{Page, PageQuery, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::actor::Actor;
use crate::service::administration::{KeyOwner, MadeKey};

/// A key is made and revoked, and never changed between.
const VERSION: i64 = 1;

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyView {
    id: KeyId,
    /// Its name for people.
    name: String,
    /// What the key begins with.
    #[schema(example = "otpost_sk_")]
    prefix: String,
    /// What it ends with.
    #[schema(min_length = 4, max_length = 4)]
    last_four: String,
    created_at: Timestamp,
    /// When it was last used, to about a minute; `null` before its first use.
    #[schema(required)]
    last_used_at: Option<Timestamp>,
    /// The key itself, only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<String>,
}

impl KeyView {
    fn of(record: &KeyRecord, last_used_at: Option<Timestamp>) -> Self {
        Self {
            id: record.id,
            name: record.name.as_str().to_owned(),
            prefix: record.prefix.clone(),
            last_four: record.last_four.clone(),
            created_at: record.created_at,
            last_used_at,
            key: None,
        }
    }
}

/// Lists the administrators' keys, oldest first.
///
/// Those that are revoked are not among them. A key itself is never shown again.
#[utoipa::path(get, path = "/admin/v1/keys", tag = "keys",
    params(PageQuery<KeyId>),
    responses((status = 200, description = "A page", body = Page<KeyView>)),
    extensions(("x-problems" = json!(["validation_failed"]))))]
pub async fn list_administrator_keys(
    State(services): State<Arc<Services>>,
    _: Administrator,
    window: Window<KeyId>,
) -> Result<Json<Page<KeyView>>, Problem> {
    list(&services, KeyOwner::Administrators, window).await
}

/// Makes an administrator's key.
///
/// It opens everything under `/admin`, in every environment. It is shown in this answer alone: only its hash is kept.
#[utoipa::path(post, path = "/admin/v1/keys", tag = "keys",
    request_body = KeyFields,
    responses((status = 201, description = "The key", body = KeyView,
        headers(("Location" = String, description = "Where it is revoked"), ("ETag" = String, description = "Its version, for `If-Match`")))),
    extensions(("x-problems" = json!(["validation_failed"]))))]
pub async fn create_administrator_key(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Json(new): Json<KeyFields>,
) -> Result<Created<KeyView>, Problem> {
    let owner = KeyOwner::Administrators;
    create(&services, &actor, owner, &new, "/admin/v1/keys").await
}

/// Revokes an administrator's key.
///
/// Within two seconds it opens nothing on any replica. The last one stays.
#[utoipa::path(delete, path = "/admin/v1/keys/{key}", tag = "keys",
    responses((status = 204, description = "It is revoked")),
    extensions(("x-problems" = json!(["invalid_request", "not_found", "precondition_failed", "conflict"]))))]
pub async fn revoke_administrator_key(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Subject(key): Subject<KeyId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    revoke(&services, &actor, KeyOwner::Administrators, key, if_match).await
}

/// Lists the keys of an application, oldest first.
///
/// Those that are revoked are not among them. A key itself is never shown again.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications/{app}/keys", tag = "keys",
    params(PageQuery<KeyId>),
    responses((status = 200, description = "A page", body = Page<KeyView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list_application_keys(
    State(services): State<Arc<Services>>,
    _: Administrator,
    InApplication(held, application): InApplication,
    window: Window<KeyId>,
) -> Result<Json<Page<KeyView>>, Problem> {
    let owner = KeyOwner::Application(held.id(), application.row.id);
    list(&services, owner, window).await
}

/// Makes a key of an application.
///
/// It is shown in this answer alone: only its hash is kept.
#[utoipa::path(post, path = "/admin/v1/environments/{env}/applications/{app}/keys", tag = "keys",
    request_body = KeyFields,
    responses((status = 201, description = "The key", body = KeyView,
        headers(("Location" = String, description = "Where it is revoked"), ("ETag" = String, description = "Its version, for `If-Match`")))),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn create_application_key(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InApplication(held, application): InApplication,
    Json(new): Json<KeyFields>,
) -> Result<Created<KeyView>, Problem> {
    let (env, app) = (held.id(), application.row.id);
    let owner = KeyOwner::Application(env, app);
    let path = format!("/admin/v1/environments/{env}/applications/{app}/keys");
    create(&services, &actor, owner, &new, &path).await
}

/// Revokes a key of an application.
///
/// Within two seconds it opens nothing on any replica.
#[utoipa::path(delete, path = "/admin/v1/environments/{env}/applications/{app}/keys/{key}", tag = "keys",
    responses((status = 204, description = "It is revoked")),
    extensions(("x-problems" = json!(["invalid_request", "not_found", "precondition_failed"]))))]
pub async fn revoke_application_key(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InApplication(held, application): InApplication,
    Subject(key): Subject<KeyId>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let owner = KeyOwner::Application(held.id(), application.row.id);
    revoke(&services, &actor, owner, key, if_match).await
}

/// What was used through this process is known to the moment.
async fn list(
    services: &Services,
    owner: KeyOwner,
    window: Window<KeyId>,
) -> Result<Json<Page<KeyView>>, Problem> {
    services.last_used.flush(&services.store, &services.clock).await;
    let fetched = window.to_fetch() as usize;
    let listed = services
        .administration
        .list_keys(owner, window.after, fetched)
        .await?;
    let views = listed
        .iter()
        .map(|key| KeyView::of(&key.record, key.last_used_at));
    Ok(Json(Page::of(views, &window, |view| view.id)))
}

/// `path` is where the key is listed.
async fn create(
    services: &Services,
    actor: &Actor,
    owner: KeyOwner,
    new: &KeyFields,
    path: &str,
) -> Result<Created<KeyView>, Problem> {
    let MadeKey { record, key } = services.administration.create_key(actor, owner, new).await?;
    Ok(Created {
        location: format!("{path}/{}", record.id),
        resource: Tagged {
            version: VERSION,
            body: KeyView {
                key: Some(key.expose().to_owned()),
                ..KeyView::of(&record, None)
            },
        },
    })
}

async fn revoke(
    services: &Services,
    actor: &Actor,
    owner: KeyOwner,
    key: KeyId,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    expected.check(VERSION)?;
    services.administration.revoke_key(actor, owner, key).await?;
    Ok(StatusCode::NO_CONTENT)
}
