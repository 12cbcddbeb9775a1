//! A change of the directory: steps and what the audit log says of each. Whoever changes something, over HTTP, by a file, at the
//! first start or after a rotation of keys, says here what was and what is to be.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fields::{content_difference, key_fields};
use super::record;
use super::snapshot::EnvironmentSnapshot;
use crate::domain::content::EmailContent;
use crate::domain::environment::{Application, Environment, KeyRecord};
use crate::domain::id::{AuditId, EnvironmentId};
use crate::domain::keyring::KeyRing;
use crate::domain::policy::OtpPolicy;
use crate::domain::random::Random;
use crate::domain::secret::Secret;
use crate::domain::settings::{EmailSettings, MfaSettings, Secrets, SmsSettings};
use crate::domain::time::Timestamp;
use crate::service::actor::Actor;
use crate::service::settings::{SealedSecret, SecretHint, hint, seal, secrets};
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
    pub fn create_environment(&mut self, made: &EnvironmentSnapshot) -> Result<(), StoreError> {
        let environment = &made.environment;
        self.put(record::of_environment(environment)?);
        for connection in &made.connections {
            let (id, of) = (connection.id.0, Some(environment.id));
            self.put(record::of(Kind::Connection, id, of, connection)?);
        }
        let changes = json!({ "after": environment.fields });
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
        let changes = json!({ "before": before.fields, "after": after.fields });
        self.tell(after.id, "environment.update", &after.id, &changes);
        Ok(())
    }

    /// Removes an environment with all that is in it.
    pub fn delete_environment(&mut self, held: &EnvironmentSnapshot) {
        let id = held.id();
        self.remove(Kind::Environment, id.0, Some(id));
        let changes = json!({ "before": held.environment.fields });
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
        let environment = after.environment_id;
        let put = Application {
            updated_at: self.at,
            ..after.clone()
        };
        self.put(record::of(
            Kind::Application,
            after.id.0,
            Some(environment),
            &put,
        )?);
        match before {
            None => {
                let changes = json!({ "after": after.fields });
                self.tell(environment, "application.create", &after.id, &changes);
            }
            Some(before) if before.fields != after.fields => {
                let changes = json!({ "before": before.fields, "after": after.fields });
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
        let changes = json!({ "before": held.fields });
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
        let changes = with_hints(before, after);
        self.put_sealed(environment, Kind::Sms, after, "update", &changes)
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
        let switches_off = before.custom_sender.is_some() && after.custom_sender.is_none();
        if switches_off {
            // Written also where there was nothing, so that a change made of what it held before cannot land on it any more.
            let none = EmailContent::default();
            self.put(record::of_settings(environment, Kind::Content, &none)?);
        }
        let removed = switches_off && !content.is_empty();
        let mut changes = with_hints(before, after);
        changes["content"] = json!(if removed { "removed" } else { "kept" });
        self.put_sealed(environment, Kind::Email, after, "update", &changes)
    }

    /// Replaces the texts of emails.
    pub fn put_content(
        &mut self,
        environment: EnvironmentId,
        before: &EmailContent,
        after: &EmailContent,
    ) -> Result<(), StoreError> {
        let changes = content_difference(before, after);
        self.put_settings(environment, Kind::Content, after, "update", &changes)
    }

    /// Replaces which factors `mfa` may use.
    pub fn put_mfa(
        &mut self,
        environment: EnvironmentId,
        before: MfaSettings,
        after: MfaSettings,
    ) -> Result<(), StoreError> {
        let changes = json!({ "before": before, "after": after });
        self.put_settings(environment, Kind::Mfa, &after, "update", &changes)
    }

    /// Replaces the rules of codes.
    pub fn put_otp(
        &mut self,
        environment: EnvironmentId,
        before: &OtpPolicy,
        after: &OtpPolicy,
    ) -> Result<(), StoreError> {
        let changes = json!({ "before": before, "after": after });
        self.put_settings(environment, Kind::Otp, after, "update", &changes)
    }

    /// Seals the secrets of settings anew, under the keys in use.
    pub fn reseal<D>(
        &mut self,
        environment: EnvironmentId,
        kind: Kind,
        settings: &D,
    ) -> Result<(), StoreError>
    where
        D: Secrets<Option<Secret>, With<Option<SealedSecret>>: Serialize> + Clone,
    {
        let changes = json!({ "secrets": "sealed under the keys in use" });
        self.put_sealed(environment, kind, settings, "reseal", &changes)
    }

    fn put_sealed<D>(
        &mut self,
        environment: EnvironmentId,
        kind: Kind,
        settings: &D,
        verb: &str,
        changes: &Value,
    ) -> Result<(), StoreError>
    where
        D: Secrets<Option<Secret>, With<Option<SealedSecret>>: Serialize> + Clone,
    {
        let keys = self.keys.in_use(self.at);
        let document = seal(settings.clone(), keys, environment, self.random);
        self.put_settings(environment, kind, &document, verb, changes)
    }

    fn put_settings(
        &mut self,
        environment: EnvironmentId,
        kind: Kind,
        document: &impl Serialize,
        verb: &str,
        changes: &Value,
    ) -> Result<(), StoreError> {
        self.put(record::of_settings(environment, kind, document)?);
        let action = format!("settings.{kind}.{verb}");
        self.tell(environment, &action, &environment, changes);
        Ok(())
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

/// Settings before and after a change with hints at their secrets, and whether these differ.
fn with_hints<D>(before: &D, after: &D) -> Value
where
    D: Secrets<Option<Secret>, With<SecretHint>: Serialize> + Clone,
{
    let differ = secrets(before.clone()) != secrets(after.clone());
    json!({
        "before": hint(before.clone()),
        "after": hint(after.clone()),
        "secrets": if differ { "changed" } else { "kept" },
    })
}
