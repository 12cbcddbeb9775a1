//! What administrators change. Each change is validated whole, written with its audit entry in one transaction, and in
//! force here at once; other processes follow within two seconds.

use std::sync::Arc;

use serde_json::Value;

use super::clock::GuardedClock;
use super::directory::{Directory, EnvironmentSnapshot, OutOfService};
use super::render::RenderError;
use crate::domain::field::FieldError;
use crate::domain::id::{AuditId, EnvironmentId, KeyId};
use crate::domain::keyring::KeyRing;
use crate::domain::random::Random;
use crate::store::directory::{AuditEntry, Change, Expected, Removal};
use crate::store::{SharedStore, StoreError};

mod application;
mod content;
mod environment;
mod key;
mod new;
mod patch;
mod settings;

pub(super) use content::difference as content_difference;
pub use content::{Preview, PreviewRequest};
pub use key::{KeyOwner, MadeKey};
pub use new::{NewApplication, NewEnvironment, NewKey};
pub use patch::{ApplicationPatch, EnvironmentPatch, OtpPolicyPatch};
pub(super) use patch::{application_fields, environment_fields};

/// Who changes something, and from where.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The administrator's key; `None` where no key is asked for, as on the command line.
    pub key_id: Option<KeyId>,
    /// The address it came from; `None` where it came over no network.
    pub remote_address: Option<String>,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Fields that cannot be taken, all of them.
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    /// It has gone meanwhile.
    #[error("not found")]
    NotFound,
    /// This process cannot read its settings, so nobody can tell here what would be changed.
    #[error(transparent)]
    OutOfService(#[from] OutOfService),
    /// Somebody else has changed it since it was read.
    #[error("changed since it was read")]
    VersionMismatch,
    /// It contradicts what is there.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// Texts of emails are edited only where the environment has a server of its own.
    #[error("there is no custom sender")]
    CustomSenderRequired,
    /// An email could not be written.
    #[error(transparent)]
    Unwritable(#[from] RenderError),
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a change contradicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another environment has that code.
    #[error("the code is taken")]
    CodeTaken,
    /// There must be an environment, and a key for administrators.
    #[error("it is the last one")]
    Last,
    /// Users are waiting in the environment.
    #[error("{0} verifications are pending")]
    VerificationsPending(u64),
}

/// Rows of each kind that are removed in one batch of what a removed environment leaves.
const BATCH: u32 = 1_000;

/// Batches that the removal itself waits for; upkeep goes on with the rest.
const BATCHES: u32 = 20;

/// How often a change is made anew that others keep overtaking.
const ATTEMPTS: usize = 10;

/// Every change is made of what was read, were it only a secret that stays, so it must not land on what another has
/// written meanwhile.
fn pinned(expected: Expected, read: i64) -> Expected {
    match expected {
        Expected::Any => Expected::Version(read),
        version @ Expected::Version(_) => version,
    }
}

/// Changes the directory.
pub struct Administration {
    store: SharedStore,
    directory: Arc<Directory>,
    keys: Arc<KeyRing>,
    clock: Arc<GuardedClock>,
    random: Arc<dyn Random>,
    allow_plaintext_smtp: bool,
}

impl Administration {
    /// Administration over these parts. `allow_plaintext_smtp` is the operator's word on SMTP without TLS.
    pub fn new(
        store: SharedStore,
        directory: Arc<Directory>,
        keys: Arc<KeyRing>,
        clock: Arc<GuardedClock>,
        random: Arc<dyn Random>,
        allow_plaintext_smtp: bool,
    ) -> Self {
        Self {
            store,
            directory,
            keys,
            clock,
            random,
            allow_plaintext_smtp,
        }
    }

    fn environment(&self, id: EnvironmentId) -> Result<Arc<EnvironmentSnapshot>, ChangeError> {
        let snapshot = self.directory.current();
        if snapshot.is_out_of_service(id) {
            return Err(OutOfService.into());
        }
        snapshot.environment(id).cloned().ok_or(ChangeError::NotFound)
    }

    /// Whether another change came between reading and writing, which whoever did not ask for a version need not know. The
    /// directory then holds that change.
    async fn is_to_be_repeated(&self, change: Change, expected: Expected) -> Result<bool, StoreError> {
        self.is_overtaken(change == Change::VersionMismatch, expected)
            .await
    }

    async fn is_overtaken(&self, mismatch: bool, expected: Expected) -> Result<bool, StoreError> {
        let overtaken = mismatch && expected == Expected::Any;
        if overtaken {
            self.directory.reload().await?;
        }
        Ok(overtaken)
    }

    async fn finish(&self, change: Change) -> Result<(), ChangeError> {
        match change {
            Change::Made { .. } => Ok(self.directory.reload().await?),
            Change::NotFound => Err(ChangeError::NotFound),
            Change::VersionMismatch => Err(ChangeError::VersionMismatch),
            Change::Conflict => Err(Conflict::CodeTaken.into()),
        }
    }

    async fn finish_removal(&self, removal: Removal) -> Result<(), ChangeError> {
        match removal {
            Removal::Removed => Ok(self.directory.reload().await?),
            Removal::NotFound => Err(ChangeError::NotFound),
            Removal::VersionMismatch => Err(ChangeError::VersionMismatch),
            Removal::Last => Err(Conflict::Last.into()),
            Removal::Pending { verifications } => Err(Conflict::VerificationsPending(verifications).into()),
        }
    }

    /// Removes what a removal has left, as far as that is done in a moment.
    async fn clear_removed(&self) {
        for _ in 0..BATCHES {
            let cleared = match self.clock.now() {
                Ok(now) => self.store.clear_removed(now, BATCH).await,
                Err(error) => Err(error),
            };
            match cleared {
                Ok(false) => return,
                Ok(true) => {}
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "what was removed is not cleared away yet; upkeep goes on with it"
                    );
                    return;
                }
            }
        }
    }

    fn audit(
        &self,
        actor: &Actor,
        environment: impl Into<Option<EnvironmentId>>,
        action: &str,
        target: &str,
        changes: &Value,
    ) -> Result<AuditEntry, StoreError> {
        let at = self.clock.now()?;
        Ok(AuditEntry {
            id: AuditId::time_ordered(&*self.random, at),
            environment_id: environment.into(),
            key_id: actor.key_id,
            action: action.to_owned(),
            target: target.to_owned(),
            changes: changes.to_string(),
            remote_address: actor.remote_address.clone(),
            at,
        })
    }
}
