//! What is to be made, as it is asked for: read with every mistake at once.

use serde::{Deserialize, Serialize};

use super::patch::{present, read_code, read_name};
use crate::domain::business::{AutofillDomain, BusinessName, BusinessUrl};
use crate::domain::environment::{Application, Environment};
use crate::domain::field::FieldError;
use crate::domain::id::{ApplicationId, EnvironmentId};
use crate::domain::locale::LanguageTag;
use crate::domain::phone::Country;
use crate::domain::time::Timestamp;

/// The language of an environment that names none.
const DEFAULT_LOCALE: &str = "en";

/// An environment to be made.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "staging", "name": "Staging", "business_name": "Acme", "business_url": "https://staging.acme.example.com", "default_country": "au", "default_locale": "en"}))]
pub struct NewEnvironment {
    /// Its short name in paths: 1 to 63 lower-case letters, digits and hyphens.
    pub code: String,
    /// Its name for people.
    pub name: String,
    /// The business, as emails name it.
    pub business_name: String,
    /// The business's address.
    pub business_url: String,
    /// The country of national numbers that come without one.
    #[serde(default)]
    pub default_country: Option<String>,
    /// The language of messages whose request names none; `en` where it is left out.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub default_locale: Option<String>,
}

impl NewEnvironment {
    /// Reads it as the environment `id`, made at `now`.
    ///
    /// # Errors
    /// Every field that cannot be taken, at once.
    pub fn read(&self, id: EnvironmentId, now: Timestamp) -> Result<Environment, Vec<FieldError>> {
        let mut errors = Errors::default();
        let code = errors.sift("/code", read_code(&self.code));
        let name = errors.sift("/name", read_name(&self.name));
        let business_name = errors.sift("/business_name", BusinessName::parse(&self.business_name));
        let business_url = errors.sift("/business_url", BusinessUrl::parse(&self.business_url));
        let default_country = self.default_country.as_deref().map(Country::parse).transpose();
        let default_country = errors.sift("/default_country", default_country);
        let tag = self.default_locale.as_deref().unwrap_or(DEFAULT_LOCALE);
        let default_locale = errors.sift("/default_locale", LanguageTag::parse(tag));
        match (
            code,
            name,
            business_name,
            business_url,
            default_country,
            default_locale,
        ) {
            (
                Some(code),
                Some(name),
                Some(business_name),
                Some(business_url),
                Some(default_country),
                Some(default_locale),
            ) => Ok(Environment {
                id,
                code,
                name,
                business_name,
                business_url,
                default_country,
                default_locale,
                created_at: now,
                updated_at: now,
            }),
            _ => Err(errors.0),
        }
    }
}

/// An application to be made. It has every connection off.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Web shop", "autofill_domain": "acme.example.com"}))]
pub struct NewApplication {
    /// Its name for people.
    pub name: String,
    /// The domain that browsers may fill a code into by themselves.
    #[serde(default)]
    pub autofill_domain: Option<String>,
}

impl NewApplication {
    /// Reads it as the application `id` of `environment_id`, made at `now`.
    ///
    /// # Errors
    /// Every field that cannot be taken, at once.
    pub fn read(
        &self,
        environment_id: EnvironmentId,
        id: ApplicationId,
        now: Timestamp,
    ) -> Result<Application, Vec<FieldError>> {
        let mut errors = Errors::default();
        let name = errors.sift("/name", read_name(&self.name));
        let domain = self
            .autofill_domain
            .as_deref()
            .map(AutofillDomain::parse)
            .transpose();
        match (name, errors.sift("/autofill_domain", domain)) {
            (Some(name), Some(autofill_domain)) => Ok(Application {
                id,
                environment_id,
                name,
                autofill_domain,
                connections: Vec::new(),
                created_at: now,
                updated_at: now,
            }),
            _ => Err(errors.0),
        }
    }
}

/// An API key to be made.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "backend"}))]
pub struct NewKey {
    /// Its name for people.
    pub name: String,
}

impl NewKey {
    /// Reads its name.
    ///
    /// # Errors
    /// The name, where it cannot be taken.
    pub fn read(&self) -> Result<String, Vec<FieldError>> {
        let mut errors = Errors::default();
        errors.sift("/name", read_name(&self.name)).ok_or(errors.0)
    }
}

/// What cannot be taken.
#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    /// The value, or an error more.
    fn sift<T, E: ToString>(&mut self, pointer: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.0.push(FieldError::new(pointer, error.to_string())))
            .ok()
    }
}
