//! What to tell of a change: field by field, before and after, and of a secret only that it changes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::domain::environment::{Application, Connection};
use crate::service::directory::fields::{PlacedSecret, email_secrets, environment_fields, sms_secrets};
use crate::service::directory::{Contents, EnvironmentSnapshot};
use crate::service::settings::content::EmailContentDocument;
use crate::service::settings::email::EmailDocument;
use crate::service::settings::sms::SmsDocument;

/// A field that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The code of the environment.
    pub environment: String,
    /// The field as a key of the file, such as `sms.twilio.account_sid`; empty for the environment itself.
    pub field: String,
    /// What becomes of it.
    pub what: What,
}

/// What becomes of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is made.
    New,
    /// Another value; `null` for none.
    Value {
        /// As it is.
        before: Value,
        /// As it is to be.
        after: Value,
    },
    /// A secret becomes another one.
    SecretChanged,
    /// A secret stays, in a section of which something else changes.
    SecretKept,
    /// A secret is removed.
    SecretRemoved,
}

/// The strategies of the connections that are switched on, in one order.
pub(super) fn switched_on(connections: &[Connection], application: &Application) -> Vec<&'static str> {
    let on = |id| application.connections.contains(id);
    let connections = connections.iter().filter(|held| on(&held.id));
    let strategies: BTreeSet<_> = connections.map(|held| held.strategy.as_str()).collect();
    strategies.into_iter().rev().collect()
}

/// Everything that differs; `before` is `None` for an environment that is to be made.
pub(super) fn between(before: Option<&EnvironmentSnapshot>, after: &EnvironmentSnapshot) -> Vec<Changed> {
    let mut differences = Differences {
        environment: &after.environment.code,
        found: Vec::new(),
    };
    let fields = if let Some(before) = before {
        environment_fields(&before.environment)
    } else {
        differences.push(String::new(), What::New);
        json!({ "code": after.environment.code })
    };
    differences.values("", &fields, &environment_fields(&after.environment));
    let bare = Contents::of_new(after.connections.clone());
    let was = before.map_or(&bare, |before| &before.contents);
    differences.settings(was, after);
    for application in after.applications.values() {
        differences.application(was, after, &application.row);
    }
    differences.found
}

struct Differences<'a> {
    environment: &'a str,
    found: Vec<Changed>,
}

impl Differences<'_> {
    fn push(&mut self, field: String, what: What) {
        self.found.push(Changed {
            environment: self.environment.to_owned(),
            field,
            what,
        });
    }

    /// Field by field; an object that is not there has no field set.
    fn values(&mut self, field: &str, before: &Value, after: &Value) {
        match (before.as_object(), after.as_object()) {
            (None, None) if before != after => {
                let (before, after) = (before.clone(), after.clone());
                self.push(field.to_owned(), What::Value { before, after });
            }
            (None, None) => {}
            (was, is) => {
                let names: BTreeSet<_> = was
                    .into_iter()
                    .chain(is)
                    .flat_map(|fields| fields.keys())
                    .collect();
                for name in names {
                    let of = |fields: Option<&serde_json::Map<String, Value>>| {
                        fields
                            .and_then(|fields| fields.get(name))
                            .cloned()
                            .unwrap_or_default()
                    };
                    self.values(&within(field, name), &of(was), &of(is));
                }
            }
        }
    }

    fn settings(&mut self, before: &Contents, after: &Contents) {
        if before.sms.row != after.sms.row {
            let shown = |sms| json!(SmsDocument::of(sms).with_secrets(|_, _| None::<()>));
            self.values("sms", &shown(&before.sms.row), &shown(&after.sms.row));
            self.secrets("sms", &sms_secrets(&before.sms.row), &sms_secrets(&after.sms.row));
        }
        if before.email.row != after.email.row {
            let shown = |email| json!(EmailDocument::of(email).with_secrets(|_, _| None::<()>));
            self.values("email", &shown(&before.email.row), &shown(&after.email.row));
            self.secrets(
                "email",
                &email_secrets(&before.email.row),
                &email_secrets(&after.email.row),
            );
        }
        if before.content.row != after.content.row {
            let shown = |content| json!(EmailContentDocument::of(content));
            self.values("content", &shown(&before.content.row), &shown(&after.content.row));
        }
        self.values("mfa", &json!(before.mfa.row), &json!(after.mfa.row));
        self.values("otp", &json!(before.otp.row), &json!(after.otp.row));
    }

    fn secrets(&mut self, section: &str, before: &[PlacedSecret], after: &[PlacedSecret]) {
        let find = |secrets: &[PlacedSecret], pointer| {
            let found = secrets.iter().find(|(other, _)| *other == pointer);
            found.map(|(_, secret)| secret.clone())
        };
        let pointers: BTreeSet<_> = before.iter().chain(after).map(|(pointer, _)| *pointer).collect();
        for pointer in pointers {
            let what = match (find(before, pointer), find(after, pointer)) {
                (was, is) if was == is => What::SecretKept,
                (_, None) => What::SecretRemoved,
                _ => What::SecretChanged,
            };
            self.push(format!("{section}{}", pointer.replace('/', ".")), what);
        }
    }

    fn application(&mut self, before: &Contents, after: &Contents, application: &Application) {
        let held = before.application(application.id);
        let field = within("applications", &application.name);
        let shown = |contents: &Contents, application: &Application| {
            let connections = switched_on(&contents.connections, application);
            json!({ "autofill_domain": application.autofill_domain, "connections": connections })
        };
        let was = if let Some(held) = held {
            shown(before, &held.row)
        } else {
            self.push(field.clone(), What::New);
            json!({ "connections": [] })
        };
        self.values(&field, &was, &shown(after, application));
    }
}

/// A name within a field, in quotes where the file needs them.
fn within(field: &str, name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let name = if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        format!("{name:?}")
    };
    if field.is_empty() {
        name
    } else {
        format!("{field}.{name}")
    }
}
