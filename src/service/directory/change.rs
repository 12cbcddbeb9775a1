//! A change of the directory: steps and what the audit log says of each. Whoever changes something, over HTTP, by a file, at the
//! first start or after a rotation of keys, says here what was and what is to be.

use serde_json::{Value, json};
use uuid::Uuid;

use super::fields::{
    application_fields, content_difference, email_secrets, environment_fields, key_fields, sms_secrets,
};
use super::record;
use super::snapshot::EnvironmentSnapshot;
use crate::domain::content::EmailContent;
use crate::domain::environment::{Application, Connection, Environment, KeyRecord};
use crate::domain::id::{AuditId, EnvironmentId};
use crate::domain::keyring::KeyRing;
use crate::domain::policy::OtpPolicy;
use crate::domain::random::Random;
use crate::domain::settings::{EmailSettings, MfaSettings, SmsSettings};
use crate::domain::time::Timestamp;
use crate::service::actor::Actor;
use crate::service::settings::Sealer;
use crate::service::settings::content::EmailContentDocument;
use crate::service::settings::email::EmailDocument;
use crate::service::settings::sms::SmsDocument;
use crate::store::directory::{Commit, Kind, Record, Step};
use crate::store::{SharedStore, StoreError};

/// Steps that are taken together, or not at all.
pub struct Change<'a> {
    keys: &'a KeyRing,
    random: &'a dyn Random,
    actor: &'a Actor,
    at: Timestamp,
    steps: Vec<Step>,
    last_entry: Option<AuditId>,
}

impl<'a> Change<'a> {
    /// A change that `actor` makes at `at`.
    pub fn by(actor: &'a Actor, keys: &'a KeyRing, random: &'a dyn Random, at: Timestamp) -> Self {
        Self {
            keys,
            random,
            actor,
            at,
            steps: Vec::new(),
            last_entry: None,
        }
    }

    /// When it is made.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether there is anything to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Takes the steps, if nobody has changed what they change since the revision `on`.
    pub async fn commit(self, store: &SharedStore, on: i64) -> Result<Commit, StoreError> {
        if self.steps.is_empty() {
            return Ok(Commit::Committed);
        }
        store.commit(on, self.at, self.steps).await
    }

    /// Makes an environment with its connections.
    pub fn create_environment(
        &mut self,
        environment: &Environment,
        connections: &[Connection],
    ) -> Result<(), StoreError> {
        self.put(record::of_environment(environment)?);
        for connection in connections {
            self.put(record::of_connection(connection)?);
        }
        let changes = json!({ "after": environment_fields(environment) });
        self.tell(environment.id, "environment.create", &environment.id, &changes);
        Ok(())
    }

    /// Changes an environment's own fields, where they differ.
    pub fn update_environment(
        &mut self,
        before: &Environment,
        after: &Environment,
    ) -> Result<(), StoreError> {
        if before == after {
            return Ok(());
        }
        self.put(record::of_environment(&Environment {
            updated_at: self.at,
            ..after.clone()
        })?);
        let changes = json!({ "before": environment_fields(before), "after": environment_fields(after) });
        self.tell(after.id, "environment.update", &after.id, &changes);
        Ok(())
    }

    /// Removes an environment with all that is in it.
    pub fn delete_environment(&mut self, held: &EnvironmentSnapshot) {
        let id = held.id();
        self.remove(Kind::Environment, id.0, Some(id));
        let changes = json!({ "before": environment_fields(&held.environment) });
        self.tell(id, "environment.delete", &id, &changes);
    }

