//! `/admin/v1/environments/{env}/connections`: listed, neither made nor removed; and `…/applications/{app}/connections`: what is
//! switched on for an application.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{InApplication, InEnvironment};
use crate::domain::environment::Connection;
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId};
use crate::domain::verification::Strategy;
use crate::http::auth::Administrator;
use crate::http::extract::{Json, NoBody, Subject};
use crate::http::page::{CURSOR, Page, PageQuery, Window};
use crate::http::problem::{FieldError, Problem};
use crate::http::state::Services;
use crate::service::actor::Actor;

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
    params(PageQuery<ConnectionId>),
    responses((status = 200, description = "A page", body = Page<EnvironmentConnectionView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list_environment_connections(
    _: Administrator,
    InEnvironment(held): InEnvironment,
    window: Window<ConnectionId>,
) -> Result<Json<Page<EnvironmentConnectionView>>, Problem> {
    page(held.connections.iter(), &window)
}

/// Lists the connections that are switched on for an application.
///
/// The application can send and verify over these alone.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/applications/{app}/connections", tag = "applications",
    params(PageQuery<ConnectionId>),
    responses((status = 200, description = "A page", body = Page<EnvironmentConnectionView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list_application_connections(
    _: Administrator,
    InApplication(held, application): InApplication,
    window: Window<ConnectionId>,
) -> Result<Json<Page<EnvironmentConnectionView>>, Problem> {
    let on = &application.row.connections;
    let connections = held.connections.iter();
    page(
        connections.filter(|connection| on.contains(&connection.id)),
        &window,
    )
}

/// A page of a few connections, which are in an order of their own and never go.
fn page<'a>(
    connections: impl Iterator<Item = &'a Connection>,
    window: &Window<ConnectionId>,
) -> Result<Json<Page<EnvironmentConnectionView>>, Problem> {
    let all: Vec<&Connection> = connections.collect();
    let behind = match window.after {
        None => Some(0),
        Some(after) => all
            .iter()
            .position(|connection| connection.id == after)
            .map(|last| last + 1),
    };
    let behind = behind.ok_or_else(|| Problem::validation(vec![FieldError::new("/cursor", CURSOR)]))?;
    let views = all[behind..].iter().map(|connection| EnvironmentConnectionView {
        id: connection.id,
        strategy: connection.strategy,
        name: connection.name.clone(),
    });
    Ok(Json(Page::of(views, window, |view| view.id)))
}

/// Switches a connection on for an application.
///
/// One that is on stays so.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/applications/{app}/connections/{conn}", tag = "applications",
    responses((status = 204, description = "It is on")),
    extensions(("x-problems" = json!(["invalid_request", "not_found"]))))]
pub async fn switch_connection_on(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InApplication(held, application): InApplication,
    Subject(connection): Subject<ConnectionId>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let of = (held.id(), application.row.id);
    switch(&services, &actor, of, connection, true).await
}

/// Switches a connection off for an application.
///
/// Nothing is sent or verified over it any more. One that is off stays so.
#[utoipa::path(delete, path = "/admin/v1/environments/{env}/applications/{app}/connections/{conn}", tag = "applications",
    responses((status = 204, description = "It is off")),
    extensions(("x-problems" = json!(["invalid_request", "not_found"]))))]
pub async fn switch_connection_off(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InApplication(held, application): InApplication,
    Subject(connection): Subject<ConnectionId>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let of = (held.id(), application.row.id);
    switch(&services, &actor, of, connection, false).await
}

async fn switch(
    services: &Services,
    actor: &Actor,
    of: (EnvironmentId, ApplicationId),
    connection: ConnectionId,
    on: bool,
) -> Result<StatusCode, Problem> {
    services
        .administration
        .switch_connection(actor, of, connection, on)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
