//! `/admin/v1/environments`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{InEnvironment, environment};
use crate::domain::business::{BusinessName, BusinessUrl};
use crate::domain::environment::EnvironmentFields;
use crate::domain::id::EnvironmentId;
use crate::domain::locale::LanguageTag;
use crate::domain::phone::Country;
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::etag::{Created, IfMatch, Tagged};
use crate::http::extract::{Json, NoBody, Patch, Query};
use crate::http::page::{Page, PageQuery, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::directory::EnvironmentSnapshot;

/// What changes.
pub type EnvironmentPatch = Patch<EnvironmentFields>;

/// An environment.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Environment)]
pub struct EnvironmentView {
    id: EnvironmentId,
    /// Its short name in paths.
    #[schema(example = "staging")]
    code: String,
    /// Its name for people.
    name: String,
    business_name: BusinessName,
    business_url: BusinessUrl,
    /// The country of national numbers that come without one.
    default_country: Option<Country>,
    /// The language of messages whose request names none.
    default_locale: LanguageTag,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl EnvironmentView {
    fn of(snapshot: &EnvironmentSnapshot) -> Self {
        let environment = &snapshot.environment;
        let fields = &environment.fields;
        Self {
            id: environment.id,
            code: fields.code.as_str().to_owned(),
            name: fields.name.as_str().to_owned(),
            business_name: fields.business_name.clone(),
            business_url: fields.business_url.clone(),
            default_country: fields.default_country,
            default_locale: fields.default_locale.clone(),
            created_at: environment.created_at,
            updated_at: environment.updated_at,
        }
    }
}

/// Lists environments, oldest first.
///
/// Those that this release cannot read are missing from it, and everything in them answers `503`.
#[utoipa::path(get, path = "/admin/v1/environments", tag = "environments",
    params(PageQuery<EnvironmentId>),
    responses((status = 200, description = "A page", body = Page<EnvironmentView>)),
    extensions(("x-problems" = json!(["validation_failed"]))))]
pub async fn list_environments(
    State(services): State<Arc<Services>>,
    _: Administrator,
    window: Window<EnvironmentId>,
) -> Result<Json<Page<EnvironmentView>>, Problem> {
    services.directory.refresh().await?;
    let snapshot = services.directory.current();
    let behind = snapshot.all_environments(window.after)?;
    let views = behind.map(|held| EnvironmentView::of(held));
    Ok(Json(Page::of(views, &window, |view| view.id)))
}

/// Makes an environment.
///
/// It has a connection for phone numbers and one for email addresses, the platform's senders, and no applications. Its `code`
/// must be free.
#[utoipa::path(post, path = "/admin/v1/environments", tag = "environments",
    request_body = EnvironmentFields,
    responses((status = 201, description = "The environment", body = EnvironmentView,
        headers(("Location" = String, description = "The environment: `/admin/v1/environments/env_…`"), ("ETag" = String, description = "Its version, for `If-Match`")))),
    extensions(("x-problems" = json!(["validation_failed", "conflict"]))))]
pub async fn create_environment(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Json(new): Json<EnvironmentFields>,
) -> Result<Created<EnvironmentView>, Problem> {
    let id = services.administration.create_environment(&actor, &new).await?;
    Ok(Created {
        location: format!("/admin/v1/environments/{id}"),
        resource: tagged(&*environment(&services, id)?),
    })
}

/// Reads an environment.
///
/// By its id or its `code`. The `ETag` is the version that a change may be made conditional on.
#[utoipa::path(get, path = "/admin/v1/environments/{env}", tag = "environments",
    responses((status = 200, description = "The environment", body = EnvironmentView)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn read_environment(
    _: Administrator,
    InEnvironment(held): InEnvironment,
) -> Tagged<EnvironmentView> {
    tagged(&held)
}

/// Changes an environment's own fields.
///
/// A field that is absent stays as it is, and `null` clears the default country.
#[utoipa::path(patch, path = "/admin/v1/environments/{env}", tag = "environments",
    request_body(content = EnvironmentPatch, example = json!({"business_name": "Acme", "business_url": "https://acme.example.com", "default_country": "au"})),
    responses((status = 200, description = "The environment", body = EnvironmentView)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed", "conflict"]))))]
pub async fn update_environment(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(before): InEnvironment,
    IfMatch(expected): IfMatch,
    Patch(patch): EnvironmentPatch,
) -> Result<Tagged<EnvironmentView>, Problem> {
    let id = before.id();
    services
        .administration
        .update_environment(&actor, id, &patch, &expected)
        .await?;
    Ok(tagged(&*environment(&services, id)?))
}

fn tagged(held: &EnvironmentSnapshot) -> Tagged<EnvironmentView> {
    Tagged {
        version: held.version,
        body: EnvironmentView::of(held),
    }
}

/// How an environment is removed.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct RemoveQuery {
    /// Removes it although verifications are pending in it.
    #[param(required = false)]
    pub force: bool,
}

/// Removes an environment and all that belongs to it.
///
/// Its applications, keys, settings, messages and verifications go with it; the audit log keeps its entries. The last
/// environment stays, and one in which verifications are pending goes only with `force=true`.
#[utoipa::path(delete, path = "/admin/v1/environments/{env}", tag = "environments",
    params(RemoveQuery),
    responses((status = 204, description = "It is gone")),
    extensions(("x-problems" = json!(["invalid_request", "not_found", "precondition_failed", "conflict"]))))]
pub async fn delete_environment(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(held): InEnvironment,
    Query(RemoveQuery { force }): Query<RemoveQuery>,
    IfMatch(expected): IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    services
        .administration
        .delete_environment(&actor, held.id(), &expected, force)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
