//! Environments, applications, connections, keys and settings: few rows, read whole into memory, and changed
//! by administrators. Every change writes its audit entry and a new revision in the same transaction.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::environment::{Application, Connection, Environment, KeyRecord, SettingsKind};
use crate::domain::id::{ApplicationId, AuditId, ConnectionId, EnvironmentId, KeyId};
use crate::domain::keyring::{Fingerprints, GenerationId, KeysFit, KnownKeys};
use crate::domain::time::Timestamp;

mod step;

pub use step::{Step, Write};

/// Operations on the directory.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The number that every change raises.
    async fn revision(&self) -> Result<i64, StoreError>;

    /// Everything, as of one moment.
    async fn load_directory(&self) -> Result<DirectoryRows, StoreError>;

    /// Writes the first environment into an empty database. `false`, and nothing written, when there is one already;
    /// of several processes that try at once exactly one succeeds.
    async fn found(&self, first: FirstEnvironment) -> Result<bool, StoreError>;

    /// Makes an environment with its connections.
    async fn create_environment(
        &self,
        environment: Environment,
        connections: Vec<Connection>,
        audit: AuditEntry,
    ) -> Result<Change, StoreError>;

    /// Removes an environment with its applications, keys, connections and settings. Its codes and what waits in the outbox
    /// go with it; the rest of what is kept of it goes in batches ([`Upkeep::clear_removed`](super::Upkeep::clear_removed)).
    /// Refused for the last one, and unless `force` while verifications are pending when it is audited.
    async fn delete_environment(
        &self,
        id: EnvironmentId,
        expected: Expected,
        force: bool,
        audit: AuditEntry,
    ) -> Result<Removal, StoreError>;

    /// Replaces an environment's own fields.
    async fn update_environment(
        &self,
        environment: Environment,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError>;

    /// Makes an application.
    async fn create_application(
        &self,
        application: Application,
        audit: AuditEntry,
    ) -> Result<Change, StoreError>;

    /// Removes an application with its keys. Its pending verifications are canceled and their codes wiped; its messages stay.
    async fn delete_application(
        &self,
        environment: EnvironmentId,
        id: ApplicationId,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Removal, StoreError>;

    /// Switches a connection of the same environment on or off for an application.
    async fn switch_connection(
        &self,
        application: ApplicationId,
        connection: ConnectionId,
        on: bool,
        audit: AuditEntry,
    ) -> Result<Switch, StoreError>;

    /// Replaces an application's own fields; its connections stay.
    async fn update_application(
        &self,
        application: Application,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError>;

    /// Replaces a settings document.
    async fn put_settings(
        &self,
        row: SettingsRow,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError>;

    /// As [`Self::put_settings`], and in the same transaction leaves nothing in the document `cleared`. Its version rises all
    /// the same, so that a change made of what it held before cannot land on it any more.
    async fn put_settings_and_clear(
        &self,
        row: SettingsRow,
        cleared: SettingsKind,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError>;

    /// Makes changes together that were planned as of the revision `on`. `false`, and nothing written, when anybody has
    /// changed the directory since.
    async fn change_together(&self, on: i64, steps: Vec<Step>) -> Result<bool, StoreError>;

    /// Remembers when keys were last used.
    async fn touch_keys(&self, keys: Vec<KeyId>, now: Timestamp) -> Result<(), StoreError>;

    /// Holds keys against those that the database was written with, and records their check values where they fit.
    async fn fit_keys(&self, keys: Fingerprints, now: Timestamp) -> Result<KeysFit, StoreError>;

    /// The check values of the keys that the database was written with.
    async fn known_keys(&self) -> Result<KnownKeys, StoreError>;

    /// Which generations of keys what is stored needs, but for the settings in the directory.
    async fn key_needs(&self) -> Result<KeyNeeds, StoreError>;

    /// Forgets the check values of generations that are in no keys file any more.
    async fn forget_keys(&self, generations: Vec<GenerationId>) -> Result<(), StoreError>;
}

/// What tells which generations of keys are needed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyNeeds {
    /// The generations that codes were hashed under that have not died.
    pub codes: BTreeSet<i32>,
    /// The first bytes, [`HEADER_BYTES`](crate::domain::keyring::HEADER_BYTES), of each sealed code and notification.
    pub sealed: BTreeSet<Vec<u8>>,
}

/// A row with the number of its version, which its `ETag` is made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Versioned<T> {
    /// Raised by every change; 0 for what was never written.
    pub version: i64,
    /// The row.
    pub row: T,
}

/// The whole directory.
#[derive(Debug, Clone, Default)]
pub struct DirectoryRows {
    /// The number it is as of.
    pub revision: i64,
    /// All environments, oldest first.
    pub environments: Vec<Versioned<Environment>>,
    /// All connections.
    pub connections: Vec<Connection>,
    /// All applications, oldest first.
    pub applications: Vec<Versioned<Application>>,
    /// All keys that are not revoked.
    pub keys: Vec<KeyRecord>,
    /// All settings documents.
    pub settings: Vec<Versioned<SettingsRow>>,
}

/// A settings document: JSON, its secrets sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsRow {
    /// Whose.
    pub environment_id: EnvironmentId,
    /// Which.
    pub kind: SettingsKind,
    /// The document.
    pub document: String,
    /// When it was written.
    pub updated_at: Timestamp,
}

/// What the first start makes.
#[derive(Debug, Clone)]
pub struct FirstEnvironment {
    /// The environment.
    pub environment: Environment,
    /// Its connections.
    pub connections: Vec<Connection>,
    /// Its application, with the connections that are switched on.
    pub application: Application,
    /// The keys.
    pub keys: Vec<KeyRecord>,
    /// The audit entry.
    pub audit: AuditEntry,
    /// What is changed of it at once.
    pub steps: Vec<Step>,
}

/// What the caller of a change last saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Any,
    /// This version (`If-Match`).
    Version(i64),
}

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Made.
    Made {
        /// The new version.
        version: i64,
    },
    /// There is no such row.
    NotFound,
    /// Somebody else has changed it since.
    VersionMismatch,
    /// Another row has that name.
    Conflict,
}

/// What came of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Removed.
    Removed,
    /// There is no such row.
    NotFound,
    /// Somebody else has changed it since.
    VersionMismatch,
    /// It is the last of its kind, which stays.
    Last,
    /// Something in it is still under way.
    Pending {
        /// How many verifications.
        verifications: u64,
    },
}

/// What came of switching a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Switched.
    Switched,
    /// It was so before.
    Unchanged,
    /// There is no such application, or no such connection of its environment.
    NotFound,
}

/// Who changed what, when, from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// Where; `None` for what concerns no environment.
    pub environment_id: Option<EnvironmentId>,
    /// The key it was done with; `None` for the service itself.
    pub key_id: Option<KeyId>,
    /// What was done, such as `settings.sms.put`.
    pub action: String,
    /// The id of what was changed.
    pub target: String,
    /// Before and after as JSON, secrets only as "changed".
    pub changes: String,
    /// The address it came from.
    pub remote_address: Option<String>,
    /// When.
    pub at: Timestamp,
}