    /// Makes an application, or changes its fields and what is switched on for it, where they differ.
    pub fn put_application(
        &mut self,
        before: Option<&Application>,
        after: &Application,
    ) -> Result<(), StoreError> {
        if before == Some(after) {
            return Ok(());
        }
        self.put(record::of_application(&Application {
            updated_at: self.at,
            ..after.clone()
        })?);
        let environment = after.environment_id;
        let fields = application_fields(after);
        match before.map(application_fields) {
            None => self.tell(
                environment,
                "application.create",
                &after.id,
                &json!({ "after": fields }),
            ),
            Some(before) if before != fields => {
                let changes = json!({ "before": before, "after": fields });
                self.tell(environment, "application.update", &after.id, &changes);
            }
            Some(_) => {}
        }
        let was_on = before.map_or(&[][..], |before| &before.connections);
        let off = was_on.iter().filter(|one| !after.connections.contains(one));
        let on = after.connections.iter().filter(|one| !was_on.contains(one));
        for (connection, on) in off.map(|one| (one, false)).chain(on.map(|one| (one, true))) {
            let changes = json!({ "application_id": after.id, "before": { "enabled": !on }, "after": { "enabled": on } });
            let action = if on {
                "connection.enable"
            } else {
                "connection.disable"
            };
            self.tell(environment, action, connection, &changes);
        }
        Ok(())
    }

    /// Removes an application with its keys.
    pub fn delete_application(&mut self, environment: &EnvironmentSnapshot, held: &Application) {
        let id = environment.id();
        self.remove(Kind::Application, held.id.0, Some(id));
        for key in environment.keys.values() {
            if key.application_id == Some(held.id) {
                self.remove(Kind::Key, key.id.0, Some(id));
            }
        }
        let changes = json!({ "before": application_fields(held) });
        self.tell(id, "application.delete", &held.id, &changes);
    }

    /// Makes a key of an application of `environment`, or of an administrator.
    pub fn create_key(
        &mut self,
        environment: Option<EnvironmentId>,
        key: &KeyRecord,
    ) -> Result<(), StoreError> {
        self.put(record::of_key(environment, key)?);
        let changes = json!({ "after": key_fields(key) });
        self.tell(environment, "key.create", &key.id, &changes);
        Ok(())
    }

    /// Revokes a key.
    pub fn revoke_key(&mut self, environment: Option<EnvironmentId>, key: &KeyRecord) {
        self.remove(Kind::Key, key.id.0, environment);
        let changes = json!({ "before": key_fields(key) });
        self.tell(environment, "key.revoke", &key.id, &changes);
    }

    /// Replaces the SMS settings.
    pub fn put_sms(
        &mut self,
        environment: EnvironmentId,
        before: &SmsSettings,
        after: &SmsSettings,
    ) -> Result<(), StoreError> {
        self.seal_sms(environment, after)?;
        let (was, is) = (SmsDocument::of(before), SmsDocument::of(after));
        let changes = json!({
            "before": was.hint(),
            "after": is.hint(),
            "secrets": changed(sms_secrets(before) != sms_secrets(after)),
        });
        self.tell_settings(environment, Kind::Sms, "update", &changes);
        Ok(())
    }

    /// Replaces the email settings. Without a custom sender its details are gone from the database, and with them the texts that
    /// only its emails may have.
    pub fn put_email(
        &mut self,
        environment: EnvironmentId,
        before: &EmailSettings,
        after: &EmailSettings,
        content: &EmailContent,
    ) -> Result<(), StoreError> {
        self.seal_email(environment, after)?;
        let switches_off = before.custom_sender.is_some() && after.custom_sender.is_none();
        if switches_off {
            // Written also where there was nothing, so that a change made of what it held before cannot land on it any more.
            let none = EmailContentDocument::default();
            self.put(record::of_settings(environment, Kind::Content, &none)?);
        }
        let removed = switches_off && !content.0.is_empty();
        let (was, is) = (EmailDocument::of(before), EmailDocument::of(after));
        let changes = json!({
            "before": was.hint(),
            "after": is.hint(),
            "secrets": changed(email_secrets(before) != email_secrets(after)),
            "content": if removed { "removed" } else { "kept" },
        });
        self.tell_settings(environment, Kind::Email, "update", &changes);
        Ok(())
    }

