//! From what the file says and the environments as they are to the environments as they are to be. Every mistake is found, also
//! behind another one.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Declarations;
use super::secret::DeclaredSecret;
use crate::document::{self, child};
use crate::domain::content::EmailContent;
use crate::domain::environment::{Connection, Environment};
use crate::domain::field::FieldError;
use crate::domain::id::EnvironmentId;
use crate::domain::policy::OtpPolicy;
use crate::service::administration::{EnvironmentPatch, NewEnvironment, OtpPolicyPatch};
use crate::service::directory::fields::{email_secrets, sms_secrets};
use crate::service::directory::{Contents, EnvironmentSnapshot};
use crate::service::settings::GivenSecret;
use crate::service::settings::content::EmailContentDocument;
use crate::service::settings::email::EmailDocument;
use crate::service::settings::sms::SmsDocument;

mod application;

const ENVIRONMENT_KEYS: &[&str] = &[
    "name",
    "business_name",
    "business_url",
    "default_country",
    "default_locale",
    "sms",
    "email",
    "content",
    "mfa",
    "otp",
    "applications",
];
/// In an order in which each may ask for what is before it.
const SECTIONS: &[&str] = &["sms", "email", "content", "mfa", "otp", "applications"];

const NO_CUSTOM_SENDER: &str =
    "needs email.custom_sender: only emails through a server of one's own have texts of one's own";
const NOTHING_KEPT: &str =
    "is to be kept, but none is stored; say where it stands: { env = \"NAME\" } or { file = \"PATH\" }";

/// The environments that the file mentions, as they are to be.
///
/// # Errors
/// Everything that is wrong, each with its JSON pointer.
pub(super) fn resolve(
    with: &Declarations<'_>,
    document: &Value,
    held: &BTreeMap<String, &EnvironmentSnapshot>,
) -> Result<Vec<EnvironmentSnapshot>, Vec<FieldError>> {
    let mut resolving = Resolving {
        with,
        errors: Vec::new(),
    };
    let root = resolving.table(document, "", &["environments"], &[]);
    let mut found = Vec::new();
    if let Some(environments) = root.get("environments") {
        if let Some(environments) = environments.as_object() {
            for (code, value) in environments {
                let held = held.get(code).copied();
                found.extend(resolving.environment(code, value, held));
            }
        } else {
            resolving.refuse("/environments", "must be a table of environments by their codes");
        }
    }
    if resolving.errors.is_empty() {
        Ok(found)
    } else {
        Err(resolving.errors)
    }
}

struct Resolving<'a> {
    with: &'a Declarations<'a>,
    errors: Vec<FieldError>,
}

