//! `GET /v1/notifications/{id}`.

use std::sync::Arc;

use axum::extract::State;

use crate::domain::id::NotificationId;
use crate::http::auth::Application;
use crate::http::extract::{Json, Segments};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::http::view::Notification;

/// Reads a notification.
///
/// With what is known of each of its messages by now.
#[utoipa::path(get, path = "/v1/notifications/{id}", tag = "notifications",
    operation_id = "read_notification", security(("application_key" = [])),
    params(("id" = NotificationId, Path, description = "`ntf_…`")),
    responses((status = 200, description = "The notification", body = Notification)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Arc<Services>>,
    Application(caller): Application,
    Segments(id): Segments<NotificationId>,
) -> Result<Json<Notification>, Problem> {
    let found = services.notifications.read(&caller, id).await?;
    let notification = found.ok_or_else(Problem::not_found)?;
    Ok(Json(notification.into()))
}
