//! The endpoints of notifications, a file each.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::Services;

mod create;
mod read;

/// The routes under `/v1/notifications`.
pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new()
        .routes(routes!(create::create))
        .routes(routes!(read::read))
}
