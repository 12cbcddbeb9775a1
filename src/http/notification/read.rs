//! `GET /v1/notifications/{id}`.

use axum::extract::State;

use crate::domain::id::NotificationId;
use crate::domain::notification::NotificationView;
use crate::http::auth::Application;
use crate::http::extract::{Json, Segments};
use crate::http::problem::Problem;
use crate::http::state::Services;

/// Reads a notification.
#[utoipa::path(get, path = "/v1/notifications/{id}", tag = "notifications",
    operation_id = "read_notification", security(("application_key" = [])),
    params(("id" = String, Path, description = "`ntf_…`")),
    responses((status = 200, description = "The notification", body = NotificationView)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Services>,
    Application(caller): Application,
    Segments(id): Segments<NotificationId>,
) -> Result<Json<NotificationView>, Problem> {
    let found = services.notifications.read(&caller, id).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}
