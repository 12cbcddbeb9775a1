//! What is shown of what administrators change: in the audit log, and in what a file says and does.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::environment::{Application, Environment, KeyRecord};
use crate::domain::secret::Secret;
use crate::domain::settings::{EmailSettings, SmsSettings};
use crate::service::settings::content::EmailContentDocument;
use crate::service::settings::email::EmailDocument;
use crate::service::settings::sms::SmsDocument;

/// A secret with the JSON pointer of its place in the document.
pub type PlacedSecret = (&'static str, Secret);

/// The secrets in the SMS settings.
#[must_use]
pub fn sms_secrets(settings: &SmsSettings) -> Vec<PlacedSecret> {
    let mut found = Vec::new();
    let _ = SmsDocument::of(settings).with_secrets(|pointer, secret| {
        found.push((pointer, secret));
        None::<()>
    });
    found
}

/// The secret in the email settings.
#[must_use]
pub fn email_secrets(settings: &EmailSettings) -> Vec<PlacedSecret> {
    let mut found = Vec::new();
    let _ = EmailDocument::of(settings).with_secrets(|pointer, secret| {
        found.push((pointer, secret));
        None::<()>
    });
    found
}

/// An environment's own fields, as the audit log and files show them.
#[must_use]
pub fn environment_fields(environment: &Environment) -> Value {
    json!({
        "code": environment.code,
        "name": environment.name,
        "business_name": environment.business_name,
        "business_url": environment.business_url,
        "default_country": environment.default_country,
        "default_locale": environment.default_locale,
    })
}

pub(super) fn application_fields(application: &Application) -> Value {
    json!({ "name": application.name, "autofill_domain": application.autofill_domain })
}

pub(super) fn key_fields(key: &KeyRecord) -> Value {
    json!({
        "application_id": key.application_id,
        "name": key.name,
        "prefix": key.prefix,
        "last_four": key.last_four,
    })
}

/// The texts that differ, and not all of them twice.
pub(super) fn content_difference(before: &EmailContentDocument, after: &EmailContentDocument) -> Value {
    let (before, after) = (before.by_pointer(), after.by_pointer());
    let only = |of: &BTreeMap<String, &str>, other: &BTreeMap<String, &str>| -> Map<String, Value> {
        of.iter()
            .filter(|(pointer, text)| other.get(*pointer) != Some(text))
            .map(|(pointer, text)| (pointer.clone(), json!(text)))
            .collect()
    };
    json!({ "before": only(&before, &after), "after": only(&after, &before) })
}
