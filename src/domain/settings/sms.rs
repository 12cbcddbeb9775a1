//! How an environment's text messages travel.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};

use super::{API_KEY_SECRET, AUTH_TOKEN, Secrets, Tell};
use crate::domain::country::Country;
use crate::domain::named::named;
use crate::domain::parsed;
use crate::domain::secret::Secret;
use crate::domain::twilio::{AccountSid, ApiKeySid, MessagingServiceSid, NetworkLabel, Sender};

named! {
    /// Which of the two SMS sentences is used.
    Sentence {
        /// By purpose.
        Auto = "auto",
        /// "… is your one-time code to sign in to …" for all purposes.
        SignIn = "sign_in",
        /// "Your verification code is …" for all purposes.
        VerificationCode = "verification_code",
    }
}

named! {
    /// What an environment's own text messages are carried by.
    OwnSmsProvider {
        /// Its Twilio account.
        Twilio = "twilio",
    }
}

named! {
    /// What a Twilio account sends from.
    SmsSource {
        /// A Messaging Service.
        MessagingService = "messaging_service",
        /// A number, a short code or an alphanumeric sender.
        PhoneNumber = "phone_number",
    }
}

/// How an environment's text messages travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de> + Default"))]
pub struct SmsSettings<S = Option<Secret>> {
    /// `twilio`, or `null` for the platform sender with its test quota.
    #[serde(default)]
    pub provider: Option<OwnSmsProvider>,
    /// The environment's own account. Kept while it is not used.
    #[serde(default)]
    pub twilio: Option<TwilioAccount<S>>,
    /// Whether the platform sender stands in when the own account did not accept.
    #[serde(default)]
    pub fallback: bool,
    /// Whether the own account also carries `mfa`.
    #[serde(default = "on")]
    pub use_for_mfa: bool,
    /// Where messages may go, as ISO 3166 alpha-2 codes in lower case; `null` is everywhere.
    #[serde(default, deserialize_with = "countries")]
    #[schema(value_type = Option<Vec<Country>>)]
    pub allowed_countries: Option<BTreeSet<Country>>,
    /// `auto`, `sign_in` or `verification_code`.
    #[serde(default = "by_purpose")]
    pub sentence: Sentence,
}

/// A Twilio account to send through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de> + Default"))]
pub struct TwilioAccount<S = Option<Secret>> {
    /// `AC…`.
    #[schema(value_type = String, pattern = "^AC[0-9a-fA-F]{32}$")]
    pub account_sid: AccountSid,
    /// Authenticates sending where there is no API key, and always checks callbacks.
    #[serde(default)]
    pub auth_token: S,
    /// `SK…`. Authenticates sending, where there is one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub api_key_sid: Option<ApiKeySid>,
    /// The API key's secret.
    #[serde(default)]
    pub api_key_secret: S,
    /// `messaging_service` or `phone_number`.
    pub source: SmsSource,
    /// `MG…`.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^MG[0-9a-fA-F]{32}$")]
    pub messaging_service_sid: Option<MessagingServiceSid>,
    /// A number in E.164, a short code, or an alphanumeric sender of at most 11 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub phone_number: Option<Sender>,
    /// Twilio's edge, such as `dublin`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub edge: Option<NetworkLabel>,
    /// Twilio's region, such as `ie1`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub region: Option<NetworkLabel>,
    /// Asks Twilio not to keep the text (`ContentRetention=discard`).
    #[serde(default)]
    pub discard_content: bool,
    /// Asks Twilio to obfuscate the number (`AddressRetention=obfuscate`).
    #[serde(default)]
    pub obfuscate_address: bool,
}

fn on() -> bool {
    true
}

fn by_purpose() -> Sentence {
    Sentence::Auto
}

impl<S> Default for SmsSettings<S> {
    fn default() -> Self {
        Self {
            provider: None,
            twilio: None,
            fallback: false,
            use_for_mfa: true,
            allowed_countries: None,
            sentence: Sentence::Auto,
        }
    }
}

impl<S> Secrets<S> for SmsSettings<S> {
    type With<T> = SmsSettings<T>;

