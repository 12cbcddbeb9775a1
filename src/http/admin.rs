//! The endpoints under `/admin/v1`, a file per resource, opened by administrators' keys alone.

use std::sync::Arc;
use std::time::Duration;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Code, Problem};
use super::state::Services;
use crate::service::administration::{ChangeError, Conflict};
use crate::service::directory::EnvironmentSnapshot;

mod application_connections;
mod application_keys;
mod applications;
mod audit;
mod connections;
mod environments;
mod key_view;
mod keys;
mod messages;
mod settings_content;
mod settings_email;
mod settings_mfa;
mod settings_otp;
mod settings_sms;
mod test_messages;
mod usage;

/// The routes under `/admin/v1`.
pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new()
        .routes(routes!(environments::list, environments::create))
        .routes(routes!(
            environments::read,
            environments::update,
            environments::remove
        ))
        .routes(routes!(settings_sms::read, settings_sms::replace))
        .routes(routes!(settings_email::read, settings_email::replace))
        .routes(routes!(settings_mfa::read, settings_mfa::replace))
        .routes(routes!(test_messages::sms))
        .routes(routes!(test_messages::email))
        .routes(routes!(settings_content::read, settings_content::replace))
        .routes(routes!(settings_content::preview))
        .routes(routes!(settings_otp::read, settings_otp::update))
        .routes(routes!(connections::list))
        .routes(routes!(applications::list, applications::create))
        .routes(routes!(
            applications::read,
            applications::update,
            applications::remove
        ))
        .routes(routes!(application_connections::list))
        .routes(routes!(
            application_connections::switch_on,
            application_connections::switch_off
        ))
        .routes(routes!(application_keys::list, application_keys::create))
        .routes(routes!(application_keys::revoke))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
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
        .environment_named(name)?
        .cloned()
        .ok_or_else(Problem::not_found)
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(mistakes) => mistakes.into(),
            ChangeError::NotFound => Self::not_found(),
            ChangeError::OutOfService(error) => error.into(),
            ChangeError::VersionMismatch => super::etag::precondition_failed(),
            ChangeError::Conflict(conflict) => conflict.into(),
            ChangeError::CustomSenderRequired => settings_content::custom_sender_required(),
            ChangeError::Unwritable(error) => Self::internal(error),
            ChangeError::Overtaken => Self::unavailable(error).retry_after(Duration::from_secs(1)),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        let detail = match conflict {
            Conflict::CodeTaken => "Another environment has this code; choose another.".to_owned(),
            Conflict::Last => "The last one stays; make another one first.".to_owned(),
            Conflict::VerificationsPending(pending) => format!(
                "Verifications are pending here ({pending}); wait until they have ended, or remove it with “?force=true”."
            ),
        };
        Self::new(Code::Conflict, detail)
    }
}
