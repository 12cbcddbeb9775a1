//! `/admin/v1/environments/{env}/applications/{app}/connections`: what is switched on for an application.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::applications::application;
use super::connections::{EnvironmentConnectionView, page};
use super::environment;
use crate::domain::id::{ApplicationId, ConnectionId};
use crate::http::auth::Administrator;
use crate::http::extract::{Json, NoBody, Query, Segments};
use crate::http::page::{Page, PageQuery};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::service::actor::Actor;

/// Lists the connections that are switched on for an application.
///
/// The application can send and verify over these alone.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications/{app}/connections", tag = "applications",
    operation_id = "list_application_connections", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = ApplicationId, Path, description = "`app_…`"), PageQuery<ConnectionId>),
    responses((status = 200, description = "A page", body = Page<EnvironmentConnectionView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments((env, app)): Segments<(String, ApplicationId)>,
    Query(query): Query<PageQuery<ConnectionId>>,
) -> Result<Json<Page<EnvironmentConnectionView>>, Problem> {
    let held = environment(&services, &env).await?;
    let on = &held
        .application(app)
        .ok_or_else(Problem::not_found)?
        .row
        .connections;
    let connections = held.connections.iter();
    page(
        connections.filter(|connection| on.contains(&connection.id)),
        query,
    )
}

/// Switches a connection on for an application.
///
/// One that is on stays so.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/applications/{app}/connections/{conn}", tag = "applications",
    operation_id = "switch_connection_on", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = ApplicationId, Path, description = "`app_…`"), ("conn" = ConnectionId, Path, description = "`conn_…`")),
    responses((status = 204, description = "It is on")),
    extensions(("x-problems" = json!(["invalid_request", "not_found"]))))]
pub async fn switch_on(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments((env, app, conn)): Segments<(String, ApplicationId, ConnectionId)>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    switch(&services, &actor, (&env, app, conn), true).await
}

/// Switches a connection off for an application.
///
/// Nothing is sent or verified over it any more. One that is off stays so.
#[utoipa::path(delete, path = "/admin/v1/environments/{env}/applications/{app}/connections/{conn}", tag = "applications",
    operation_id = "switch_connection_off", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("app" = ApplicationId, Path, description = "`app_…`"), ("conn" = ConnectionId, Path, description = "`conn_…`")),
    responses((status = 204, description = "It is off")),
    extensions(("x-problems" = json!(["invalid_request", "not_found"]))))]
pub async fn switch_off(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    Segments((env, app, conn)): Segments<(String, ApplicationId, ConnectionId)>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    switch(&services, &actor, (&env, app, conn), false).await
}

async fn switch(
    services: &Services,
    actor: &Actor,
    (env, app, connection): (&str, ApplicationId, ConnectionId),
    on: bool,
) -> Result<StatusCode, Problem> {
    let environment = application(services, env, app).await?.row.environment_id;
    services
        .administration
        .switch_connection(actor, (environment, app), connection, on)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
