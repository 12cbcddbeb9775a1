//! What administrators change. Each change is validated whole, written with its audit entry in one transaction, and in
//! force here at once; other processes follow within two seconds.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::directory::{Directory, EnvironmentSnapshot};
use super::settings::email::EmailDocument;
use super::settings::sms::SmsDocument;
use super::settings::{GivenSecret, Sealer};
use crate::domain::environment::SettingsKind;
use crate::domain::field::FieldError;
use crate::domain::id::{ApplicationId, AuditId, EnvironmentId, KeyId};
use crate::domain::keyring::KeyRing;
use crate::domain::random::Random;
use crate::domain::time::{Clock, Timestamp};
use crate::store::directory::{AuditEntry, Change, Expected, SettingsRow};
use crate::store::{SharedStore, StoreError};

mod patch;

pub use patch::{ApplicationPatch, EnvironmentPatch, OtpPolicyPatch};

/// Who changes something, and from where.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The administrator's key.
    pub key_id: KeyId,
    /// The address it came from.
    pub remote_address: String,
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
    /// Somebody else has changed it since it was read.
    #[error("changed since it was read")]
    VersionMismatch,
    /// Another one has that name.
    #[error("the name is taken")]
    Conflict,
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How often a change is made anew that others keep overtaking.
const ATTEMPTS: usize = 10;

/// A settings document to be written.
struct NewSettings {
    /// The version it is made of.
    on: i64,
    document: String,
    changes: Value,
}

/// Every change is made of what was read, were it only a secret that stays, so it must not land on what another has
/// written meanwhile.
fn pinned(expected: Expected, read: i64) -> Expected {
    match expected {
        Expected::Any => Expected::Version(read),
        version @ Expected::Version(_) => version,
    }
}

fn to_text(document: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::Statement(error.into()))
}

/// Changes the directory.
pub struct Administration {
    store: SharedStore,
    directory: Arc<Directory>,
    keys: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    allow_plaintext_smtp: bool,
}

