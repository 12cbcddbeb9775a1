//! From an environment as it is and as it is to be to the steps between, each with its audit entry. An entry has no key and no
//! address: who may run a command on the installation needs neither.

use serde::Serialize;
use serde_json::{Value, json};

use super::Declarations;
use super::difference::{email_secrets, sms_secrets};
use super::state::{Contents, State};
use crate::domain::environment::{Application, Environment, SettingsKind};
use crate::domain::id::{AuditId, EnvironmentId};
use crate::domain::time::Timestamp;
use crate::service::administration::{application_fields, content_difference, environment_fields};
use crate::service::settings::Sealer;
use crate::service::settings::content::EmailContentDocument;
use crate::service::settings::email::EmailDocument;
use crate::service::settings::sms::SmsDocument;
use crate::store::StoreError;
use crate::store::directory::{AuditEntry, SettingsRow, Step, Write};

/// The steps from `before`, `None` for an environment that is to be made, to `after`.
pub(super) fn steps(
    with: &Declarations<'_>,
    before: Option<&State>,
    after: &State,
) -> Result<Vec<Step>, StoreError> {
    let mut taken = Steps {
        with,
        environment: after.environment.id,
        at: with.at,
        written: Vec::new(),
    };
    let made;
    let was = if let Some(before) = before {
        taken.environment(&before.environment, &after.environment);
        &before.contents
    } else {
        taken.new_environment(after);
        made = Contents::of_new(after.contents.connections.clone());
        &made
    };
    taken.settings(was, &after.contents)?;
    for application in &after.contents.applications {
        let held = was.applications.iter().find(|held| held.id == application.id);
        taken.application(held, application);
    }
    Ok(taken.written)
}

struct Steps<'a> {
    with: &'a Declarations<'a>,
    environment: EnvironmentId,
    at: Timestamp,
    written: Vec<Step>,
}

impl Steps<'_> {
    fn push(&mut self, write: Write, action: &str, target: &str, changes: &Value) {
        let audit = AuditEntry {
            id: AuditId::time_ordered(self.with.random, self.at),
            environment_id: Some(self.environment),
            key_id: None,
            action: action.to_owned(),
            target: target.to_owned(),
            changes: changes.to_string(),
            remote_address: None,
            at: self.at,
        };
        self.written.push(Step { write, audit });
    }

    fn new_environment(&mut self, after: &State) {
        let environment = &after.environment;
        let write = Write::NewEnvironment {
            environment: environment.clone(),
            connections: after.contents.connections.clone(),
        };
        let changes = json!({ "after": environment_fields(environment) });
        self.push(write, "environment.create", &environment.id.to_string(), &changes);
    }

    fn environment(&mut self, before: &Environment, after: &Environment) {
        if before == after {
            return;
        }
        let changes = json!({ "before": environment_fields(before), "after": environment_fields(after) });
        let environment = Environment {
            updated_at: self.at,
            ..after.clone()
        };
        let target = after.id.to_string();
        self.push(
            Write::Environment(environment),
            "environment.update",
            &target,
            &changes,
        );
    }

    fn settings(&mut self, before: &Contents, after: &Contents) -> Result<(), StoreError> {
        let sealer = Sealer {
            keys: self.with.keys.in_use(self.at),
            environment: self.environment,
        };
        if before.sms != after.sms {
            let changed = sms_secrets(&before.sms) != sms_secrets(&after.sms);
            let document = SmsDocument::of(&after.sms);
            let was = SmsDocument::of(&before.sms).hint();
            let audited = with_secrets(was, document.clone().hint(), changed);
            self.put(
                SettingsKind::Sms,
                &document.seal(sealer, self.with.random),
                &audited,
            )?;
        }
        // The texts go with the server that alone may send them.
        let loses_texts = before.email.custom_sender.is_some() && after.email.custom_sender.is_none();
        if before.email != after.email {
            let changed = email_secrets(&before.email) != email_secrets(&after.email);
            let document = EmailDocument::of(&after.email);
            let was = EmailDocument::of(&before.email).hint();
            let audited = with_secrets(was, document.clone().hint(), changed);
            let stored = document.seal(sealer, self.with.random);
            let clears = loses_texts.then_some(SettingsKind::Content);
            self.put_and_clear(SettingsKind::Email, &stored, clears, &audited)?;
        }
        if before.content != after.content && !loses_texts {
            let document = EmailContentDocument::of(&after.content);
            let changes = content_difference(&EmailContentDocument::of(&before.content), &document);
            self.put(SettingsKind::Content, &document, &changes)?;
        }
        if before.mfa != after.mfa {
            let changes = json!({ "before": before.mfa, "after": after.mfa });
            self.put(SettingsKind::Mfa, &after.mfa, &changes)?;
        }
        if before.otp != after.otp {
            let changes = json!({ "before": before.otp, "after": after.otp });
            self.put(SettingsKind::Otp, &after.otp, &changes)?;
        }
        Ok(())
    }

    fn put(
        &mut self,
        kind: SettingsKind,
        document: &impl Serialize,
        changes: &Value,
    ) -> Result<(), StoreError> {
        self.put_and_clear(kind, document, None, changes)
    }

    fn put_and_clear(
        &mut self,
        kind: SettingsKind,
        document: &impl Serialize,
        clears: Option<SettingsKind>,
        changes: &Value,
    ) -> Result<(), StoreError> {
        let row = SettingsRow {
            environment_id: self.environment,
            kind,
            document: serde_json::to_string(document).map_err(|error| StoreError::Statement(error.into()))?,
            updated_at: self.at,
        };
        let target = self.environment.to_string();
        self.push(
            Write::Settings { row, clears },
            &format!("settings.{kind}.update"),
            &target,
            changes,
        );
        Ok(())
    }

    fn application(&mut self, before: Option<&Application>, after: &Application) {
        let target = after.id.to_string();
        let fields = application_fields(after);
        match before {
            None => {
                // As it would have been made by hand: with everything off, and then switched on.
                let made = Application {
                    connections: Vec::new(),
                    ..after.clone()
                };
                let changes = json!({ "after": fields });
                self.push(
                    Write::NewApplication(made),
                    "application.create",
                    &target,
                    &changes,
                );
            }
            Some(before) if application_fields(before) != fields => {
                let changes = json!({ "before": application_fields(before), "after": fields });
                let application = Application {
                    updated_at: self.at,
                    ..after.clone()
                };
                self.push(
                    Write::Application(application),
                    "application.update",
                    &target,
                    &changes,
                );
            }
            Some(_) => {}
        }
        let was_on = before.map_or(&[][..], |before| &before.connections);
        let off = was_on.iter().filter(|one| !after.connections.contains(one));
        let on = after.connections.iter().filter(|one| !was_on.contains(one));
        for (connection, on) in off.map(|one| (one, false)).chain(on.map(|one| (one, true))) {
            let changes = json!({ "application_id": after.id, "before": { "enabled": !on }, "after": { "enabled": on } });
            let write = Write::Switch {
                application: after.id,
                connection: *connection,
                on,
            };
            let action = if on {
                "connection.enable"
            } else {
                "connection.disable"
            };
            self.push(write, action, &connection.to_string(), &changes);
        }
    }
}

fn with_secrets(before: impl Serialize, after: impl Serialize, secrets_changed: bool) -> Value {
    let secrets = if secrets_changed { "changed" } else { "kept" };
    json!({ "before": json!(before), "after": json!(after), "secrets": secrets })
}
