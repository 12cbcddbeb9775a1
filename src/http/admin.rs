//! The endpoints under `/admin/v1`, a file per resource, opened by administrators' keys alone.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Code, Problem};
use super::state::Services;
use crate::service::administration::ChangeError;
use crate::service::directory::EnvironmentSnapshot;

mod applications;
mod audit;
mod connections;
mod environments;
mod messages;
mod settings_email;
mod settings_otp;
mod settings_sms;
mod usage;

/// The routes under `/admin/v1`.
pub fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .routes(routes!(environments::list))
        .routes(routes!(environments::read, environments::update))
        .routes(routes!(settings_sms::read, settings_sms::replace))
        .routes(routes!(settings_email::read, settings_email::replace))
        .routes(routes!(settings_otp::read, settings_otp::update))
        .routes(routes!(connections::list))
        .routes(routes!(applications::list))
        .routes(routes!(applications::read, applications::update))
        .routes(routes!(usage::read))
        .routes(routes!(messages::list))
        .routes(routes!(messages::read))
        .routes(routes!(messages::search))
        .routes(routes!(audit::list))
        .routes(routes!(audit::list_all))
}

/// The environment that a path names by id or code, with what any process has changed of it by now: who changes something
/// through one replica reads it, and changes it again, through another.
async fn environment(services: &Services, name: &str) -> Result<Arc<EnvironmentSnapshot>, Problem> {
    services.directory.refresh().await?;
    services
        .directory
        .current()
        .environment_named(name)
        .cloned()
        .ok_or_else(Problem::not_found)
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(errors) => Self::validation(errors),
            ChangeError::NotFound => Self::not_found(),
            ChangeError::VersionMismatch => super::etag::precondition_failed(),
            ChangeError::Conflict => Self::new(
                Code::Conflict,
                "Another environment has this code; choose another.",
            ),
            ChangeError::Store(error) => error.into(),
        }
    }
}