    /// Replaces the texts of emails.
    pub fn put_content(
        &mut self,
        environment: EnvironmentId,
        before: &EmailContent,
        after: &EmailContent,
    ) -> Result<(), StoreError> {
        let (before, after) = (EmailContentDocument::of(before), EmailContentDocument::of(after));
        self.put(record::of_settings(environment, Kind::Content, &after)?);
        let changes = content_difference(&before, &after);
        self.tell_settings(environment, Kind::Content, "update", &changes);
        Ok(())
    }

    /// Replaces which factors `mfa` may use.
    pub fn put_mfa(
        &mut self,
        environment: EnvironmentId,
        before: MfaSettings,
        after: MfaSettings,
    ) -> Result<(), StoreError> {
        self.put(record::of_settings(environment, Kind::Mfa, &after)?);
        let changes = json!({ "before": before, "after": after });
        self.tell_settings(environment, Kind::Mfa, "update", &changes);
        Ok(())
    }

    /// Replaces the rules of codes.
    pub fn put_otp(
        &mut self,
        environment: EnvironmentId,
        before: &OtpPolicy,
        after: &OtpPolicy,
    ) -> Result<(), StoreError> {
        self.put(record::of_settings(environment, Kind::Otp, after)?);
        let changes = json!({ "before": before, "after": after });
        self.tell_settings(environment, Kind::Otp, "update", &changes);
        Ok(())
    }

    /// Seals the secrets of the SMS settings anew, under the keys in use.
    pub fn reseal_sms(
        &mut self,
        environment: EnvironmentId,
        settings: &SmsSettings,
    ) -> Result<(), StoreError> {
        self.seal_sms(environment, settings)?;
        self.tell_settings(environment, Kind::Sms, "reseal", &resealed());
        Ok(())
    }

    /// As [`Self::reseal_sms`].
    pub fn reseal_email(
        &mut self,
        environment: EnvironmentId,
        settings: &EmailSettings,
    ) -> Result<(), StoreError> {
        self.seal_email(environment, settings)?;
        self.tell_settings(environment, Kind::Email, "reseal", &resealed());
        Ok(())
    }

    fn seal_sms(&mut self, environment: EnvironmentId, settings: &SmsSettings) -> Result<(), StoreError> {
        let sealed = SmsDocument::of(settings).seal(self.sealer(environment), self.random);
        self.put(record::of_settings(environment, Kind::Sms, &sealed)?);
        Ok(())
    }

    fn seal_email(&mut self, environment: EnvironmentId, settings: &EmailSettings) -> Result<(), StoreError> {
        let sealed = EmailDocument::of(settings).seal(self.sealer(environment), self.random);
        self.put(record::of_settings(environment, Kind::Email, &sealed)?);
        Ok(())
    }

    fn sealer(&self, environment: EnvironmentId) -> Sealer<'a> {
        Sealer {
            keys: self.keys.in_use(self.at),
            environment,
        }
    }

    fn put(&mut self, record: Record) {
        self.steps.push(Step::Put(record));
    }

    fn remove(&mut self, kind: Kind, id: Uuid, environment_id: Option<EnvironmentId>) {
        self.steps.push(Step::Remove {
            kind,
            id,
            environment_id,
        });
    }

    fn tell_settings(&mut self, environment: EnvironmentId, kind: Kind, verb: &str, changes: &Value) {
        self.tell(
            environment,
            &format!("settings.{kind}.{verb}"),
            &environment,
            changes,
        );
    }

    fn tell(
        &mut self,
        environment: impl Into<Option<EnvironmentId>>,
        action: &str,
        target: &dyn ToString,
        changes: &Value,
    ) {
        let (environment, what) = (environment.into(), (action, target));
        let mut entry = self.actor.entry(self.random, self.at, environment, what, changes);
        // Entries of one change keep their order.
        if let Some(last) = self.last_entry {
            entry.id = last.next();
        }
        self.last_entry = Some(entry.id);
        self.steps.push(Step::Audit(entry));
    }
}

fn changed(differs: bool) -> &'static str {
    if differs { "changed" } else { "kept" }
}

fn resealed() -> Value {
    json!({ "secrets": "sealed under the keys in use" })
}
