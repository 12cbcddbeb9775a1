//! The SMS settings document.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    FromNull, GivenSecret, Opener, SealedSecret, Sealer, SecretHint, resolve_secret, secret_or_null,
};
use crate::domain::field::FieldError;
use crate::domain::phone::Country;
use crate::domain::random::Random;
use crate::domain::secret::Secret;
use crate::domain::settings::{OwnSmsProvider, Sentence, SmsSettings, SmsSource};

mod twilio;

const TOKEN_FIELD: &str = "sms.twilio.auth_token";
const KEY_FIELD: &str = "sms.twilio.api_key_secret";

/// How text messages travel. An absent field takes its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "S: FromNull + Deserialize<'de>"))]
#[schema(as = SmsSettings)]
pub struct SmsDocument<S> {
    /// `twilio`, or `null` for the platform sender with its test quota.
    #[serde(default)]
    #[schema(pattern = "^twilio$")]
    pub provider: Option<String>,
    /// The environment's own account.
    #[serde(default = "nothing")]
    pub twilio: Option<TwilioDocument<S>>,
    /// Whether the platform sender stands in.
    #[serde(default)]
    pub fallback: bool,
    /// Whether the own account also carries `mfa`.
    #[serde(default = "on")]
    pub use_for_mfa: bool,
    /// ISO 3166 alpha-2 codes; `null` is everywhere.
    #[serde(default)]
    pub allowed_countries: Option<Vec<String>>,
    /// `auto`, `sign_in` or `verification_code`.
    #[serde(default = "auto")]
    #[schema(pattern = "^(auto|sign_in|verification_code)$")]
    pub sentence: String,
}

/// A Twilio account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = TwilioAccount)]
#[serde(deny_unknown_fields, bound(deserialize = "S: FromNull + Deserialize<'de>"))]
pub struct TwilioDocument<S> {
    /// `AC…`.
    #[schema(pattern = "^AC[0-9a-fA-F]{32}$")]
    pub account_sid: String,
    /// The Auth Token; may be missing when there is an API key.
    #[serde(default = "nothing", deserialize_with = "secret_or_null")]
    pub auth_token: Option<S>,
    /// `SK…`.
    #[serde(default)]
    pub api_key_sid: Option<String>,
    /// The API key's secret.
    #[serde(default = "nothing", deserialize_with = "secret_or_null")]
    pub api_key_secret: Option<S>,
    /// `messaging_service` or `phone_number`.
    #[schema(pattern = "^(messaging_service|phone_number)$")]
    pub source: String,
    /// `MG…`.
    #[serde(default)]
    #[schema(pattern = "^MG[0-9a-fA-F]{32}$")]
    pub messaging_service_sid: Option<String>,
    /// A number in E.164, a short code, or an alphanumeric sender.
    #[serde(default)]
    pub phone_number: Option<String>,
    /// Twilio's edge.
    #[serde(default)]
    pub edge: Option<String>,
    /// Twilio's region.
    #[serde(default)]
    pub region: Option<String>,
    /// Asks Twilio not to keep the text.
    #[serde(default)]
    pub discard_content: bool,
    /// Asks Twilio to obfuscate the number.
    #[serde(default)]
    pub obfuscate_address: bool,
}

fn pointer_of(secret: &str) -> &'static str {
    match secret {
        TOKEN_FIELD => "/twilio/auth_token",
        _ => "/twilio/api_key_secret",
    }
}

fn nothing<T>() -> Option<T> {
    None
}

fn on() -> bool {
    true
}

fn auto() -> String {
    Sentence::Auto.as_str().to_owned()
}

impl SmsDocument<GivenSecret> {
    /// Takes the stored secrets where the document leaves them out, and validates the whole.
    ///
    /// # Errors
    /// Everything that is wrong, at once, each with its JSON pointer.
    pub fn resolve(self, stored: &SmsSettings) -> Result<SmsSettings, Vec<FieldError>> {
        let mut errors = Vec::new();
        let before = stored.twilio.as_ref();
        let document = self.map_secrets(|given, field, account_sid| {
            let moved = before.is_some_and(|account| account.account_sid != account_sid);
            let kept = match field {
                TOKEN_FIELD => before.and_then(|a| a.auth_token.as_ref()),
                _ => before.and_then(|a| a.api_key.as_ref()).map(|key| &key.secret),
            };
            resolve_secret(given, kept, moved, pointer_of(field), &mut errors)
        });
        match document.validate() {
            Ok(settings) if errors.is_empty() => Ok(settings),
            Ok(_) => Err(errors),
            Err(found) => {
                // A secret that is needed again is reported as that, not as missing too.
                let told: BTreeSet<String> = errors.iter().map(|error| error.pointer.clone()).collect();
                errors.extend(found.into_iter().filter(|error| !told.contains(&error.pointer)));
                Err(errors)
            }
        }
    }
}

impl SmsDocument<SealedSecret> {
    /// The secrets it holds.
    pub fn secrets(&self) -> impl Iterator<Item = &SealedSecret> {
        let twilio = self.twilio.iter();
        twilio.flat_map(|account| account.auth_token.iter().chain(&account.api_key_secret))
    }

    /// Opens what was stored; `None` when a secret cannot be opened or the document does not fit.
    #[must_use]
    pub fn open(self, opener: Opener<'_>) -> Option<SmsSettings> {
        let mut unreadable = false;
        let document = self.map_secrets(|sealed, field, _| {
            let plain = opener.open(field, &sealed?);
            unreadable |= plain.is_none();
            plain
        });
        if unreadable {
            None
        } else {
            document.validate().ok()
        }
    }
}

