//! A file of settings: it describes environments with their applications and settings, and what it describes is made so. What
//! it does not mention is left alone; nothing is removed by it but what a mentioned settings section leaves out.

use serde_json::Value;

use crate::domain::field::FieldError;
use crate::domain::keyring::KeyRing;
use crate::domain::random::Random;
use crate::domain::secret::{Secret, SecretReference};
use crate::domain::time::Timestamp;
use crate::store::directory::{DirectoryRows, FirstEnvironment, Step, Versioned};
use crate::store::{SharedStore, StoreError};

mod difference;
mod export;
mod node;
mod resolve;
mod secret;
mod state;
mod step;

pub use difference::{Changed, What};
pub use export::{ExportError, export};

use state::State;

/// How often a file is held against the directory anew that others keep changing.
const ATTEMPTS: usize = 10;

/// What a file changes.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What is written.
    steps: Vec<Step>,
    /// What to tell of it, environment by environment.
    pub changes: Vec<Changed>,
}

impl Plan {
    /// Whether everything is as the file says.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// Why a file was not applied. Nothing of it was, then.
#[derive(Debug, thiserror::Error)]
pub enum DeclarationFault {
    /// What is wrong with it, each with its JSON pointer.
    #[error("the file has mistakes")]
    Invalid(Vec<FieldError>),
    /// Others were quicker each time.
    #[error("others are changing the settings at this moment; nothing was changed, try again")]
    Overtaken,
    /// The database could not tell.
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
}

/// Applies files.
pub struct Declarations<'a> {
    /// What stored secrets are opened and sealed with.
    pub keys: &'a KeyRing,
    /// When it is applied.
    pub at: Timestamp,
    /// Randomness.
    pub random: &'a dyn Random,
    /// The operator's word on SMTP without TLS.
    pub allow_plaintext_smtp: bool,
    /// Reads a secret that the file refers to; what is wrong, in words that follow the key.
    pub read_secret: &'a (dyn Fn(&SecretReference) -> Result<Secret, String> + Sync),
}

impl Declarations<'_> {
    /// What `document` changes of the directory.
    ///
    /// # Errors
    /// Everything that is wrong with the document, at once.
    pub fn plan(&self, document: &Value, rows: DirectoryRows) -> Result<Plan, DeclarationFault> {
        let before = State::of_all(rows, self.keys)?;
        let after = resolve::resolve(self, document, &before).map_err(DeclarationFault::Invalid)?;
        let mut plan = Plan::default();
        for after in after {
            let before = before
                .iter()
                .find(|before| before.environment.id == after.environment.id);
            plan.steps.extend(step::steps(self, before, &after)?);
            plan.changes.extend(difference::between(before, &after));
        }
        Ok(plan)
    }

    /// What `document` changes of the environment that the first start makes.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn refine(&self, document: &Value, first: &mut FirstEnvironment) -> Result<Plan, DeclarationFault> {
        let written = |row| Versioned { version: 1, row };
        let rows = DirectoryRows {
            environments: vec![written(first.environment.clone())],
            connections: first.connections.clone(),
            applications: vec![Versioned {
                version: 1,
                row: first.application.clone(),
            }],
            ..DirectoryRows::default()
        };
        let plan = self.plan(document, rows)?;
        first.steps.clone_from(&plan.steps);
        Ok(plan)
    }

    /// Makes the directory as `document` describes it: in one transaction, and only if nobody has changed it since it was read;
    /// else it is read again.
    ///
    /// # Errors
    /// As [`Self::plan`], and when others keep changing the directory. Nothing was written, then.
    pub async fn apply(&self, document: &Value, store: &SharedStore) -> Result<Plan, DeclarationFault> {
        for _ in 0..ATTEMPTS {
            let rows = store.load_directory().await?;
            let on = rows.revision;
            let plan = self.plan(document, rows)?;
            if plan.is_empty() || store.change_together(on, plan.steps.clone()).await? {
                return Ok(plan);
            }
        }
        Err(DeclarationFault::Overtaken)
    }
}