    fn map_secrets<T>(self, mut form: impl FnMut(&'static str, S) -> T) -> SmsSettings<T> {
        let twilio = self.twilio.map(|account| TwilioAccount {
            auth_token: form(AUTH_TOKEN, account.auth_token),
            api_key_secret: form(API_KEY_SECRET, account.api_key_secret),
            account_sid: account.account_sid,
            api_key_sid: account.api_key_sid,
            source: account.source,
            messaging_service_sid: account.messaging_service_sid,
            phone_number: account.phone_number,
            edge: account.edge,
            region: account.region,
            discard_content: account.discard_content,
            obfuscate_address: account.obfuscate_address,
        });
        SmsSettings {
            provider: self.provider,
            twilio,
            fallback: self.fallback,
            use_for_mfa: self.use_for_mfa,
            allowed_countries: self.allowed_countries,
            sentence: self.sentence,
        }
    }
}

impl SmsSettings {
    /// The environment's own account, where it is used.
    #[must_use]
    pub fn own_account(&self) -> Option<&TwilioAccount> {
        self.provider.and(self.twilio.as_ref())
    }

    /// Tells what no field can tell alone.
    pub fn check(&self, tell: Tell<'_>) {
        match &self.twilio {
            Some(account) => account.check(tell),
            None if self.provider.is_some() => tell("/twilio", "is needed when the provider is \"twilio\""),
            None => {}
        }
    }
}

impl TwilioAccount {
    /// The user and password of requests: the API key where there is one, else the account itself.
    #[must_use]
    pub fn credentials(&self) -> Option<(&str, &Secret)> {
        let key = self.api_key_sid.as_ref().zip(self.api_key_secret.as_ref());
        match key {
            Some((sid, secret)) => Some((sid.as_str(), secret)),
            None => Some((self.account_sid.as_str(), self.auth_token.as_ref()?)),
        }
    }

    /// What it sends from; `None` where the SID or number of its source is missing.
    #[must_use]
    pub fn sender(&self) -> Option<&str> {
        match self.source {
            SmsSource::MessagingService => self
                .messaging_service_sid
                .as_ref()
                .map(MessagingServiceSid::as_str),
            SmsSource::PhoneNumber => self.phone_number.as_ref().map(Sender::as_str),
        }
    }

    /// Without what is not used: the other source's sender, which may be given as in a form where one switches between the two, and a
    /// key's secret without its SID.
    #[must_use]
    pub fn without_what_is_unused(mut self) -> Self {
        match self.source {
            SmsSource::MessagingService => self.phone_number = None,
            SmsSource::PhoneNumber => self.messaging_service_sid = None,
        }
        if self.api_key_sid.is_none() {
            self.api_key_secret = None;
        }
        self
    }

    fn check(&self, tell: Tell<'_>) {
        if self.credentials().is_none() {
            tell(AUTH_TOKEN, "is needed unless there is an API key with its secret");
        }
        if self.api_key_sid.is_some() && self.api_key_secret.is_none() {
            tell(API_KEY_SECRET, "is needed with an API key SID");
        }
        if self.sender().is_none() {
            let field = match self.source {
                SmsSource::MessagingService => "/twilio/messaging_service_sid",
                SmsSource::PhoneNumber => "/twilio/phone_number",
            };
            tell(field, &format!("is needed with the source \"{}\"", self.source));
        }
    }
}

/// Countries in lower case, as they are shown.
fn countries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeSet<Country>>, D::Error> {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct Lower(Country);

    impl<'de> Deserialize<'de> for Lower {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            parsed::read(deserializer, "au", |code: String| {
                let country = Country::parse(&code).ok();
                country
                    .filter(|country| country.as_str() == code)
                    .map(Self)
                    .ok_or("must be an ISO 3166 alpha-2 code in lower case, such as \"au\"")
            })
        }
    }

    let codes = Option::<Vec<Lower>>::deserialize(deserializer)?;
    Ok(codes.map(|codes| codes.into_iter().map(|Lower(country)| country).collect()))
}
