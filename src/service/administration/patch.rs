//! Partial changes in three states: a field that is absent stays, `null` clears it where it may be empty, a value sets it.

#![expect(
    clippy::option_option,
    reason = "absent, null and a value are three states on the wire"
)]

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::business::{AutofillDomain, BusinessName, BusinessUrl};
use crate::domain::environment::{Application, Environment};
use crate::domain::field::FieldError;
use crate::domain::locale::LanguageTag;
use crate::domain::phone::Country;
use crate::domain::policy::OtpPolicy;

/// Longest name of an environment or application, in characters.
const LONGEST_NAME: usize = 100;

/// Keeps `null` apart from absent: absent is `None`, `null` is `Some(None)`.
fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Refuses `null`, which `Option` alone would take for absent.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A whole number. One that the field cannot hold is outside its range like any other, and not of another type: it
/// becomes 0, which is in no range.
fn whole<'de, T: TryFrom<i64> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    i64::deserialize(deserializer).map(|number| Some(T::try_from(number).unwrap_or_default()))
}

/// [`whole`], for each of a list.
fn wholes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u32>>, D::Error> {
    let numbers = Vec::<i64>::deserialize(deserializer)?;
    let read = |number| u32::try_from(number).unwrap_or_default();
    Ok(Some(numbers.into_iter().map(read).collect()))
}

/// Fields of an environment to change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"business_name": "Acme", "business_url": "https://acme.example.com", "default_country": "au"}))]
pub struct EnvironmentPatch {
    /// Its short name in paths: 1 to 63 lower-case letters, digits and hyphens.
    #[serde(deserialize_with = "present")]
    #[schema(nullable = false)]
    pub code: Option<String>,
    /// Its name for people.
    #[serde(deserialize_with = "present")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The business, as emails name it.
    #[serde(deserialize_with = "present")]
    #[schema(nullable = false)]
    pub business_name: Option<String>,
    /// The business's address.
    #[serde(deserialize_with = "present")]
    #[schema(nullable = false)]
    pub business_url: Option<String>,
    /// The country of national numbers that come without one; `null` for none.
    #[serde(deserialize_with = "nullable")]
    pub default_country: Option<Option<String>>,
    /// The language of messages whose request names none.
    #[serde(deserialize_with = "present")]
    #[schema(nullable = false)]
    pub default_locale: Option<String>,
}

impl EnvironmentPatch {
    /// Changes `environment`.
    ///
    /// # Errors
    /// Every field that cannot be taken, at once.
    pub fn apply(self, mut environment: Environment) -> Result<Environment, Vec<FieldError>> {
        let mut errors = Vec::new();
        set(&mut environment.code, self.code, "/code", &mut errors, |code| {
            read_code(&code)
        });
        set(&mut environment.name, self.name, "/name", &mut errors, |name| {
            read_name(&name)
        });
        set(
            &mut environment.business_name,
            self.business_name,
            "/business_name",
            &mut errors,
            |name| BusinessName::parse(&name),
        );
        set(
            &mut environment.business_url,
            self.business_url,
            "/business_url",
            &mut errors,
            |url| BusinessUrl::parse(&url),
        );
        match self.default_country {
            None => {}
            Some(None) => environment.default_country = None,
            Some(Some(code)) => match Country::parse(&code) {
                Ok(country) => environment.default_country = Some(country),
                Err(error) => errors.push(FieldError::new("/default_country", error.to_string())),
            },
        }
        set(
            &mut environment.default_locale,
            self.default_locale,
            "/default_locale",
            &mut errors,
            |tag| LanguageTag::parse(&tag),
        );
        if errors.is_empty() {
            Ok(environment)
        } else {
            Err(errors)
        }
    }
}

/// Fields of an application to change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"autofill_domain": "acme.example.com"}))]
pub struct ApplicationPatch {
    /// Its name for people.
    #[serde(deserialize_with = "present")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The domain that browsers may fill a code into by themselves; `null` for none.
    #[serde(deserialize_with = "nullable")]
    pub autofill_domain: Option<Option<String>>,
}

impl ApplicationPatch {
    /// Changes `application`.
    ///
    /// # Errors
    /// Every field that cannot be taken, at once.
    pub fn apply(self, mut application: Application) -> Result<Application, Vec<FieldError>> {
        let mut errors = Vec::new();
        set(&mut application.name, self.name, "/name", &mut errors, |name| {
            read_name(&name)
        });
        match self.autofill_domain {
            None => {}
            Some(None) => application.autofill_domain = None,
            Some(Some(domain)) => match AutofillDomain::parse(&domain) {
                Ok(domain) => application.autofill_domain = Some(domain),
                Err(error) => errors.push(FieldError::new("/autofill_domain", error.to_string())),
            },
        }
        if errors.is_empty() {
            Ok(application)
        } else {
            Err(errors)
        }
    }
}

