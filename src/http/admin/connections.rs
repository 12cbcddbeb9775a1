//! `/admin/v1/environments/{env}/connections`: listed, neither made nor removed.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::environment;
use crate::document::Draft;
use crate::domain::environment::Connection;
use crate::domain::id::ConnectionId;
use crate::domain::verification::Strategy;
use crate::http::auth::Administrator;
use crate::http::extract::{Json, Query, Segments};
use crate::http::page::{Page, PageQuery, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;

/// A connection of the environment.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = EnvironmentConnection)]
pub struct EnvironmentConnectionView {
    /// Assigned once, never changed.
    id: ConnectionId,
    /// How it proves control.
    strategy: Strategy,
    /// Its name for people.
    name: String,
}

/// Lists the connections of an environment.
///
/// They are made with it, one for each strategy, and neither added nor removed.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/connections", tag = "environments",
    operation_id = "list_environment_connections", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), PageQuery<ConnectionId>),
    responses((status = 200, description = "A page", body = Page<EnvironmentConnectionView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
    Query(query): Query<PageQuery<ConnectionId>>,
) -> Result<Json<Page<EnvironmentConnectionView>>, Problem> {
    let environment = environment(&services, &env).await?;
    page(environment.connections.iter(), query)
}

/// The page of `connections` that `query` asks for.
pub(super) fn page<'a>(
    connections: impl Iterator<Item = &'a Connection>,
    query: Draft<PageQuery<ConnectionId>>,
) -> Result<Json<Page<EnvironmentConnectionView>>, Problem> {
    let all: Vec<&Connection> = connections.collect();
    let view = |connection: &&Connection| EnvironmentConnectionView {
        id: connection.id,
        strategy: connection.strategy,
        name: connection.name.clone(),
    };
    let window = Window::of(query)?;
    Page::of_few(&all, &window, |connection| connection.id, view).map(Json)
}
