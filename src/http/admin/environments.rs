//! `/admin/v1/environments`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::environment;
use crate::domain::id::EnvironmentId;
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::etag::{IfMatch, Tagged};
use crate::http::extract::{Json, Query, Segments};
use crate::http::page::{Page, PageQuery};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::administration::EnvironmentPatch;
use crate::service::directory::EnvironmentSnapshot;

/// An environment.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Environment)]
pub struct EnvironmentView {
    id: EnvironmentId,
    /// Its short name in paths.
    code: String,
    name: String,
    /// The business, as emails name it.
    business_name: String,
    /// The business's address; its host stands in text messages.
    business_url: String,
    /// ISO 3166 alpha-2 in lower case.
    default_country: Option<String>,
    /// BCP 47.
    default_locale: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl EnvironmentView {
    fn of(snapshot: &EnvironmentSnapshot) -> Self {
        let environment = &snapshot.environment;
        Self {
            id: environment.id,
            code: environment.code.clone(),
            name: environment.name.clone(),
            business_name: environment.business_name.as_str().to_owned(),
            business_url: environment.business_url.as_str().to_owned(),
            default_country: environment
                .default_country
                .map(|country| country.as_str().to_owned()),
            default_locale: environment.default_locale.as_str().to_owned(),
            created_at: environment.created_at,
            updated_at: environment.updated_at,
        }
    }
}

/// Lists environments, oldest first.
#[utoipa::path(get, path = "/admin/v1/environments", tag = "environments",
    operation_id = "list_environments", security(("administrator_key" = [])),
    params(PageQuery),
    responses((status = 200, description = "A page", body = Page<EnvironmentView>)),
    extensions(("x-problems" = json!(["validation_failed"]))))]
pub async fn list(
    State(services): State<Services>,
    _: Administrator,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<EnvironmentView>>, Problem> {
    services.directory.refresh().await?;
    let snapshot = services.directory.current();
    Page::of(
        snapshot.environments(),
        &query,
        |held| held.id(),
        |held| EnvironmentView::of(held),
    )
    .map(Json)
}

/// Reads an environment.
#[utoipa::path(get, path = "/admin/v1/environments/{env}", tag = "environments",
    operation_id = "read_environment", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "Its id or code")),
    responses((status = 200, description = "The environment", body = EnvironmentView)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn read(
    State(services): State<Services>,
    _: Administrator,
    Segments(env): Segments<String>,
) -> Result<Tagged<EnvironmentView>, Problem> {
    let environment = environment(&services, &env).await?;
    Ok(Tagged {
        version: environment.version,
        body: EnvironmentView::of(&environment),
    })
}

/// Changes an environment's own fields: an absent one stays, `null` clears the default country.
#[utoipa::path(patch, path = "/admin/v1/environments/{env}", tag = "environments",
    operation_id = "update_environment", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "Its id or code")),
    request_body = EnvironmentPatch,
    responses((status = 200, description = "The environment", body = EnvironmentView)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed", "conflict"]))))]
pub async fn update(
    State(services): State<Services>,
    Administrator(actor): Administrator,
    Segments(env): Segments<String>,
    if_match: IfMatch,
    Json(patch): Json<EnvironmentPatch>,
) -> Result<Tagged<EnvironmentView>, Problem> {
    let before = environment(&services, &env).await?;
    let expected = if_match.expect(before.version)?;
    services
        .administration
        .update_environment(&actor, before.id(), &patch, expected)
        .await?;
    let after = environment(&services, &before.id().to_string()).await?;
    Ok(Tagged {
        version: after.version,
        body: EnvironmentView::of(&after),
    })
}
