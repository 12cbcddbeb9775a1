//! The endpoints under `/admin/v1`, a file per resource, opened by administrators' keys alone.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::segment;
use super::problem::{Code, Problem};
use super::state::Services;
use crate::domain::environment::Application;
use crate::domain::id::{ApplicationId, EnvironmentId};
use crate::service::administration::{ChangeError, Conflict};
use crate::service::directory::{EnvironmentSnapshot, Versioned};

mod applications;
mod audit;
mod connections;
mod environments;
mod keys;
mod messages;
mod settings;
mod test_messages;
mod usage;

/// The routes under `/admin/v1`.
pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new()
        .routes(routes!(
            environments::list_environments,
            environments::create_environment
        ))
        .routes(routes!(
            environments::read_environment,
            environments::update_environment,
            environments::delete_environment
        ))
        .routes(routes!(
            settings::read_sms_settings,
            settings::replace_sms_settings
        ))
        .routes(routes!(
            settings::read_email_settings,
            settings::replace_email_settings
        ))
        .routes(routes!(
            settings::read_mfa_settings,
            settings::replace_mfa_settings
        ))
        .routes(routes!(test_messages::test_sms_settings))
        .routes(routes!(test_messages::test_email_settings))
        .routes(routes!(
            settings::read_email_content,
            settings::replace_email_content
        ))
        .routes(routes!(settings::preview_email_content))
        .routes(routes!(
            settings::read_otp_settings,
            settings::update_otp_settings
        ))
        .routes(routes!(connections::list_environment_connections))
        .routes(routes!(
            applications::list_applications,
            applications::create_application
        ))
        .routes(routes!(
            applications::read_application,
            applications::update_application,
            applications::delete_application
        ))
        .routes(routes!(connections::list_application_connections))
        .routes(routes!(
            connections::switch_connection_on,
            connections::switch_connection_off
        ))
        .routes(routes!(keys::list_application_keys, keys::create_application_key))
        .routes(routes!(keys::revoke_application_key))
        .routes(routes!(
            keys::list_administrator_keys,
            keys::create_administrator_key
        ))
        .routes(routes!(keys::revoke_administrator_key))
        .routes(routes!(usage::read_sms_usage))
        .routes(routes!(messages::list_messages))
        .routes(routes!(messages::read_message))
        .routes(routes!(messages::search_messages))
        .routes(routes!(audit::list_audit_entries))
        .routes(routes!(audit::list_all_audit_entries))
}

/// The environment that the path names by id or code, with what any process has changed of it by now: who changes something
/// through one replica reads it, and changes it again, through another.
struct InEnvironment(Arc<EnvironmentSnapshot>);

/// The application that the path names, in its environment.
struct InApplication(Arc<EnvironmentSnapshot>, Versioned<Arc<Application>>);

impl FromRequestParts<Arc<Services>> for InEnvironment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, Problem> {
        let env: String = segment(parts, "env").await?;
        services.directory.refresh().await?;
        let held = services.directory.current();
        let environment = held.environment_named(&env)?.cloned();
        environment.map(Self).ok_or_else(Problem::not_found)
    }
}

impl FromRequestParts<Arc<Services>> for InApplication {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, Problem> {
        let app = segment(parts, "app").await?;
        let InEnvironment(held) = InEnvironment::from_request_parts(parts, services).await?;
        let application = application(&held, app)?;
        Ok(Self(held, application))
    }
}

/// The environment as it is here, such as after a change that was made here.
fn environment(services: &Services, id: EnvironmentId) -> Result<Arc<EnvironmentSnapshot>, Problem> {
    let held = services.directory.current();
    held.environment(id)?.cloned().ok_or_else(Problem::not_found)
}

fn application(
    held: &EnvironmentSnapshot,
    id: ApplicationId,
) -> Result<Versioned<Arc<Application>>, Problem> {
    held.application(id).cloned().ok_or_else(Problem::not_found)
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(mistakes) => mistakes.into(),
            ChangeError::NotFound => Self::not_found(),
            ChangeError::OutOfService(error) => error.into(),
            ChangeError::VersionMismatch => Self::new(
                Code::PreconditionFailed,
                "It has changed since it was read; read it again, then change it.",
            ),
            ChangeError::Conflict(conflict) => conflict.into(),
            ChangeError::CustomSenderRequired => settings::custom_sender_required(),
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
