//! The directory as a file describes it, with secrets only as `{ keep = … }`.

use serde_json::{Map, Value, json};

use super::difference::switched_on;
use crate::domain::secret::Secret;
use crate::domain::settings::{AUTH_TOKEN, Secrets};
use crate::service::directory::{EnvironmentSnapshot, OutOfService, Snapshot};

/// Why the directory cannot be written as a file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file knows applications by their names.
    #[error(
        "the environment {environment} has two applications named {name:?}; give one of them another name first"
    )]
    NameTwice {
        /// The environment's code.
        environment: String,
        /// The name.
        name: String,
    },
    /// One cannot be read.
    #[error(transparent)]
    OutOfService(#[from] OutOfService),
}

/// The document of all environments. Applying it changes nothing.
///
/// # Errors
/// When it cannot be read, and when two applications of an environment have one name.
pub fn export(held: &Snapshot) -> Result<Value, ExportError> {
    let mut environments = Map::new();
    for held in held.all_environments(None)? {
        let environment = &held.environment.fields;
        let mut fields = json!(environment);
        if let Some(fields) = fields.as_object_mut() {
            fields.remove("code");
            // Said and not left out: what is left out stays as it is.
            fields.entry("default_country").and_modify(none_as_empty);
            fields.extend(sections(held));
            let applications = applications(held)?;
            if !applications.is_empty() {
                fields.insert("applications".to_owned(), applications.into());
            }
        }
        environments.insert(environment.code.as_str().to_owned(), fields);
    }
    Ok(json!({ "environments": environments }))
}

fn sections(held: &EnvironmentSnapshot) -> Map<String, Value> {
    let kept = |secret: Option<Secret>| secret.map(|_| json!({ "keep": true }));
    let sms = held.sms.row.clone().map_secrets(|place, secret| {
        // Said and not left out, as above.
        kept(secret).or_else(|| (place == AUTH_TOKEN).then(|| json!({ "keep": false })))
    });
    let email = held.email.row.clone().map_secrets(|_, secret| kept(secret));
    let mut sections = Map::new();
    sections.insert("sms".to_owned(), json!(sms));
    sections.insert("email".to_owned(), json!(email));
    // Without a custom sender there are no texts, and a file may not mention them.
    if held.email.row.custom_sender.is_some() {
        sections.insert("content".to_owned(), json!(held.content.row));
    }
    sections.insert("mfa".to_owned(), json!(held.mfa.row));
    sections.insert("otp".to_owned(), json!(held.otp.row));
    sections
}

fn applications(held: &EnvironmentSnapshot) -> Result<Map<String, Value>, ExportError> {
    let mut applications = Map::new();
    for application in held.applications.values().map(|held| &held.row) {
        let mut domain = json!(application.fields.autofill_domain);
        none_as_empty(&mut domain);
        let connections = switched_on(&held.connections, application);
        let fields = json!({ "autofill_domain": domain, "connections": connections });
        let other = applications.insert(application.fields.name.as_str().to_owned(), fields);
        if other.is_some() {
            return Err(ExportError::NameTwice {
                environment: held.environment.fields.code.as_str().to_owned(),
                name: application.fields.name.as_str().to_owned(),
            });
        }
    }
    Ok(applications)
}

fn none_as_empty(value: &mut Value) {
    if value.is_null() {
        *value = json!("");
    }
}