impl Administration {
    /// Administration over these parts. `allow_plaintext_smtp` is the operator's word on SMTP without TLS.
    pub fn new(
        store: SharedStore,
        directory: Arc<Directory>,
        keys: Arc<KeyRing>,
        clock: Arc<dyn Clock>,
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

    /// Changes an environment's own fields.
    pub async fn update_environment(
        &self,
        actor: &Actor,
        id: EnvironmentId,
        patch: &EnvironmentPatch,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        for _ in 0..ATTEMPTS {
            let held = self.environment(id)?;
            let before = &held.environment;
            let mut after = patch
                .clone()
                .apply(before.clone())
                .map_err(ChangeError::Invalid)?;
            after.updated_at = self.clock.now();
            let changes = json!({ "before": patch::environment_fields(before), "after": patch::environment_fields(&after) });
            let audit = self.audit(actor, id, "environment.update", &id.to_string(), &changes);
            let on = pinned(expected, held.version);
            let change = self.store.update_environment(after, on, audit).await?;
            if !self.is_to_be_repeated(change, expected).await? {
                return self.finish(change).await;
            }
        }
        Err(ChangeError::VersionMismatch)
    }

    /// Changes an application's own fields.
    pub async fn update_application(
        &self,
        actor: &Actor,
        (environment, id): (EnvironmentId, ApplicationId),
        patch: &ApplicationPatch,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        for _ in 0..ATTEMPTS {
            let held = self.environment(environment)?;
            let before = held.application(id).ok_or(ChangeError::NotFound)?;
            let mut after = patch
                .clone()
                .apply(before.row.clone())
                .map_err(ChangeError::Invalid)?;
            after.updated_at = self.clock.now();
            let changes = json!({ "before": patch::application_fields(&before.row), "after": patch::application_fields(&after) });
            let audit = self.audit(
                actor,
                environment,
                "application.update",
                &id.to_string(),
                &changes,
            );
            let on = pinned(expected, before.version);
            let change = self.store.update_application(after, on, audit).await?;
            if !self.is_to_be_repeated(change, expected).await? {
                return self.finish(change).await;
            }
        }
        Err(ChangeError::VersionMismatch)
    }

    /// Replaces the SMS settings.
    pub async fn put_sms(
        &self,
        actor: &Actor,
        environment: EnvironmentId,
        document: &SmsDocument<GivenSecret>,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        let secrets_given = document.twilio.as_ref().is_some_and(|twilio| {
            [&twilio.auth_token, &twilio.api_key_secret]
                .into_iter()
                .any(|secret| matches!(secret, Some(GivenSecret::New(_))))
        });
        self.put(actor, environment, SettingsKind::Sms, expected, |held| {
            let stored = &held.sms.row;
            let settings = document.clone().resolve(stored).map_err(ChangeError::Invalid)?;
            let sealed = SmsDocument::of(&settings).seal(self.sealer(environment), &*self.random);
            Ok(NewSettings {
                on: held.sms.version,
                document: to_text(&sealed)?,
                changes: json!({
                    "before": SmsDocument::of(stored).hint(),
                    "after": SmsDocument::of(&settings).hint(),
                    "secrets": if secrets_given { "changed" } else { "kept" },
                }),
            })
        })
        .await
    }

    /// Replaces the email settings. Without a custom sender its details are gone from the database.
    pub async fn put_email(
        &self,
        actor: &Actor,
        environment: EnvironmentId,
        document: &EmailDocument<GivenSecret>,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        let secret_given = document
            .custom_sender
            .as_ref()
            .is_some_and(|sender| matches!(sender.password, Some(GivenSecret::New(_))));
        self.put(actor, environment, SettingsKind::Email, expected, |held| {
            let stored = &held.email.row;
            let settings = document
                .clone()
                .resolve(stored, self.allow_plaintext_smtp)
                .map_err(ChangeError::Invalid)?;
            let sealed = EmailDocument::of(&settings).seal(self.sealer(environment), &*self.random);
            Ok(NewSettings {
                on: held.email.version,
                document: to_text(&sealed)?,
                changes: json!({
                    "before": EmailDocument::of(stored).hint(),
                    "after": EmailDocument::of(&settings).hint(),
                    "secrets": if secret_given { "changed" } else { "kept" },
                }),
            })
        })
        .await
    }

    /// Changes the rules of codes. Verifications that are already made keep theirs.
    pub async fn patch_otp(
        &self,
        actor: &Actor,
        environment: EnvironmentId,
        patch: &OtpPolicyPatch,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        self.put(actor, environment, SettingsKind::Otp, expected, |held| {
            let before = &held.otp;
            let after = patch.clone().apply(before.row.clone());
            let errors = after.out_of_range();
            if !errors.is_empty() {
                return Err(ChangeError::Invalid(errors));
            }
            Ok(NewSettings {
                on: before.version,
                document: to_text(&after)?,
                changes: json!({ "before": before.row, "after": after }),
            })
        })
        .await
    }

    /// Writes what `make` makes of the environment as it is held here.
    async fn put(
        &self,
        actor: &Actor,
        environment: EnvironmentId,
        kind: SettingsKind,
        expected: Expected,
        make: impl Fn(&EnvironmentSnapshot) -> Result<NewSettings, ChangeError>,
    ) -> Result<(), ChangeError> {
        for _ in 0..ATTEMPTS {
            let new = make(&*self.environment(environment)?)?;
            let row = SettingsRow {
                environment_id: environment,
                kind,
                document: new.document,
                updated_at: self.clock.now(),
            };
            let action = format!("settings.{kind}.update");
            let audit = self.audit(
                actor,
                environment,
                &action,
                &environment.to_string(),
                &new.changes,
            );
            let on = pinned(expected, new.on);
            let change = self.store.put_settings(row, on, audit).await?;
            if !self.is_to_be_repeated(change, expected).await? {
                return self.finish(change).await;
            }
        }
        Err(ChangeError::VersionMismatch)
    }

    fn environment(&self, id: EnvironmentId) -> Result<Arc<EnvironmentSnapshot>, ChangeError> {
        let snapshot = self.directory.current();
        snapshot.environment(id).cloned().ok_or(ChangeError::NotFound)
    }

    /// Whether another change came between reading and writing, which whoever did not ask for a version need not know. The
    /// directory then holds that change.
    async fn is_to_be_repeated(&self, change: Change, expected: Expected) -> Result<bool, StoreError> {
        let overtaken = (change, expected) == (Change::VersionMismatch, Expected::Any);
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
            Change::Conflict => Err(ChangeError::Conflict),
        }
    }

    fn sealer(&self, environment: EnvironmentId) -> Sealer<'_> {
        Sealer {
            keys: &self.keys,
            environment,
        }
    }

    fn audit(
        &self,
        actor: &Actor,
        environment: EnvironmentId,
        action: &str,
        target: &str,
        changes: &Value,
    ) -> AuditEntry {
        let at: Timestamp = self.clock.now();
        AuditEntry {
            id: AuditId::time_ordered(&*self.random, at),
            environment_id: Some(environment),
            key_id: Some(actor.key_id),
            action: action.to_owned(),
            target: target.to_owned(),
            changes: changes.to_string(),
            remote_address: Some(actor.remote_address.clone()),
            at,
        }
    }
}
