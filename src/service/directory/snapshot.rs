//! The directory as of one moment, as requests look at it. A snapshot shares with the one before it whatever has not changed.

use std::collections::BTreeMap;
use std::ops::{Bound, Deref};
use std::sync::Arc;

use rpds::{HashTrieMapSync, RedBlackTreeMapSync};

use crate::domain::content::{EmailContent, EmailTexts};
use crate::domain::environment::{Application, Connection, Environment, EnvironmentFields, KeyRecord};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use crate::domain::locale::Locale;
use crate::domain::policy::OtpPolicy;
use crate::domain::random::Random;
use crate::domain::settings::{EmailSettings, MfaSettings, SmsSettings};
use crate::domain::time::Timestamp;
use crate::domain::verification::Purpose;
use crate::provider::{EmailTransport, SmsTransport};

/// What a record holds with the revision of its last change, which its `ETag` is made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Versioned<T> {
    /// 0 for what was never written.
    pub version: i64,
    /// What it holds.
    pub row: T,
}

/// One environment with all that a request needs of it.
#[derive(Clone)]
pub struct EnvironmentSnapshot {
    /// The environment's own fields.
    pub environment: Environment,
    /// Their version.
    pub version: i64,
    /// What is in it.
    pub contents: Contents,
    /// Its own Twilio account's client.
    pub own_sms: Option<SmsTransport>,
    /// Its own SMTP server's client.
    pub own_email: Option<EmailTransport>,
}

/// What is in an environment; by default no connections and no applications, and settings as a new environment has them.
#[derive(Clone, Default)]
pub struct Contents {
    /// Its connections, the one for phone numbers first.
    pub connections: Vec<Connection>,
    /// Its applications, in the order of their ids, which is that of their making.
    pub applications: RedBlackTreeMapSync<ApplicationId, Versioned<Arc<Application>>>,
    /// The keys of its applications that are not revoked, in the order of their making.
    pub keys: RedBlackTreeMapSync<KeyId, Arc<KeyRecord>>,
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
}

impl Deref for EnvironmentSnapshot {
    type Target = Contents;

    fn deref(&self) -> &Contents {
        &self.contents
    }
}

impl EnvironmentSnapshot {
    /// An environment that is not written yet.
    #[must_use]
    pub fn new(environment: Environment, contents: Contents) -> Self {
        Self {
            environment,
            version: 0,
            contents,
            own_sms: None,
            own_email: None,
        }
    }

    /// An environment that is made at `now`, with its two connections, default settings and no applications.
    #[must_use]
    pub fn made(random: &dyn Random, now: Timestamp, fields: EnvironmentFields) -> Self {
        let id = EnvironmentId::time_ordered(random, now);
        let connections = Connection::of_new_environment(random, id);
        let environment = Environment {
            id,
            fields,
            created_at: now,
            updated_at: now,
        };
        Self::new(environment, Contents::of_new(connections.to_vec()))
    }

    /// The environment's id.
    #[must_use]
    pub fn id(&self) -> EnvironmentId {
        self.environment.id
    }
}

impl Contents {
    /// Those of an environment with these connections and nothing else.
    #[must_use]
    pub fn of_new(connections: Vec<Connection>) -> Self {
        Self {
            connections,
            ..Self::default()
        }
    }

    /// A connection of the environment.
    #[must_use]
    pub fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    /// An application of the environment, with its version.
    #[must_use]
    pub fn application(&self, id: ApplicationId) -> Option<&Versioned<Arc<Application>>> {
        self.applications.get(&id)
    }

    /// Writes an application in the place of the one that there may be.
    pub fn put_application(&mut self, version: i64, application: Application) {
        let (id, row) = (application.id, Arc::new(application));
        self.applications.insert_mut(id, Versioned { version, row });
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
    /// An administrator of the whole installation, by this key.
    Administrator(Arc<KeyRecord>),
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
            Self::Application { key_id, .. } | Self::OutOfService { key_id } => *key_id,
            Self::Administrator(key) => key.id,
        }
    }
}

/// Something of an environment cannot be read by this process: it was sealed under keys that it does not have, or written by
/// another release. It is answered for nowhere here, and nothing of it is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the environment is out of service in this process, which cannot read all of it")]
pub struct OutOfService;

/// A key by its hash.
#[derive(Clone, Copy)]
pub(super) struct HashedKey {
    pub(super) id: KeyId,
    /// Whose; `None` for an administrator's.
    pub(super) application: Option<(EnvironmentId, ApplicationId)>,
}