impl<S> SmsDocument<S> {
    /// The document with each of its secrets, told by its JSON pointer, in another form.
    pub fn with_secrets<T>(self, mut form: impl FnMut(&'static str, S) -> Option<T>) -> SmsDocument<T> {
        self.map_secrets(|secret, field, _| secret.and_then(|secret| form(pointer_of(field), secret)))
    }

    fn map_secrets<T>(
        self,
        mut map: impl FnMut(Option<S>, &'static str, &str) -> Option<T>,
    ) -> SmsDocument<T> {
        let twilio = self.twilio.map(|twilio| TwilioDocument {
            auth_token: map(twilio.auth_token, TOKEN_FIELD, &twilio.account_sid),
            // Without its SID a key's secret has no use, so a removed key takes its secret with it.
            api_key_secret: match twilio.api_key_sid {
                Some(_) => map(twilio.api_key_secret, KEY_FIELD, &twilio.account_sid),
                None => None,
            },
            account_sid: twilio.account_sid,
            api_key_sid: twilio.api_key_sid,
            source: twilio.source,
            messaging_service_sid: twilio.messaging_service_sid,
            phone_number: twilio.phone_number,
            edge: twilio.edge,
            region: twilio.region,
            discard_content: twilio.discard_content,
            obfuscate_address: twilio.obfuscate_address,
        });
        SmsDocument {
            provider: self.provider,
            twilio,
            fallback: self.fallback,
            use_for_mfa: self.use_for_mfa,
            allowed_countries: self.allowed_countries,
            sentence: self.sentence,
        }
    }
}

impl SmsDocument<Secret> {
    /// Reads the document into settings.
    ///
    /// # Errors
    /// Everything that is wrong, at once, each with its JSON pointer.
    pub fn validate(self) -> Result<SmsSettings, Vec<FieldError>> {
        let mut errors = Vec::new();
        let provider = match self.provider.as_deref() {
            None => None,
            Some(name) => {
                let known = OwnSmsProvider::parse(name);
                if known.is_none() {
                    errors.push(FieldError::new("/provider", "must be \"twilio\" or null"));
                }
                known
            }
        };
        if provider.is_some() && self.twilio.is_none() {
            errors.push(FieldError::new(
                "/twilio",
                "is needed when the provider is \"twilio\"",
            ));
        }
        let sentence = Sentence::parse(&self.sentence).unwrap_or_else(|| {
            errors.push(FieldError::new(
                "/sentence",
                "must be \"auto\", \"sign_in\" or \"verification_code\"",
            ));
            Sentence::Auto
        });
        let allowed_countries = self.allowed_countries.map(|codes| countries(&codes, &mut errors));
        let twilio = self.twilio.and_then(|twilio| twilio.validate(&mut errors));
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(SmsSettings {
            provider,
            twilio,
            fallback: self.fallback,
            use_for_mfa: self.use_for_mfa,
            allowed_countries,
            sentence,
        })
    }
}

fn countries(codes: &[String], errors: &mut Vec<FieldError>) -> BTreeSet<Country> {
    let mut countries = BTreeSet::new();
    for (index, code) in codes.iter().enumerate() {
        match Country::parse(code) {
            Ok(country) if country.as_str() == code => {
                countries.insert(country);
            }
            _ => errors.push(FieldError::new(
                format!("/allowed_countries/{index}"),
                "must be an ISO 3166 alpha-2 code in lower case, such as \"au\"",
            )),
        }
    }
    countries
}

impl SmsDocument<Secret> {
    /// The document of `settings`.
    #[must_use]
    pub fn of(settings: &SmsSettings) -> Self {
        let twilio = settings.twilio.as_ref().map(|account| {
            let (messaging_service_sid, phone_number, source) = match &account.source {
                SmsSource::MessagingService(sid) => (Some(sid.clone()), None, "messaging_service"),
                SmsSource::PhoneNumber(number) => (None, Some(number.clone()), "phone_number"),
            };
            TwilioDocument {
                account_sid: account.account_sid.clone(),
                auth_token: account.auth_token.clone(),
                api_key_sid: account.api_key.as_ref().map(|key| key.sid.clone()),
                api_key_secret: account.api_key.as_ref().map(|key| key.secret.clone()),
                source: source.to_owned(),
                messaging_service_sid,
                phone_number,
                edge: account.edge.clone(),
                region: account.region.clone(),
                discard_content: account.discard_content,
                obfuscate_address: account.obfuscate_address,
            }
        });
        let countries = settings.allowed_countries.as_ref();
        Self {
            provider: settings.provider.map(|provider| provider.as_str().to_owned()),
            twilio,
            fallback: settings.fallback,
            use_for_mfa: settings.use_for_mfa,
            allowed_countries: countries.map(|set| set.iter().map(|c| c.as_str().to_owned()).collect()),
            sentence: settings.sentence.as_str().to_owned(),
        }
    }

    /// The form for the database.
    #[must_use]
    pub fn seal(self, sealer: Sealer<'_>, random: &dyn Random) -> SmsDocument<SealedSecret> {
        self.map_secrets(|secret, field, _| secret.map(|secret| sealer.seal(random, field, &secret)))
    }

    /// The form that is read back.
    #[must_use]
    pub fn hint(self) -> SmsDocument<SecretHint> {
        self.map_secrets(|secret, _, _| secret.as_ref().map(SecretHint::of_token))
    }
}
