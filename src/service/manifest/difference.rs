//! What to tell of a change: field by field, before and after, and of a secret only that it changes.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::document::within_section;
use crate::domain::environment::{Application, Connection};
use crate::domain::secret::Secret;
use crate::domain::settings::Secrets;
use crate::service::directory::{Contents, EnvironmentSnapshot};
use crate::service::settings::secrets;

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
        environment: after.environment.fields.code.as_str(),
        found: Vec::new(),
    };
    let fields = if let Some(before) = before {
        json!(before.environment.fields)
    } else {
        differences.push(String::new(), What::New);
        json!({ "code": after.environment.fields.code })
    };
    differences.values("", &fields, &json!(after.environment.fields));
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
                    self.values(&within_section(field, name), &of(was), &of(is));
                }
            }
        }
    }

    fn settings(&mut self, before: &Contents, after: &Contents) {
        self.with_secrets("sms", &before.sms.row, &after.sms.row);
        self.with_secrets("email", &before.email.row, &after.email.row);
        self.values("content", &json!(before.content.row), &json!(after.content.row));
        self.values("mfa", &json!(before.mfa.row), &json!(after.mfa.row));
        self.values("otp", &json!(before.otp.row), &json!(after.otp.row));
    }

    fn with_secrets<D>(&mut self, section: &str, before: &D, after: &D)
    where
        D: Secrets<Option<Secret>, With<()>: Serialize> + Clone + PartialEq,
    {
        if before == after {
            return;
        }
        let shown = |settings: &D| json!(settings.clone().map_secrets(|_, _| ()));
        self.values(section, &shown(before), &shown(after));
        let (before, after) = (secrets(before.clone()), secrets(after.clone()));
        let places: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for place in places {
            let what = match (before.get(place), after.get(place)) {
                (was, is) if was == is => What::SecretKept,
                (_, None) => What::SecretRemoved,
                _ => What::SecretChanged,
            };
            self.push(format!("{section}{}", place.replace('/', ".")), what);
        }
    }

    fn application(&mut self, before: &Contents, after: &Contents, application: &Application) {
        let held = before.application(application.id);
        let field = within_section("applications", application.fields.name.as_str());
        let shown = |contents: &Contents, application: &Application| {
            let connections = switched_on(&contents.connections, application);
            json!({ "autofill_domain": application.fields.autofill_domain, "connections": connections })
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
