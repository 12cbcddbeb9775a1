//! Records and what stands in them: the one place that knows the document of each kind.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::domain::content::EmailContent;
use crate::domain::environment::{Application, Connection, Environment, KeyRecord};
use crate::domain::id::EnvironmentId;
use crate::domain::keyring::KeyRing;
use crate::domain::policy::OtpPolicy;
use crate::domain::settings::{EmailSettings, MfaSettings, SmsSettings};
use crate::service::settings::{is_sound, open};
use crate::store::StoreError;
use crate::store::directory::{Kind, Record, StoredRecord};

/// What stands in a record.
pub(super) enum Item {
    Environment(Environment),
    Connection(Connection),
    Application(Application),
    Key(KeyRecord),
    Sms(SmsSettings),
    Email(EmailSettings),
    Content(EmailContent),
    Mfa(MfaSettings),
    Otp(OtpPolicy),
}

impl Item {
    /// Reads a document with its secrets opened; `None` where another release wrote it, or its keys are not among `keys`.
    pub(super) fn read(record: &StoredRecord, document: &str, keys: &KeyRing) -> Option<Self> {
        let environment = record.environment_id;
        match Kind::parse(&record.kind)? {
            Kind::Environment => json(document)
                .filter(|held: &Environment| Some(held.id) == environment)
                .map(Self::Environment),
            Kind::Connection => json(document)
                .filter(|held: &Connection| Some(held.environment_id) == environment)
                .map(Self::Connection),
            Kind::Application => json(document)
                .filter(|held: &Application| Some(held.environment_id) == environment)
                .map(Self::Application),
            Kind::Key => json(document)
                .filter(|key: &KeyRecord| key.application_id.is_some() == environment.is_some())
                .map(Self::Key),
            Kind::Sms => open(json::<SmsSettings<_>>(document)?, keys, environment?)
                .filter(|sms| is_sound(|tell| sms.check(tell)))
                .map(Self::Sms),
            // Whether plaintext is allowed was decided when the settings were saved.
            Kind::Email => open(json::<EmailSettings<_>>(document)?, keys, environment?)
                .filter(|email| is_sound(|tell| email.check(true, tell)))
                .map(Self::Email),
            Kind::Content => json(document).map(Self::Content),
            Kind::Mfa => json(document).map(Self::Mfa),
            Kind::Otp => json(document).map(Self::Otp),
        }
    }
}

/// The code of an environment whose record, or another one of it, cannot be read: as far as the document is JSON.
pub(super) fn code(document: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(document).ok()?;
    document.get("code")?.as_str().map(str::to_owned)
}

fn json<T: DeserializeOwned>(document: &str) -> Option<T> {
    serde_json::from_str(document).ok()
}

/// The record of an environment.
pub(super) fn of_environment(environment: &Environment) -> Result<Record, StoreError> {
    let id = environment.id;
    let record = of(Kind::Environment, id.0, Some(id), environment)?;
    Ok(Record {
        unique_name: Some(format!("environment {}", environment.fields.code.as_str())),
        ..record
    })
}

/// The record of a key of an application of `environment`, or of an administrator.
pub(super) fn of_key(environment: Option<EnvironmentId>, key: &KeyRecord) -> Result<Record, StoreError> {
    let record = of(Kind::Key, key.id.0, environment, key)?;
    Ok(Record {
        unique_name: Some(format!("key {}", hex::encode(key.hash))),
        ..record
    })
}

/// The record of a settings document.
pub(super) fn of_settings(
    environment: EnvironmentId,
    kind: Kind,
    document: &impl Serialize,
) -> Result<Record, StoreError> {
    of(kind, environment.0, Some(environment), document)
}

/// The record of a document that is found by nothing but its id.
pub(super) fn of(
    kind: Kind,
    id: Uuid,
    environment_id: Option<EnvironmentId>,
    document: &impl Serialize,
) -> Result<Record, StoreError> {
    Ok(Record {
        kind,
        id,
        environment_id,
        document: serde_json::to_string(document).map_err(|error| StoreError::Statement(error.into()))?,
        unique_name: None,
    })
}
