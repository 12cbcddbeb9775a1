//! `GET /v1/connections`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::environment::Connection;
use crate::domain::id::ConnectionId;
use crate::domain::message::Channel;
use crate::domain::phone::Country;
use crate::domain::verification::Strategy;
use crate::http::auth::Application;
use crate::http::extract::{Json, NoParameters, Query};
use crate::http::page::Page;

/// A connection that is switched on for the application.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Connection)]
pub struct ConnectionView {
    /// What a sign-in page passes to start the flow.
    id: ConnectionId,
    /// How it proves control.
    strategy: Strategy,
    /// Its name for people.
    name: String,
    /// For phones: the country of national numbers that come without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(
        clippy::option_option,
        reason = "absent for emails, null for phones without a default"
    )]
    default_country: Option<Option<Country>>,
}

impl ConnectionView {
    fn of(connection: &Connection, default_country: Option<Country>) -> Self {
        Self {
            id: connection.id,
            strategy: connection.strategy,
            name: connection.name.clone(),
            default_country: (connection.channel() == Channel::Sms).then_some(default_country),
        }
    }
}

/// Lists the connections that are switched on for the application.
///
/// Their ids are what a code is sent over.
#[utoipa::path(get, path = "/v1/connections", tag = "one-time codes",
    responses((status = 200, description = "The connections", body = Page<ConnectionView>)),
    extensions(("x-problems" = json!(["invalid_request"]))))]
pub async fn list_connections(
    Application(caller): Application,
    _: Query<NoParameters>,
) -> Json<Page<ConnectionView>> {
    let country = caller.environment.environment.fields.default_country;
    let on = &caller.application.connections;
    let connections = caller.environment.connections.iter();
    let data = connections
        .filter(|connection| on.contains(&connection.id))
        .map(|connection| ConnectionView::of(connection, country))
        .collect();
    Json(Page {
        data,
        next_cursor: None,
    })
}
