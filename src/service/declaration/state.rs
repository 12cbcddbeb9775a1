//! An environment with everything a file may say of it, as it is or as it is to be.

use crate::domain::content::EmailContent;
use crate::domain::environment::{Application, Connection, Environment};
use crate::domain::keyring::KeyRing;
use crate::domain::policy::OtpPolicy;
use crate::domain::settings::{EmailSettings, MfaSettings, SmsSettings};
use crate::service::directory::{Directory, group};
use crate::store::StoreError;
use crate::store::directory::DirectoryRows;

/// The environment with what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) environment: Environment,
    pub(super) contents: Contents,
}

/// Its connections, applications and settings; by default as a new environment has them, but for its connections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Contents {
    pub(super) connections: Vec<Connection>,
    pub(super) applications: Vec<Application>,
    pub(super) sms: SmsSettings,
    pub(super) email: EmailSettings,
    pub(super) content: EmailContent,
    pub(super) mfa: MfaSettings,
    pub(super) otp: OtpPolicy,
}

impl Contents {
    /// Those of an environment that is to be made.
    pub(super) fn of_new(connections: Vec<Connection>) -> Self {
        Self {
            connections,
            ..Self::default()
        }
    }
}

impl State {
    /// All environments of the directory, secrets opened.
    pub(super) fn of_all(rows: DirectoryRows, keys: &KeyRing) -> Result<Vec<Self>, StoreError> {
        let mut connections = group(rows.connections, |connection| connection.environment_id);
        let mut applications = group(rows.applications, |application| application.row.environment_id);
        let mut settings = group(rows.settings, |settings| settings.row.environment_id);
        let environments = rows.environments.into_iter().map(|environment| {
            let environment = environment.row;
            let id = environment.id;
            let documents = Directory::read_settings(keys, id, settings.remove(&id).unwrap_or_default())?;
            let applications = applications.remove(&id).unwrap_or_default();
            let contents = Contents {
                connections: connections.remove(&id).unwrap_or_default(),
                applications: applications.into_iter().map(|held| held.row).collect(),
                sms: documents.sms.row,
                email: documents.email.row,
                content: documents.content.row,
                mfa: documents.mfa.row,
                otp: documents.otp.row,
            };
            Ok(Self {
                environment,
                contents,
            })
        });
        environments.collect()
    }
}
