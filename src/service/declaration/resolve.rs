//! From what the file says and the environments as they are to the environments as they are to be. Every mistake is found, also
//! behind another one.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Declarations;
use super::difference::{email_secrets, sms_secrets};
use super::node::{self, child};
use super::secret::DeclaredSecret;
use super::state::State;
use crate::domain::environment::{Application, Connection, Environment};
use crate::domain::field::FieldError;
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId};
use crate::domain::policy::OtpPolicy;
use crate::domain::settings::{EmailSettings, SmsSettings};
use crate::domain::verification::Strategy;
use crate::service::administration::{ApplicationPatch, EnvironmentPatch, NewEnvironment, OtpPolicyPatch};
use crate::service::settings::GivenSecret;
use crate::service::settings::email::EmailDocument;
use crate::service::settings::sms::SmsDocument;

const ENVIRONMENT_FIELDS: &[&str] = &[
    "name",
    "business_name",
    "business_url",
    "default_country",
    "default_locale",
];
const SECTIONS: &[&str] = &["sms", "email", "mfa", "otp", "applications"];
const APPLICATION_FIELDS: &[&str] = &["autofill_domain", "connections"];

const NOTHING_KEPT: &str =
    "is to be kept, but none is stored; say where it stands: { env = \"NAME\" } or { file = \"PATH\" }";

/// The environments that the file mentions, as they are to be.
///
/// # Errors
/// Everything that is wrong, each with its JSON pointer.
pub(super) fn resolve(
    with: &Declarations<'_>,
    document: &Value,
    before: &[State],
) -> Result<Vec<State>, Vec<FieldError>> {
    let mut resolving = Resolving {
        with,
        errors: Vec::new(),
    };
    let root = resolving.table(document, "", &["environments"], &[]);
    let mut states = Vec::new();
    if let Some(environments) = root.get("environments") {
        if let Some(environments) = environments.as_object() {
            for (code, value) in environments {
                let held = before.iter().find(|held| held.environment.code == *code);
                states.extend(resolving.environment(code, value, held));
            }
        } else {
            resolving.refuse("/environments", "must be a table of environments by their codes");
        }
    }
    if resolving.errors.is_empty() {
        Ok(states)
    } else {
        Err(resolving.errors)
    }
}

struct Resolving<'a> {
    with: &'a Declarations<'a>,
    errors: Vec<FieldError>,
}

impl Resolving<'_> {
    /// One mistake is told per place: the first, of which the others follow.
    fn refuse(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        let error = FieldError::new(pointer, detail);
        if !self.errors.iter().any(|told| told.pointer == error.pointer) {
            self.errors.push(error);
        }
    }

    fn sift<T>(&mut self, pointer: &str, read: Result<T, Vec<FieldError>>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(errors) => {
                for error in errors {
                    self.refuse(format!("{pointer}{}", error.pointer), error.detail);
                }
                None
            }
        }
    }

    fn read<T: DeserializeOwned>(&mut self, value: &Value, pointer: &str) -> Option<T> {
        node::read(value, pointer, &mut self.errors)
    }

    /// The known keys of a table. In a field text that is empty is none.
    fn table(&mut self, value: &Value, pointer: &str, sections: &[&str], fields: &[&str]) -> Map<String, Value> {
        let mut known = Map::new();
        let Some(table) = value.as_object() else {
            self.refuse(pointer, "must be a table");
            return known;
        };
        for (name, value) in table {
            if fields.contains(&name.as_str()) {
                let value = if value == "" { Value::Null } else { value.clone() };
                known.insert(name.clone(), value);
            } else if sections.contains(&name.as_str()) {
                known.insert(name.clone(), value.clone());
            } else {
                let all: Vec<_> = fields.iter().chain(sections).copied().collect();
                let detail = format!("is not a known key; known here are {}", all.join(", "));
                self.refuse(child(pointer, name), detail);
            }
        }
        known
    }

    fn environment(&mut self, code: &str, value: &Value, held: Option<&State>) -> Option<State> {
        let pointer = child("/environments", code);
        let mut table = self.table(value, &pointer, SECTIONS, ENVIRONMENT_FIELDS);
        let mut sections = Map::new();
        for name in SECTIONS {
            sections.extend(table.remove_entry(*name));
        }
        let environment = self.own_fields(&pointer, code, table, held);
        let made;
        let held = match (held, &environment) {
            (Some(held), _) => held,
            (None, Some(environment)) => {
                let connections = Connection::of_new_environment(self.with.random, environment.id);
                made = State::of_new(environment.clone(), connections.to_vec());
                &made
            }
            // Its other mistakes are told when it can be made.
            (None, None) => return None,
        };
        let mut state = held.clone();
        let has_more = sections.iter().map(|(name, value)| {
            let pointer = child(&pointer, name);
            self.section(name, &pointer, value, held, &mut state)
        });
        let _: usize = has_more.filter(Option::is_some).count();
        state.environment = environment?;
        Some(state)
    }
}
