//! The directory: environments, connections, applications, keys and settings as records, each a JSON document. Few rows, all of
//! them held in memory, and changed by whole steps. What stands in a document is for the service to read.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreError;
use super::audit::AuditEntry;
use crate::domain::id::{EnvironmentId, KeyId};
use crate::domain::keyring::{Fingerprints, GenerationId, KeysFit, KnownKeys};
use crate::domain::named::named;
use crate::domain::time::Timestamp;

/// Operations on the directory.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The number that every commit raises.
    async fn revision(&self) -> Result<i64, StoreError>;

    /// What was put or removed after the revision `since`, as of one moment; all records that there are for 0.
    async fn load(&self, since: i64) -> Result<Loaded, StoreError>;

    /// Takes all steps at `at`, in one transaction with one raise of the revision. They were decided on as of the revision `on`.
    async fn commit(&self, on: i64, at: Timestamp, steps: Vec<Step>) -> Result<Commit, StoreError>;

    /// Remembers that keys were used.
    async fn touch_keys(&self, keys: Vec<KeyId>, now: Timestamp) -> Result<(), StoreError>;

    /// When keys were last used, to about a minute. One that never was is missing.
    async fn last_uses(&self, keys: Vec<KeyId>) -> Result<HashMap<KeyId, Timestamp>, StoreError>;

    /// Holds keys against those that the database was written with, and records their check values where they fit.
    async fn fit_keys(&self, keys: Fingerprints, now: Timestamp) -> Result<KeysFit, StoreError>;

    /// The check values of the keys that the database was written with.
    async fn known_keys(&self) -> Result<KnownKeys, StoreError>;

    /// Which generations of keys what is stored needs, but for the settings in the directory.
    async fn key_needs(&self) -> Result<KeyNeeds, StoreError>;

    /// Forgets the check values of generations that are in no keys file any more.
    async fn forget_keys(&self, generations: Vec<GenerationId>) -> Result<(), StoreError>;
}

named! {
    /// What a record is of.
    Kind {
        /// An environment's own fields.
        Environment = "environment",
        /// One of its authentication methods.
        Connection = "connection",
        /// One of its frontends, with what is switched on for it.
        Application = "application",
        /// What is kept of an API key.
        Key = "key",
        /// How its text messages travel.
        Sms = "sms",
        /// How its emails travel.
        Email = "email",
        /// The texts of its emails with codes.
        Content = "content",
        /// Which factors `mfa` may use.
        Mfa = "mfa",
        /// The rules of its codes.
        Otp = "otp",
    }
}

/// A record to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is of.
    pub kind: Kind,
    /// Which of that kind; of the environment for its settings.
    pub id: Uuid,
    /// Whose; `None` for what belongs to the whole installation.
    pub environment_id: Option<EnvironmentId>,
    /// The JSON document.
    pub document: String,
    /// What no other record may have.
    pub unique_name: Option<String>,
}

/// A record as it is kept. Its kind and its document may be of another release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// What it is of.
    pub kind: String,
    /// Which of that kind.
    pub id: Uuid,
    /// Whose.
    pub environment_id: Option<EnvironmentId>,
    /// The JSON document; `None` when it was removed.
    pub document: Option<String>,
    /// As of when.
    pub revision: i64,
}

/// Records as of one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The revision of that moment.
    pub revision: i64,
    /// In no order.
    pub records: Vec<StoredRecord>,
}

/// Part of a change of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Writes a record in the place of the one that there may be.
    Put(Record),
    /// Removes a record. An environment takes all its records with it; what is pending in a removed environment or application
    /// ends, and what is kept of it goes in batches ([`Maintenance::clear_removed`](super::Maintenance::clear_removed)).
    Remove {
        /// What it is of.
        kind: Kind,
        /// Which of that kind.
        id: Uuid,
        /// Whose.
        environment_id: Option<EnvironmentId>,
    },
    /// Says in the audit log who changes what.
    Audit(AuditEntry),
}

impl Step {
    /// The environment that the step changes something of.
    #[must_use]
    pub fn environment_id(&self) -> Option<EnvironmentId> {
        match self {
            Self::Put(record) => record.environment_id,
            Self::Remove { environment_id, .. } => *environment_id,
            Self::Audit(_) => None,
        }
    }

    /// Whether the step changes what all environments share: that there is one, or the administrators' keys.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Put(record) => record.environment_id.is_none(),
            Self::Remove {
                kind, environment_id, ..
            } => *kind == Kind::Environment || environment_id.is_none(),
            Self::Audit(_) => false,
        }
    }
}

/// What came of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// Taken.
    Committed,
    /// Somebody has changed what they change since they were decided on, or has the unique name already. Nothing was written.
    Stale,
}

/// What tells which generations of keys are needed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyNeeds {
    /// The generations that codes were hashed under that have not died.
    pub codes: BTreeSet<i32>,
    /// The first bytes, [`HEADER_BYTES`](crate::domain::keyring::HEADER_BYTES), of each sealed code and notification.
    pub sealed: BTreeSet<Vec<u8>>,
    /// Those of the recipients that are kept the longest: each newer one was sealed under the same generation or a newer one.
    pub oldest_recipients: BTreeSet<Vec<u8>>,
}
