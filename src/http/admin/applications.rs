//! `/admin/v1/environments/{env}/applications`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::environment;
use crate::domain::environment::Application;
use crate::domain::id::ApplicationId;
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::etag::{IfMatch, Tagged};
use crate::http::extract::{Json, Query, Segments};
use crate::http::page::{Page, PageQuery};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::administration::ApplicationPatch;
use crate::store::directory::Versioned;

/// An application.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Application)]
pub struct ApplicationView {
    id: ApplicationId,
    /// Its name for people.
    name: String,
    /// The domain that browsers may fill a code into by themselves.
    autofill_domain: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl ApplicationView {
    fn of(application: &Application) -> Self {
        Self {
            id: application.id,
            name: application.name.clone(),
            autofill_domain: application
                .autofill_domain
                .as_ref()
                .map(|domain| domain.as_str().to_owned()),
            created_at: application.created_at,
            updated_at: application.updated_at,
        }
    }
}

/// Lists the applications of an environment, oldest first.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications", tag = "applications",
    operation_id = "list_applications", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), PageQuery),
    responses((status = 200, description = "A page", body = Page<ApplicationView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list(
    State(services): State<Services>,
    _: Administrator,
    Segments(env): Segments<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApplicationView>>, Problem> {
    let environment = environment(&services, &env).await?;
    let all = &environment.applications;
    Page::of(
        all,
        &query,
        |held| held.row.id,
        |held| ApplicationView::of(&held.row),
    )
    .map(Json)
}

/// Reads an application.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications/{app}", tag = "applications",
    operation_id = "read_application", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = String, Path, description = "`app_…`")),
    responses((status = 200, description = "The application", body = ApplicationView)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Services>,
    _: Administrator,
    Segments((env, app)): Segments<(String, ApplicationId)>,
) -> Result<Tagged<ApplicationView>, Problem> {
    let found = application(&services, &env, app).await?;
    Ok(Tagged {
        version: found.version,
        body: ApplicationView::of(&found.row),
    })
}

/// Changes an application's own fields: an absent one stays, `null` clears the autofill domain.
#[utoipa::path(patch, path = "/admin/v1/environments/{env}/applications/{app}", tag = "applications",
    operation_id = "update_application", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = String, Path, description = "`app_…`")),
    request_body = ApplicationPatch,
    responses((status = 200, description = "The application", body = ApplicationView)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn update(
    State(services): State<Services>,
    Administrator(actor): Administrator,
    Segments((env, app)): Segments<(String, ApplicationId)>,
    if_match: IfMatch,
    Json(patch): Json<ApplicationPatch>,
) -> Result<Tagged<ApplicationView>, Problem> {
    let before = application(&services, &env, app).await?;
    let expected = if_match.expect(before.version)?;
    services
        .administration
        .update_application(&actor, (before.row.environment_id, app), &patch, expected)
        .await?;
    let after = application(&services, &env, app).await?;
    Ok(Tagged {
        version: after.version,
        body: ApplicationView::of(&after.row),
    })
}

async fn application(
    services: &Services,
    env: &str,
    id: ApplicationId,
) -> Result<Versioned<Application>, Problem> {
    environment(services, env)
        .await?
        .application(id)
        .cloned()
        .ok_or_else(Problem::not_found)
}
