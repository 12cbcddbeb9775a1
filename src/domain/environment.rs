//! An environment, one business's isolated world, with its applications, connections and keys, as they are kept.

use serde::{Deserialize, Serialize};

use super::api_key::ApiKey;
use super::business::{AutofillDomain, BusinessName, BusinessUrl};
use super::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use super::locale::LanguageTag;
use super::message::Channel;
use super::parsed::texts;
use super::phone::Country;
use super::random::Random;
use super::time::Timestamp;
use super::verification::Strategy;

texts! {
    /// A short name in paths: 1 to 63 lower-case letters, digits and hyphens, told from an id by its first characters.
    EnvironmentCode = "example", |text| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = (1..=63).contains(&text.len())
            && text.bytes().all(allowed)
            && !text.starts_with('-')
            && !text.ends_with('-');
        fits.then(|| text.to_owned()).ok_or("must be 1 to 63 lower-case letters, digits and hyphens")
    };

    /// A name for people, without space around it.
    Name = "Example", |text| {
        let name = text.trim();
        let fits = (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        fits.then(|| name.to_owned()).ok_or("must be 1 to 100 characters without line breaks")
    };
}

impl EnvironmentCode {
    /// Of the environment that the first start makes.
    #[must_use]
    pub fn of_first() -> Self {
        Self("default".to_owned())
    }
}

impl Name {
    /// A name that otpost itself gives.
    #[must_use]
    pub fn of_ours(name: &'static str) -> Self {
        Self(name.to_owned())
    }
}

/// What an administrator sets of an environment itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewEnvironment, example = json!({"code": "staging", "name": "Staging", "business_name": "Acme", "business_url": "https://staging.acme.example.com", "default_country": "au", "default_locale": "en"}))]
pub struct EnvironmentFields {
    /// Its short name in paths: 1 to 63 lower-case letters, digits and hyphens; `default` after the first start.
    #[schema(value_type = String)]
    pub code: EnvironmentCode,
    /// Its name for people.
    #[schema(value_type = String)]
    pub name: Name,
    /// The business, as emails name it.
    pub business_name: BusinessName,
    /// The business's address; its host stands in text messages.
    pub business_url: BusinessUrl,
    /// The country of national numbers that come without one; `null` for none.
    #[serde(default)]
    pub default_country: Option<Country>,
    /// The language of messages whose request names none; `en` where it is left out.
    #[serde(default = "LanguageTag::english")]
    #[schema(required = false)]
    pub default_locale: LanguageTag,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// What an administrator sets.
    #[serde(flatten)]
    pub fields: EnvironmentFields,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// One authentication method of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Assigned once, never changed.
    pub id: ConnectionId,
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// How it proves control.
    pub strategy: Strategy,
    /// Its name for people.
    pub name: String,
}

impl Connection {
    /// The connections that come with a new environment: one for phone numbers, one for email addresses.
    pub fn of_new_environment(random: &dyn Random, environment_id: EnvironmentId) -> [Self; 2] {
        [(Strategy::Phone, "Phone"), (Strategy::Email, "Email")].map(|(strategy, name)| Self {
            id: ConnectionId::unguessable(random),
            environment_id,
            strategy,
            name: name.to_owned(),
        })
    }

    /// How its messages travel.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.strategy.channel()
    }
}

/// What an administrator sets of an application itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApplication, example = json!({"name": "Web shop", "autofill_domain": "acme.example.com"}))]
pub struct ApplicationFields {
    /// Its name for people.
    #[schema(value_type = String)]
    pub name: Name,
    /// The domain that browsers may fill a code into by themselves; `null` for none.
    #[serde(default)]
    pub autofill_domain: Option<AutofillDomain>,
}

/// A frontend of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// What an administrator sets.
    #[serde(flatten)]
    pub fields: ApplicationFields,
    /// The connections that are switched on for it.
    pub connections: Vec<ConnectionId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Application {
    /// An application made at `now`, with every connection off.
    #[must_use]
    pub fn new(
        random: &dyn Random,
        now: Timestamp,
        environment_id: EnvironmentId,
        fields: ApplicationFields,
    ) -> Self {
        Self {
            id: ApplicationId::time_ordered(random, now),
            environment_id,
            fields,
            connections: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// What an administrator sets of an API key.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewKey, example = json!({"name": "backend"}))]
pub struct KeyFields {
    /// Its name for people.
    #[schema(value_type = String)]
    pub name: Name,
}

/// What is kept of an API key. The key itself is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Its id.
    pub id: KeyId,
    /// The application it opens; `None` for an administrator's key.
    pub application_id: Option<ApplicationId>,
    /// Its name for people.
    pub name: Name,
    /// What the key begins with.
    pub prefix: String,
    /// What it ends with.
    pub last_four: String,
    /// SHA-256 of the whole key.
    #[serde(with = "hex::serde")]
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
}

impl KeyRecord {
    /// What is kept of `key`.
    #[must_use]
    pub fn of(
        key: &ApiKey,
        id: KeyId,
        name: Name,
        application_id: Option<ApplicationId>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            application_id,
            name,
            prefix: key.prefix().to_owned(),
            last_four: key.last_four().to_owned(),
            hash: key.hash(),
            created_at: now,
        }
    }
}
