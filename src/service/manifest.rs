//! A manifest is a file that describes environments with their applications and settings, and what it describes is made so. What
//! it does not mention is left alone; nothing is removed by it but what a mentioned settings section leaves out.

use std::collections::BTreeMap;

use super::actor::Actor;
use super::directory::change::Change;
use super::directory::{self, Contents, EnvironmentSnapshot, OutOfService, Snapshot};
use crate::document::{Mistake, Value};
use crate::domain::id::EnvironmentId;
use crate::domain::keyring::KeyRing;
use crate::domain::random::Random;
use crate::domain::secret::{Secret, SecretReference};
use crate::domain::time::Timestamp;
use crate::store::directory::Commit;
use crate::store::{SharedStore, StoreError};

mod difference;
mod export;
mod resolve;
mod secret;

pub use difference::{Changed, What};
pub use export::{ExportError, export};

/// The environments that a manifest mentions and that there are, by their codes.
type Held<'a> = BTreeMap<String, &'a EnvironmentSnapshot>;

/// How often a manifest is held against the directory anew that others keep changing.
const ATTEMPTS: usize = 10;

/// What a file makes of the environments that it mentions.
pub struct Plan {
    /// As they are to be.
    pub(super) environments: Vec<EnvironmentSnapshot>,
    /// What to tell of it, environment by environment.
    pub changes: Vec<Changed>,
}

/// Why a file was not applied. Nothing of it was, then.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// What is wrong with it.
    #[error("the file has mistakes")]
    Invalid(Vec<Mistake>),
    /// It mentions an environment that this process cannot read.
    #[error(transparent)]
    OutOfService(#[from] OutOfService),
    /// Others were quicker each time.
    #[error("others are changing the settings at this moment; nothing was changed, try again")]
    Overtaken,
    /// The database could not tell.
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
}

/// Applies files.
pub struct Manifests<'a> {
    /// What stored secrets are opened and sealed with.
    pub keys: &'a KeyRing,
    /// When it is applied.
    pub at: Timestamp,
    /// Randomness.
    pub random: &'a dyn Random,
    /// The operator's word on SMTP without TLS.
    pub allow_plaintext_smtp: bool,
    /// Reads a secret that the manifest refers to; what is wrong, in words that follow the key.
    pub read_secret: &'a (dyn Fn(&SecretReference) -> Result<Secret, String> + Sync),
}

impl Manifests<'_> {
    /// What `document` makes of the environments that it mentions; `held` are those of them that there are.
    ///
    /// # Errors
    /// Everything that is wrong with the document, at once.
    fn environments(&self, document: &Value, held: &Held<'_>) -> Result<Plan, ManifestError> {
        let environments = resolve::resolve(self, document, held).map_err(ManifestError::Invalid)?;
        let changes = environments.iter().flat_map(|after| {
            let before = held.get(after.environment.fields.code.as_str()).copied();
            difference::between(before, after)
        });
        Ok(Plan {
            changes: changes.collect(),
            environments,
        })
    }

    /// What `document` changes of the directory.
    ///
    /// # Errors
    /// Everything that is wrong with the document, at once.
    pub fn plan(&self, document: &Value, held: &Snapshot) -> Result<Plan, ManifestError> {
        self.environments(document, &mentioned(document, held)?)
    }

    /// What `document` makes of environments that are not written yet.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn refine(
        &self,
        document: &Value,
        environments: &[EnvironmentSnapshot],
    ) -> Result<Plan, ManifestError> {
        let held = environments.iter();
        let held = held.map(|held| (held.environment.fields.code.as_str().to_owned(), held));
        self.environments(document, &held.collect())
    }

    /// Makes the directory as `document` describes it: in one transaction, and only if nobody has changed it since it was read;
    /// else it is read again.
    ///
    /// # Errors
    /// As [`Self::plan`], and when others keep changing the directory. Nothing was written, then.
    pub async fn apply(&self, document: &Value, store: &SharedStore) -> Result<Plan, ManifestError> {
        // Who may run a command on the installation needs neither a key nor an address.
        let actor = Actor::default();
        for _ in 0..ATTEMPTS {
            let held = directory::read(store, self.keys).await?;
            let mentioned = mentioned(document, &held)?;
            let plan = self.environments(document, &mentioned)?;
            let mut change = Change::by(&actor, self.keys, self.random, self.at);
            plan.add_to(&mut change, &mentioned)?;
            if change.commit(store, held.revision()).await? == Commit::Committed {
                return Ok(plan);
            }
        }
        Err(ManifestError::Overtaken)
    }
}

impl Plan {
    /// Whether everything is as the file says.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Adds the steps from what is held to what is to be.
    fn add_to(&self, change: &mut Change<'_>, held: &Held<'_>) -> Result<(), StoreError> {
        for after in &self.environments {
            match held.get(after.environment.fields.code.as_str()) {
                Some(before) => {
                    change.update_environment(&before.environment, &after.environment)?;
                    update(change, after.id(), before, after)?;
                }
                None => create(change, after)?,
            }
        }
        Ok(())
    }
}

/// Makes an environment with all that is in it.
pub fn create(change: &mut Change<'_>, made: &EnvironmentSnapshot) -> Result<(), StoreError> {
    change.create_environment(made)?;
    let bare = Contents::of_new(made.connections.clone());
    update(change, made.id(), &bare, made)
}

/// Changes what differs.
fn update(
    change: &mut Change<'_>,
    id: EnvironmentId,
    before: &Contents,
    after: &Contents,
) -> Result<(), StoreError> {
    if before.sms.row != after.sms.row {
        change.put_sms(id, &before.sms.row, &after.sms.row)?;
    }
    // The texts go with the server that alone may send them.
    let loses_texts = before.email.row.custom_sender.is_some() && after.email.row.custom_sender.is_none();
    if before.email.row != after.email.row {
        change.put_email(id, &before.email.row, &after.email.row, &before.content.row)?;
    }
    if before.content.row != after.content.row && !loses_texts {
        change.put_content(id, &before.content.row, &after.content.row)?;
    }
    if before.mfa.row != after.mfa.row {
        change.put_mfa(id, before.mfa.row, after.mfa.row)?;
    }
    if before.otp.row != after.otp.row {
        change.put_otp(id, &before.otp.row, &after.otp.row)?;
    }
    for application in after.applications.values() {
        let held = before.application(application.row.id);
        change.put_application(held.map(|held| &*held.row), &application.row)?;
    }
    for key in after.keys.values() {
        if before.keys.get(&key.id).is_none() {
            change.create_key(Some(id), key)?;
        }
    }
    Ok(())
}

/// The environments that a file mentions and that there are, by their codes.
fn mentioned<'a>(document: &Value, held: &'a Snapshot) -> Result<Held<'a>, OutOfService> {
    let mut found = Held::new();
    let environments = document.field("environments").into_iter();
    for (code, _) in environments.flat_map(Value::fields) {
        if let Some(environment) = held.environment_named(code)? {
            found.insert(code.clone(), &**environment);
        }
    }
    Ok(found)
}
