//! From what the file says and the environments as they are to the environments as they are to be. Every mistake is found, also
//! behind another one.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Declarations;
use super::difference::{email_secrets, sms_secrets};
use super::node::{self, child};
use super::secret::DeclaredSecret;
use super::state::{Contents, State};
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
    fn table(
        &mut self,
        value: &Value,
        pointer: &str,
        sections: &[&str],
        fields: &[&str],
    ) -> Map<String, Value> {
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
        let table = self.table(value, &pointer, SECTIONS, ENVIRONMENT_FIELDS);
        let (sections, fields): (Map<_, _>, Map<_, _>) = table
            .into_iter()
            .partition(|(name, _)| SECTIONS.contains(&name.as_str()));
        let (id, was) = match held {
            Some(held) => (held.environment.id, held.contents.clone()),
            None => {
                let id = EnvironmentId::time_ordered(self.with.random, self.with.clock.now());
                let connections = Connection::of_new_environment(self.with.random, id);
                (id, Contents::of_new(connections.to_vec()))
            }
        };
        let environment = match held {
            Some(held) => self.changed(&pointer, fields, &held.environment),
            None => self.made(&pointer, fields, code, id),
        };
        let contents = self.contents(&pointer, &sections, id, was);
        Some(State {
            environment: environment?,
            contents,
        })
    }

    fn changed(
        &mut self,
        pointer: &str,
        fields: Map<String, Value>,
        held: &Environment,
    ) -> Option<Environment> {
        let patch: EnvironmentPatch = self.read(&fields.into(), pointer)?;
        self.sift(pointer, patch.apply(held.clone()))
    }

    fn made(
        &mut self,
        pointer: &str,
        mut fields: Map<String, Value>,
        code: &str,
        id: EnvironmentId,
    ) -> Option<Environment> {
        for needed in ["name", "business_name", "business_url"] {
            if !fields.contains_key(needed) {
                self.refuse(
                    child(pointer, needed),
                    "is missing, and there is no such environment yet",
                );
            }
        }
        fields.insert("code".to_owned(), code.into());
        let new: NewEnvironment = self.read(&fields.into(), pointer)?;
        let read = new.read(id, self.with.clock.now()).map_err(|errors| {
            // The code is the table's own name.
            let own = |mut error: FieldError| {
                if error.pointer == "/code" {
                    error.pointer.clear();
                }
                error
            };
            errors.into_iter().map(own).collect()
        });
        self.sift(pointer, read)
    }

    fn contents(
        &mut self,
        pointer: &str,
        sections: &Map<String, Value>,
        id: EnvironmentId,
        mut contents: Contents,
    ) -> Contents {
        for (name, value) in sections {
            let pointer = child(pointer, name);
            match name.as_str() {
                "sms" => contents.sms = self.sms(&pointer, value, &contents.sms).unwrap_or(contents.sms),
                "email" => {
                    contents.email = self
                        .email(&pointer, value, &contents.email)
                        .unwrap_or(contents.email);
                }
                "mfa" => contents.mfa = self.read(value, &pointer).unwrap_or(contents.mfa),
                "otp" => contents.otp = self.otp(&pointer, value).unwrap_or(contents.otp),
                _ => self.applications(&pointer, value, id, &mut contents),
            }
        }
        contents
    }

    fn sms(&mut self, pointer: &str, value: &Value, stored: &SmsSettings) -> Option<SmsSettings> {
        let document: SmsDocument<DeclaredSecret> = self.read(value, pointer)?;
        let held = sms_secrets(stored);
        let document = document.with_secrets(|place, declared| {
            let is_stored = held.iter().any(|(stored, _)| *stored == place);
            self.secret(&format!("{pointer}{place}"), declared, is_stored)
        });
        self.sift(pointer, document.resolve(stored))
    }

    fn email(&mut self, pointer: &str, value: &Value, stored: &EmailSettings) -> Option<EmailSettings> {
        let document: EmailDocument<DeclaredSecret> = self.read(value, pointer)?;
        let is_stored = !email_secrets(stored).is_empty();
        let document = document
            .with_secrets(|place, declared| self.secret(&format!("{pointer}{place}"), declared, is_stored));
        self.sift(pointer, document.resolve(stored, self.with.allow_plaintext_smtp))
    }

    /// The secret itself, or the word to keep the stored one.
    fn secret(&mut self, pointer: &str, declared: DeclaredSecret, is_stored: bool) -> Option<GivenSecret> {
        match declared {
            DeclaredSecret::Reference(reference) => match (self.with.read_secret)(&reference) {
                Ok(secret) => return Some(GivenSecret::New(secret)),
                Err(problem) => self.refuse(pointer, problem),
            },
            DeclaredSecret::Keep if is_stored => return Some(GivenSecret::ReadBack),
            DeclaredSecret::Keep => self.refuse(pointer, NOTHING_KEPT),
        }
        None
    }

    /// As a PUT of the whole document: what is left out takes its default.
    fn otp(&mut self, pointer: &str, value: &Value) -> Option<OtpPolicy> {
        let patch: OtpPolicyPatch = self.read(value, pointer)?;
        let policy = patch.apply(OtpPolicy::default());
        let errors = policy.out_of_range();
        self.sift(
            pointer,
            if errors.is_empty() {
                Ok(policy)
            } else {
                Err(errors)
            },
        )
    }

    fn applications(&mut self, pointer: &str, value: &Value, id: EnvironmentId, contents: &mut Contents) {
        let Some(applications) = value.as_object() else {
            self.refuse(pointer, "must be a table of applications by their names");
            return;
        };
        for (name, value) in applications {
            let pointer = child(pointer, name);
            let mut named = contents.applications.iter().filter(|held| held.name == *name);
            let held = named.next().cloned();
            if named.next().is_some() {
                let detail = "is the name of more than one application; give them names of their own first";
                self.refuse(pointer, detail);
                continue;
            }
            let is_new = held.is_none();
            let base = held.unwrap_or_else(|| self.new_application(id, name));
            let Some(application) = self.application(&pointer, value, base, &contents.connections, is_new)
            else {
                continue;
            };
            contents.applications.retain(|held| held.id != application.id);
            contents.applications.push(application);
        }
    }

    fn new_application(&self, environment_id: EnvironmentId, name: &str) -> Application {
        let now = self.with.clock.now();
        Application {
            id: ApplicationId::time_ordered(self.with.random, now),
            environment_id,
            name: name.to_owned(),
            autofill_domain: None,
            connections: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    fn application(
        &mut self,
        pointer: &str,
        value: &Value,
        base: Application,
        connections: &[Connection],
        is_new: bool,
    ) -> Option<Application> {
        let mut fields = self.table(value, pointer, &["connections"], &["autofill_domain"]);
        let switched_on = fields.remove("connections");
        let name = base.name.clone();
        let mut patch: ApplicationPatch = self.read(&fields.into(), pointer)?;
        if is_new {
            patch.name = Some(name.clone());
        }
        let read = patch.apply(base).map_err(|errors| {
            // The name is the table's own.
            let own = |mut error: FieldError| {
                if error.pointer == "/name" {
                    error.pointer.clear();
                }
                error
            };
            errors.into_iter().map(own).collect()
        });
        let mut application = self.sift(pointer, read)?;
        if application.name != name {
            self.refuse(pointer, "must not begin or end with a space");
        }
        if let Some(list) = switched_on {
            application.connections = self.switched_on(&child(pointer, "connections"), &list, connections)?;
        }
        Some(application)
    }

    fn switched_on(
        &mut self,
        pointer: &str,
        list: &Value,
        connections: &[Connection],
    ) -> Option<Vec<ConnectionId>> {
        let names: Vec<String> = self.read(list, pointer)?;
        let mut on = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let strategy = Strategy::parse(name);
            let found = connections.iter().find(|held| Some(held.strategy) == strategy);
            match found {
                Some(connection) if on.contains(&connection.id) => {}
                Some(connection) => on.push(connection.id),
                None => {
                    let known: Vec<_> = Strategy::ALL.iter().map(|one| format!("\"{one}\"")).collect();
                    let detail = format!("must be {}", known.join(" or "));
                    self.refuse(child(pointer, &index.to_string()), detail);
                }
            }
        }
        Some(on)
    }
}
