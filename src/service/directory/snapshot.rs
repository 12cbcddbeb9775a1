//! The directory as of one moment, as requests look at it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::content::{EmailContent, EmailTexts};
use crate::domain::environment::{Application, Connection, Environment};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use crate::domain::locale::Locale;
use crate::domain::policy::OtpPolicy;
use crate::domain::settings::{EmailSettings, MfaSettings, SmsSettings};
use crate::domain::verification::Purpose;
use crate::provider::{EmailTransport, SmsTransport};
use crate::store::directory::Versioned;

/// One environment with all that a request needs of it.
pub struct EnvironmentSnapshot {
    /// The environment's own fields.
    pub environment: Environment,
    /// Their version.
    pub version: i64,
    /// Its connections.
    pub connections: Vec<Connection>,
    /// Its applications, in the order of their ids, which is that of their making.
    pub applications: Vec<Versioned<Application>>,
    /// How its text messages travel.
    pub sms: Versioned<SmsSettings>,
    /// How its emails travel.
    pub email: Versioned<EmailSettings>,
    /// What stands in its emails with codes in place of our texts.
    pub content: Versioned<EmailContent>,
    /// Which factors `mfa` may use.
    pub mfa: Versioned<MfaSettings>,
    /// The rules of its codes.
    pub otp: Versioned<OtpPolicy>,
    /// Its own Twilio account's client.
    pub own_sms: Option<SmsTransport>,
    /// Its own SMTP server's client.
    pub own_email: Option<EmailTransport>,
}

impl EnvironmentSnapshot {
    /// The environment's id.
    #[must_use]
    pub fn id(&self) -> EnvironmentId {
        self.environment.id
    }

    /// A connection of the environment.
    #[must_use]
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    /// An application of the environment, with its version.
    #[must_use]
    pub fn application(&self, id: ApplicationId) -> Option<&Versioned<Application>> {
        let place = self
            .applications
            .binary_search_by_key(&id, |application| application.row.id);
        self.applications.get(place.ok()?)
    }

    /// What an administrator wrote for an email with a code. Only what goes through the environment's own server has it.
    #[must_use]
    pub fn texts(&self, locale: Locale, purpose: Purpose) -> Option<&EmailTexts> {
        self.email.row.custom_sender.as_ref()?;
        self.content.row.texts(locale, purpose)
    }
}

/// Whom a key belongs to.
#[derive(Clone)]
pub enum KeyHolder {
    /// A frontend.
    Application {
        /// The key.
        key_id: KeyId,
        /// The application.
        application: Arc<Application>,
        /// Its environment.
        environment: Arc<EnvironmentSnapshot>,
    },
    /// An administrator of the whole installation.
    Administrator {
        /// The key.
        key_id: KeyId,
    },
    /// A frontend of an environment that is out of service.
    OutOfService {
        /// The key.
        key_id: KeyId,
    },
}

impl KeyHolder {
    /// The key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        match self {
            Self::Application { key_id, .. }
            | Self::Administrator { key_id }
            | Self::OutOfService { key_id } => *key_id,
        }
    }
}

/// An environment's settings cannot be read by this process: they were sealed under keys that it does not have, or written by
/// another release. It is answered for nowhere here, and nothing of it is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the environment is out of service in this process, which cannot read its settings")]
pub struct OutOfService;

/// The directory as of one revision.
#[derive(Default)]
pub struct Snapshot {
    pub(super) revision: i64,
    pub(super) environments: Vec<Arc<EnvironmentSnapshot>>,
    pub(super) out_of_service: Vec<Environment>,
    pub(super) keys: HashMap<[u8; 32], KeyHolder>,
}

impl Snapshot {
    /// All environments that are in service, in the order of their ids, so the oldest first.
    #[must_use]
    pub fn environments(&self) -> &[Arc<EnvironmentSnapshot>] {
        &self.environments
    }

    /// All environments, as [`Self::environments`].
    pub fn all_environments(&self) -> Result<&[Arc<EnvironmentSnapshot>], OutOfService> {
        let all = self.out_of_service.is_empty();
        all.then_some(&*self.environments).ok_or(OutOfService)
    }

    /// Whether the environment with this id is out of service.
    #[must_use]
    pub fn is_out_of_service(&self, id: EnvironmentId) -> bool {
        self.out_of_service.iter().any(|environment| environment.id == id)
    }

    /// The environment with this id.
    #[must_use]
    pub fn environment(&self, id: EnvironmentId) -> Option<&Arc<EnvironmentSnapshot>> {
        let place = self
            .environments
            .binary_search_by_key(&id, |environment| environment.id());
        self.environments.get(place.ok()?)
    }

    /// The environment with this id or code, as a path names it.
    pub fn environment_named(&self, name: &str) -> Result<Option<&Arc<EnvironmentSnapshot>>, OutOfService> {
        let id = EnvironmentId::parse(name);
        let is_meant = |environment: &Environment| match id {
            Some(id) => environment.id == id,
            None => environment.code == name,
        };
        if self.out_of_service.iter().any(is_meant) {
            return Err(OutOfService);
        }
        Ok(match id {
            Some(id) => self.environment(id),
            None => self.environments.iter().find(|held| is_meant(&held.environment)),
        })
    }

    /// Whose key has this SHA-256. Comparing hashes tells an attacker nothing about keys, so a map will do.
    #[must_use]
    pub fn holder(&self, hash: &[u8; 32]) -> Option<&KeyHolder> {
        self.keys.get(hash)
    }
}