/// Rules of codes to change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"life_seconds": 300, "max_sends": 3}))]
pub struct OtpPolicyPatch {
    /// Digits of a code, 6–10.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 6, maximum = 10)]
    pub digits: Option<u8>,
    /// Life of a code in seconds, 60–600.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 60, maximum = 600)]
    pub life_seconds: Option<u32>,
    /// Life of codes by email for two purposes.
    #[serde(deserialize_with = "present")]
    #[schema(nullable = false)]
    pub email_life_seconds: Option<EmailLifePatch>,
    /// Wrong guesses per verification, 1–10.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 1, maximum = 10)]
    pub max_guesses: Option<u8>,
    /// Wrong guesses per recipient in a day, 5–100.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 5, maximum = 100)]
    pub recipient_guesses_per_day: Option<u16>,
    /// Seconds to wait before each resend; the last one repeats.
    #[serde(deserialize_with = "wholes")]
    #[schema(nullable = false)]
    pub resend_after_seconds: Option<Vec<u32>>,
    /// Messages per verification in all, 1–10.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 1, maximum = 10)]
    pub max_sends: Option<u8>,
    /// Sends per recipient in an hour, 1–1,000.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 1, maximum = 1000)]
    pub sends_per_hour: Option<u16>,
    /// Sends per recipient in a day, 1–1,000.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 1, maximum = 1000)]
    pub sends_per_day: Option<u16>,
    /// Sends per end-user address in an hour, 1–100,000.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 1, maximum = 100_000)]
    pub ip_sends_per_hour: Option<u32>,
}

/// Lives of codes by email to change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EmailLifePatch {
    /// For `password_reset`, in seconds, 60–86,400.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 60, maximum = 86400)]
    pub password_reset: Option<u32>,
    /// For `verify`, in seconds, 60–86,400.
    #[serde(deserialize_with = "whole")]
    #[schema(nullable = false, minimum = 60, maximum = 86400)]
    pub verify: Option<u32>,
}

impl OtpPolicyPatch {
    /// Changes `policy`; whether the result is within its ranges is the policy's to say.
    #[must_use]
    pub fn apply(self, policy: OtpPolicy) -> OtpPolicy {
        let mut life = policy.email_life_seconds;
        if let Some(patch) = self.email_life_seconds {
            life.password_reset = patch.password_reset.unwrap_or(life.password_reset);
            life.verify = patch.verify.unwrap_or(life.verify);
        }
        OtpPolicy {
            digits: self.digits.unwrap_or(policy.digits),
            life_seconds: self.life_seconds.unwrap_or(policy.life_seconds),
            email_life_seconds: life,
            max_guesses: self.max_guesses.unwrap_or(policy.max_guesses),
            recipient_guesses_per_day: self
                .recipient_guesses_per_day
                .unwrap_or(policy.recipient_guesses_per_day),
            resend_after_seconds: self.resend_after_seconds.unwrap_or(policy.resend_after_seconds),
            max_sends: self.max_sends.unwrap_or(policy.max_sends),
            sends_per_hour: self.sends_per_hour.unwrap_or(policy.sends_per_hour),
            sends_per_day: self.sends_per_day.unwrap_or(policy.sends_per_day),
            ip_sends_per_hour: self.ip_sends_per_hour.unwrap_or(policy.ip_sends_per_hour),
        }
    }
}

fn set<T, E: ToString>(
    field: &mut T,
    given: Option<String>,
    pointer: &str,
    errors: &mut Vec<FieldError>,
    read: impl FnOnce(String) -> Result<T, E>,
) {
    match given.map(read) {
        None => {}
        Some(Ok(value)) => *field = value,
        Some(Err(error)) => errors.push(FieldError::new(pointer, error.to_string())),
    }
}

/// A name for people.
pub(super) fn read_name(name: &str) -> Result<String, &'static str> {
    let trimmed = name.trim();
    let fits = !trimmed.is_empty()
        && trimmed.chars().count() <= LONGEST_NAME
        && !trimmed.chars().any(char::is_control);
    if fits {
        Ok(trimmed.to_owned())
    } else {
        Err("must be 1 to 100 characters without line breaks")
    }
}

/// A short name in a path, told from an id by its first characters.
pub(super) fn read_code(text: &str) -> Result<String, &'static str> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=63).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 63 lower-case letters, digits and hyphens")
    }
}