/// The directory as of one revision.
#[derive(Clone, Default)]
pub struct Snapshot {
    pub(super) revision: i64,
    pub(super) environments: RedBlackTreeMapSync<EnvironmentId, Arc<EnvironmentSnapshot>>,
    /// With their codes, as far as those can be read.
    pub(super) out_of_service: BTreeMap<EnvironmentId, Option<String>>,
    pub(super) administrators: RedBlackTreeMapSync<KeyId, Arc<KeyRecord>>,
    pub(super) hashed: HashTrieMapSync<[u8; 32], HashedKey>,
}

impl Snapshot {
    /// What changes are decided on as of.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// Whether there is no environment yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.environments.is_empty() && self.out_of_service.is_empty()
    }

    /// Whether there are environments, and none of them is in service.
    #[must_use]
    pub fn is_all_out_of_service(&self) -> bool {
        self.environments.is_empty() && !self.out_of_service.is_empty()
    }

    /// All environments that are in service, in the order of their ids, so the oldest first.
    pub fn environments(&self) -> impl Iterator<Item = &Arc<EnvironmentSnapshot>> {
        self.environments.values()
    }

    /// All environments behind one, as [`Self::environments`].
    pub fn all_environments(
        &self,
        after: Option<EnvironmentId>,
    ) -> Result<impl Iterator<Item = &Arc<EnvironmentSnapshot>>, OutOfService> {
        if !self.out_of_service.is_empty() {
            return Err(OutOfService);
        }
        Ok(behind(&self.environments, after).map(|(_, environment)| environment))
    }

    /// The environment with this id.
    pub fn environment(&self, id: EnvironmentId) -> Result<Option<&Arc<EnvironmentSnapshot>>, OutOfService> {
        if self.out_of_service.contains_key(&id) {
            return Err(OutOfService);
        }
        Ok(self.environments.get(&id))
    }

    /// The environment with this id or code, as a path names it.
    pub fn environment_named(&self, name: &str) -> Result<Option<&Arc<EnvironmentSnapshot>>, OutOfService> {
        if let Some(id) = EnvironmentId::parse(name) {
            return self.environment(id);
        }
        let mut environments = self.environments();
        if let Some(found) = environments.find(|held| held.environment.fields.code.as_str() == name) {
            return Ok(Some(found));
        }
        // One whose code cannot be read may be the one that is meant.
        let may_be = |code: &Option<String>| code.as_deref().is_none_or(|code| code == name);
        if self.out_of_service.values().any(may_be) {
            return Err(OutOfService);
        }
        Ok(None)
    }

    /// The environment that has this code, in service or not, as far as its code can be read.
    #[must_use]
    pub fn id_of(&self, code: &str) -> Option<EnvironmentId> {
        let mut in_service = self.environments();
        if let Some(held) = in_service.find(|held| held.environment.fields.code.as_str() == code) {
            return Some(held.id());
        }
        let mut others = self.out_of_service.iter();
        others
            .find(|(_, other)| other.as_deref() == Some(code))
            .map(|(id, _)| *id)
    }

    /// Whether there is no other environment.
    #[must_use]
    pub fn is_last(&self, id: EnvironmentId) -> bool {
        let mut others = self.environments.keys().chain(self.out_of_service.keys());
        others.all(|other| *other == id)
    }

    /// The keys of administrators that are not revoked, in the order of their making.
    #[must_use]
    pub fn administrators(&self) -> &RedBlackTreeMapSync<KeyId, Arc<KeyRecord>> {
        &self.administrators
    }

    /// Whose key has this SHA-256. Comparing hashes tells an attacker nothing about keys, so a map will do.
    #[must_use]
    pub fn holder(&self, hash: &[u8; 32]) -> Option<KeyHolder> {
        let key = self.hashed.get(hash)?;
        let key_id = key.id;
        let Some((environment, application)) = key.application else {
            let record = self.administrators.get(&key_id)?;
            return Some(KeyHolder::Administrator(Arc::clone(record)));
        };
        match self.environment(environment) {
            Err(OutOfService) => Some(KeyHolder::OutOfService { key_id }),
            Ok(environment) => Some(KeyHolder::Application {
                key_id,
                application: Arc::clone(&environment?.application(application)?.row),
                environment: Arc::clone(environment?),
            }),
        }
    }
}

/// What stands in a map behind a key, in the order of keys.
pub fn behind<K: Ord + Copy, V>(
    map: &RedBlackTreeMapSync<K, V>,
    after: Option<K>,
) -> impl Iterator<Item = (&K, &V)> {
    let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
    map.range((begin, Bound::Unbounded))
}
