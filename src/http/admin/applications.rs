//! `/admin/v1/environments/{env}/applications`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::environment;
use crate::domain::business::AutofillDomain;
use crate::domain::environment::{Application, ApplicationFields};
use crate::domain::id::ApplicationId;
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::etag::{Created, IfMatch, Tagged};
use crate::http::extract::{Json, NoBody, Patch, Query, Segments};
use crate::http::page::{Page, PageQuery, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::directory::{Versioned, behind};

/// What changes.
pub type ApplicationPatch = Patch<ApplicationFields>;

/// An application.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Application)]
pub struct ApplicationView {
    id: ApplicationId,
    /// Its name for people.
    name: String,
    /// The domain that browsers may fill a code into by themselves.
    autofill_domain: Option<AutofillDomain>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ApplicationView {
    fn of(application: &Application) -> Self {
        Self {
            id: application.id,
            name: application.fields.name.as_str().to_owned(),
            autofill_domain: application.fields.autofill_domain.clone(),
            created_at: application.created_at,
            updated_at: application.updated_at,
        }
    }
}

/// Lists the applications of an environment, oldest first.
///
/// An application is what calls the service: a website, an app, a backend.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications", tag = "applications",
    operation_id = "list_applications", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), PageQuery<ApplicationId>),
    responses((status = 200, description = "A page", body = Page<ApplicationView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
    Query(query): Query<PageQuery<ApplicationId>>,
) -> Result<Json<Page<ApplicationView>>, Problem> {
    let environment = environment(&services, &env).await?;
    let window = Window::of(query)?;
    let behind = behind(&environment.applications, window.after).map(|(_, held)| &held.row);
    let view = |application: &Arc<Application>| ApplicationView::of(application);
    Ok(Json(Page::of(
        behind,
        &window,
        |application| application.id,
        view,
    )))
}

/// Makes an application.
///
/// Every connection is off for it, and it has no keys yet.
#[utoipa::path(post, path = "/admin/v1/environments/{env}/applications", tag = "applications",
    operation_id = "create_application", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    request_body = ApplicationFields,
    responses((status = 201, description = "The application", body = ApplicationView,
        headers(("Location" = String, description = "The application"), ("ETag" = String, description = "Its version, for `If-Match`")))),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn create(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments(env): Segments<String>,
    Json(new): Json<ApplicationFields>,
) -> Result<Created<ApplicationView>, Problem> {
    let held = environment(&services, &env).await?.id();
    let id = services
        .administration
        .create_application(&actor, held, &new)
        .await?;
    let made = application(&services, &held.to_string(), id).await?;
    Ok(Created {
        location: format!("/admin/v1/environments/{held}/applications/{id}"),
        resource: tagged(&made),
    })
}

/// Reads an application.
///
/// The `ETag` is the version that a change may be made conditional on.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications/{app}", tag = "applications",
    operation_id = "read_application", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = ApplicationId, Path, description = "`app_…`")),
    responses((status = 200, description = "The application", body = ApplicationView)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments((env, app)): Segments<(String, ApplicationId)>,
) -> Result<Tagged<ApplicationView>, Problem> {
    Ok(tagged(&application(&services, &env, app).await?))
}

/// Changes an application's own fields.
///
/// A field that is absent stays as it is, and `null` clears the autofill domain.
#[utoipa::path(patch, path = "/admin/v1/environments/{env}/applications/{app}", tag = "applications",
    operation_id = "update_application", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = ApplicationId, Path, description = "`app_…`")),
    request_body(content = ApplicationPatch, example = json!({"autofill_domain": "acme.example.com"})),
    responses((status = 200, description = "The application", body = ApplicationView)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn update(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments((env, app)): Segments<(String, ApplicationId)>,
    if_match: IfMatch,
    Patch(patch): ApplicationPatch,
) -> Result<Tagged<ApplicationView>, Problem> {
    let before = application(&services, &env, app).await?;
    let expected = if_match.expect(before.version)?;
    services
        .administration
        .update_application(&actor, (before.row.environment_id, app), &patch, expected)
        .await?;
    Ok(tagged(&application(&services, &env, app).await?))
}

/// Removes an application.
///
/// Its keys open nothing any more, its pending verifications are canceled, and its messages stay listed.
#[utoipa::path(delete, path = "/admin/v1/environments/{env}/applications/{app}", tag = "applications",
    operation_id = "delete_application", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = ApplicationId, Path, description = "`app_…`")),
    responses((status = 204, description = "It is gone")),
    extensions(("x-problems" = json!(["invalid_request", "not_found", "precondition_failed"]))))]
pub async fn remove(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments((env, app)): Segments<(String, ApplicationId)>,
    if_match: IfMatch,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let held = application(&services, &env, app).await?;
    let expected = if_match.expect(held.version)?;
    services
        .administration
        .delete_application(&actor, (held.row.environment_id, app), expected)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tagged(application: &Versioned<Arc<Application>>) -> Tagged<ApplicationView> {
    Tagged {
        version: application.version,
        body: ApplicationView::of(&application.row),
    }
}

/// An application of the environment that a path names.
pub(super) async fn application(
    services: &Services,
    env: &str,
    id: ApplicationId,
) -> Result<Versioned<Arc<Application>>, Problem> {
    environment(services, env)
        .await?
        .application(id)
        .cloned()
        .ok_or_else(Problem::not_found)
}
