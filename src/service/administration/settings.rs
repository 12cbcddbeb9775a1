//! Settings documents: each is replaced whole, with its secrets sealed.

use serde::Serialize;
use serde_json::{Value, json};

use super::{ATTEMPTS, Actor, Administration, ChangeError, OtpPolicyPatch, pinned};
use crate::domain::environment::SettingsKind;
use crate::domain::id::EnvironmentId;
use crate::domain::settings::{MfaSettings, SmsSettings};
use crate::domain::time::Timestamp;
use crate::service::directory::EnvironmentSnapshot;
use crate::service::settings::email::EmailDocument;
use crate::service::settings::sms::SmsDocument;
use crate::service::settings::{GivenSecret, Sealer};
use crate::store::StoreError;
use crate::store::directory::{Expected, SettingsRow};

/// A settings document to be written.
pub(super) struct NewSettings {
    /// The version it is made of.
    pub(super) on: i64,
    pub(super) document: String,
    pub(super) changes: Value,
    /// Another document that loses its content by the same change.
    pub(super) clears: Option<SettingsKind>,
}

impl Administration {
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
            let sealed =
                SmsDocument::of(&settings).seal(self.sealer(environment, self.clock.now()?), &*self.random);
            Ok(NewSettings {
                on: held.sms.version,
                document: to_text(&sealed)?,
                changes: json!({
                    "before": SmsDocument::of(stored).hint(),
                    "after": SmsDocument::of(&settings).hint(),
                    "secrets": if secrets_given || drops_token(stored, &settings) { "changed" } else { "kept" },
                }),
                clears: None,
            })
        })
        .await
    }

    /// Replaces the email settings. Without a custom sender its details are gone from the database, and with them the texts
    /// that only its emails may have.
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
            let sealed = EmailDocument::of(&settings).seal(self.sealer(environment, self.clock.now()?), &*self.random);
            let switches_off = stored.custom_sender.is_some() && settings.custom_sender.is_none();
            Ok(NewSettings {
                on: held.email.version,
                document: to_text(&sealed)?,
                changes: json!({
                    "before": EmailDocument::of(stored).hint(),
                    "after": EmailDocument::of(&settings).hint(),
                    "secrets": if secret_given { "changed" } else { "kept" },
                    "content": if switches_off && !held.content.row.0.is_empty() { "removed" } else { "kept" },
                }),
                clears: switches_off.then_some(SettingsKind::Content),
            })
        })
        .await
    }

    /// Replaces which factors `mfa` may use.
    pub async fn put_mfa(
        &self,
        actor: &Actor,
        environment: EnvironmentId,
        settings: MfaSettings,
        expected: Expected,
    ) -> Result<(), ChangeError> {
        self.put(actor, environment, SettingsKind::Mfa, expected, |held| {
            let before = &held.mfa;
            Ok(NewSettings {
                on: before.version,
                document: to_text(&settings)?,
                changes: json!({ "before": before.row, "after": settings }),
                clears: None,
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
                clears: None,
            })
        })
        .await
    }

    /// Writes what `make` makes of the environment as it is held here.
    pub(super) async fn put(
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
                updated_at: self.clock.now()?,
            };
            let action = format!("settings.{kind}.update");
            let audit = self.audit(
                actor,
                environment,
                &action,
                &environment.to_string(),
                &new.changes,
            )?;
            let on = pinned(expected, new.on);
            let change = match new.clears {
                None => self.store.put_settings(row, on, audit).await?,
                Some(kind) => self.store.put_settings_and_clear(row, kind, on, audit).await?,
            };
            if !self.is_to_be_repeated(change, expected).await? {
                return self.finish(change).await;
            }
        }
        Err(ChangeError::VersionMismatch)
    }

    fn sealer(&self, environment: EnvironmentId, now: Timestamp) -> Sealer<'_> {
        Sealer {
            keys: self.keys.in_use(now),
            environment,
        }
    }
}

pub(super) fn to_text(document: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::Statement(error.into()))
}

/// Whether an account stays and its Auth Token goes.
fn drops_token(before: &SmsSettings, after: &SmsSettings) -> bool {
    let token_of = |settings: &SmsSettings| Some(settings.twilio.as_ref()?.auth_token.is_some());
    token_of(before) == Some(true) && token_of(after) == Some(false)
}