impl Resolving<'_> {
    /// A place that something was said of is not told again: the first mistake is the cause.
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
                let told = self.errors.len();
                for mut error in errors {
                    error.pointer.insert_str(0, pointer);
                    if !self.errors[..told]
                        .iter()
                        .any(|told| told.pointer == error.pointer)
                    {
                        self.errors.push(error);
                    }
                }
                None
            }
        }
    }

    fn read<T: DeserializeOwned>(&mut self, value: &Value, pointer: &str) -> Option<T> {
        let mut mistakes = Vec::new();
        let read = document::read_what_there_is(&value.into(), &mut mistakes);
        for mistake in mistakes {
            self.refuse(format!("{pointer}{}", mistake.place.pointer()), mistake.detail());
        }
        read
    }

    /// The known keys of a table. Text that is empty is no value where there may be none.
    fn table(
        &mut self,
        value: &Value,
        pointer: &str,
        known: &[&str],
        may_be_none: &[&str],
    ) -> Map<String, Value> {
        let mut found = Map::new();
        let Some(table) = value.as_object() else {
            self.refuse(pointer, "must be a table");
            return found;
        };
        for (name, value) in table {
            if !known.contains(&name.as_str()) {
                let detail = format!("is not a known key; known here are {}", known.join(", "));
                self.refuse(child(pointer, name), detail);
            } else if value == "" && may_be_none.contains(&name.as_str()) {
                found.insert(name.clone(), Value::Null);
            } else {
                found.insert(name.clone(), value.clone());
            }
        }
        found
    }

    fn environment(
        &mut self,
        code: &str,
        value: &Value,
        held: Option<&EnvironmentSnapshot>,
    ) -> Option<EnvironmentSnapshot> {
        let pointer = child("/environments", code);
        let table = self.table(value, &pointer, ENVIRONMENT_KEYS, &["default_country"]);
        let (sections, fields): (Map<_, _>, Map<_, _>) = table
            .into_iter()
            .partition(|(name, _)| SECTIONS.contains(&name.as_str()));
        let (id, mut contents) = if let Some(held) = held {
            (held.id(), held.contents.clone())
        } else {
            let id = EnvironmentId::time_ordered(self.with.random, self.with.at);
            let connections = Connection::of_new_environment(self.with.random, id);
            (id, Contents::of_new(connections.to_vec()))
        };
        let environment = match held {
            Some(held) => self.changed(&pointer, fields, &held.environment),
            None => self.made(&pointer, fields, code, id),
        };
        self.contents(&pointer, &sections, id, &mut contents);
        Some(EnvironmentSnapshot::new(environment?, contents))
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
        let read = new.read(id, self.with.at).map_err(|errors| {
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
        contents: &mut Contents,
    ) {
        let present = SECTIONS
            .iter()
            .filter_map(|name| Some((*name, sections.get(*name)?)));
        for (name, value) in present {
            let pointer = child(pointer, name);
            match name {
                "sms" => self.sms(&pointer, value, contents),
                "email" => self.email(&pointer, value, contents),
                "content" => self.content(&pointer, value, contents),
                "mfa" => contents.mfa.row = self.read(value, &pointer).unwrap_or(contents.mfa.row),
                "otp" => self.otp(&pointer, value, contents),
                _ => self.applications(&pointer, value, id, contents),
            }
        }
        if contents.email.row.custom_sender.is_none() {
            contents.content.row = EmailContent::default();
        }
    }

    fn sms(&mut self, pointer: &str, value: &Value, contents: &mut Contents) {
        let Some(document) = self.read::<SmsDocument<DeclaredSecret>>(value, pointer) else {
            return;
        };
        let held = sms_secrets(&contents.sms.row);
        let document = document.with_secrets(|place, declared| {
            let is_stored = held.iter().any(|(stored, _)| *stored == place);
            self.secret(&format!("{pointer}{place}"), declared, is_stored)
        });
        if let Some(sms) = self.sift(pointer, document.resolve(&contents.sms.row)) {
            contents.sms.row = sms;
        }
    }

    fn email(&mut self, pointer: &str, value: &Value, contents: &mut Contents) {
        let Some(document) = self.read::<EmailDocument<DeclaredSecret>>(value, pointer) else {
            return;
        };
        let is_stored = !email_secrets(&contents.email.row).is_empty();
        let document = document
            .with_secrets(|place, declared| self.secret(&format!("{pointer}{place}"), declared, is_stored));
        let email = document.resolve(&contents.email.row, self.with.allow_plaintext_smtp);
        if let Some(email) = self.sift(pointer, email) {
            contents.email.row = email;
        }
    }

    fn content(&mut self, pointer: &str, value: &Value, contents: &mut Contents) {
        let Some(document) = self.read::<EmailContentDocument>(value, pointer) else {
            return;
        };
        if let Some(content) = self.sift(pointer, document.validate()) {
            contents.content.row = content;
        }
        // A sender with mistakes may be meant to be there.
        if contents.email.row.custom_sender.is_none() && self.errors.is_empty() {
            self.refuse(pointer, NO_CUSTOM_SENDER);
        }
    }

    /// The secret itself, or the word to keep or drop the stored one.
    fn secret(&mut self, pointer: &str, declared: DeclaredSecret, is_stored: bool) -> Option<GivenSecret> {
        match declared {
            DeclaredSecret::Reference(reference) => match (self.with.read_secret)(&reference) {
                Ok(secret) => return Some(GivenSecret::New(secret)),
                Err(problem) => self.refuse(pointer, problem),
            },
            DeclaredSecret::Keep if is_stored => return Some(GivenSecret::ReadBack),
            DeclaredSecret::Keep => self.refuse(pointer, NOTHING_KEPT),
            DeclaredSecret::Drop => return Some(GivenSecret::Dropped),
        }
        None
    }

    /// As a PUT of the whole document: what is left out takes its default.
    fn otp(&mut self, pointer: &str, value: &Value, contents: &mut Contents) {
        let Some(patch) = self.read::<OtpPolicyPatch>(value, pointer) else {
            return;
        };
        let policy = patch.apply(OtpPolicy::default());
        let errors = policy.out_of_range();
        let read = if errors.is_empty() {
            Ok(policy)
        } else {
            Err(errors)
        };
        if let Some(policy) = self.sift(pointer, read) {
            contents.otp.row = policy;
        }
    }
}
