//! What administrators change. Each change is decided on as of the snapshot, written with its audit entries in one transaction if
//! nobody was quicker, and in force here at once; other processes follow within two seconds.

use std::sync::Arc;

use super::Parts;
use super::actor::Actor;
use super::directory::change::Change;
use super::directory::{EnvironmentSnapshot, OutOfService, Snapshot};
use super::maintenance;
use super::render::RenderError;
use crate::document::Mistake;
use crate::domain::id::EnvironmentId;
use crate::store::StoreError;
use crate::store::directory::Commit;

mod application;
mod content;
mod environment;
mod key;
mod settings;

pub use content::{Preview, PreviewRequest};
pub use key::{KeyOwner, ListedKey, MadeKey};

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Fields that cannot be taken, all of them.
    #[error("invalid fields")]
    Invalid(Vec<Mistake>),
    /// It has gone meanwhile.
    #[error("not found")]
    NotFound,
    /// This process cannot read it.
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
    /// Others were quicker each time.
    #[error("others are changing the same at this moment")]
    Overtaken,
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Vec<Mistake>> for ChangeError {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::Invalid(mistakes)
    }
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

/// What the caller of a change last saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Any,
    /// One of these versions (`If-Match`).
    Versions(Vec<i64>),
}

impl Expected {
    /// Whether what is there at `version` may be changed.
    pub fn check(&self, version: i64) -> Result<(), ChangeError> {
        match self {
            Self::Versions(seen) if !seen.contains(&version) => Err(ChangeError::VersionMismatch),
            _ => Ok(()),
        }
    }
}

/// How often a change is decided on anew when another process was quicker. Those of this process stand in line.
const ATTEMPTS: usize = 3;

/// Changes the directory.
pub struct Administration {
    parts: Parts,
    allow_plaintext_smtp: bool,
    changing: tokio::sync::Mutex<()>,
}

impl Administration {
    /// Administration over these parts. `allow_plaintext_smtp` is the operator's word on SMTP without TLS.
    #[must_use]
    pub fn new(parts: Parts, allow_plaintext_smtp: bool) -> Self {
        Self {
            parts,
            allow_plaintext_smtp,
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Makes the change that `decide` decides on as of the snapshot: again, when another process was quicker.
    async fn change<T>(
        &self,
        actor: &Actor,
        decide: impl Fn(&Snapshot, &mut Change<'_>) -> Result<T, ChangeError> + Send + Sync,
    ) -> Result<T, ChangeError> {
        let _in_line = self.changing.lock().await;
        for _ in 0..ATTEMPTS {
            let held = self.parts.directory.current();
            let now = self.parts.clock.now()?;
            let mut change = Change::by(actor, &self.parts.keys, &*self.parts.random, now);
            let decided = decide(&held, &mut change)?;
            if change.is_empty() {
                return Ok(decided);
            }
            let commit = change.commit(&self.parts.store, held.revision()).await?;
            self.parts.directory.read().await?;
            if commit == Commit::Committed {
                return Ok(decided);
            }
        }
        Err(ChangeError::Overtaken)
    }

    /// As [`Self::change`], of an environment.
    async fn change_environment<T>(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        decide: impl Fn(&Arc<EnvironmentSnapshot>, &mut Change<'_>) -> Result<T, ChangeError> + Send + Sync,
    ) -> Result<T, ChangeError> {
        self.change(actor, |held, change| decide(environment(held, id)?, change))
            .await
    }

    /// Removes what a removal has left, as far as that is done in a moment.
    async fn clear_removed(&self) {
        if let Err(error) = maintenance::clear_removed(&self.parts.store, &self.parts.clock).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what was removed is not cleared away yet; maintenance goes on with it"
            );
        }
    }
}

fn environment(held: &Snapshot, id: EnvironmentId) -> Result<&Arc<EnvironmentSnapshot>, ChangeError> {
    held.environment(id)?.ok_or(ChangeError::NotFound)
}
