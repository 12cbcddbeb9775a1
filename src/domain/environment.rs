//! An environment, one business's isolated world, with its applications, connections and keys, as they are kept.

use serde::{Deserialize, Serialize};

use super::api_key::ApiKey;
use super::business::{AutofillDomain, BusinessName, BusinessUrl};
use super::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use super::locale::LanguageTag;
use super::message::Channel;
use super::phone::Country;
use super::random::Random;
use super::time::Timestamp;
use super::verification::Strategy;

/// What an administrator sets of an environment itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// Its short name in paths: `default` after the first start.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// The business, as emails name it.
    pub business_name: BusinessName,
    /// The business's address; its host stands in text messages.
    pub business_url: BusinessUrl,
    /// The country of national numbers that come without one.
    pub default_country: Option<Country>,
    /// The language of messages whose request names none.
    pub default_locale: LanguageTag,
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

/// A frontend of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// Its name for people.
    pub name: String,
    /// The domain that browsers may fill a code into by themselves.
    pub autofill_domain: Option<AutofillDomain>,
    /// The connections that are switched on for it.
    pub connections: Vec<ConnectionId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What is kept of an API key. The key itself is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Its id.
    pub id: KeyId,
    /// The application it opens; `None` for an administrator's key.
    pub application_id: Option<ApplicationId>,
    /// Its name for people.
    pub name: String,
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
        name: String,
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
