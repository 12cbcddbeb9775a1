//! What carries the platform's text messages: the terminal, an endpoint of the operator's own, or a Twilio account.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::config::value::{one_of, read_from_text, whole};
use crate::domain::secret::Secret;
use crate::domain::settings::{SmsSource, TwilioAccount};
use crate::domain::twilio::{AccountSid, MessagingServiceSid, Sender};

/// Section `platform.sms`.
#[derive(Debug, Clone)]
pub struct PlatformSms {
    /// What carries the platform's text messages.
    pub provider: PlatformSmsProvider,
    /// How many an environment without own Twilio may send in a calendar month (UTC).
    pub monthly_test_quota: u32,
    /// How many an environment with own Twilio may send as a fallback in a calendar month (UTC).
    pub monthly_fallback_cap: u32,
}

/// What carries the platform's text messages.
#[derive(Debug, Clone)]
pub enum PlatformSmsProvider {
    /// The terminal and the development inbox.
    Console,
    /// The operator's own endpoint.
    Http {
        /// What is posted to.
        url: Url,
        /// The bearer token, where the endpoint wants one.
        token: Option<Secret>,
    },
    /// A Twilio account of the operator's own.
    Twilio(TwilioAccount),
    /// Nothing.
    None,
}

/// The section as it is written. Wrong is wrong also where it is not used yet.
#[derive(Deserialize)]
struct Section {
    provider: Choice,
    #[serde(default, deserialize_with = "endpoint")]
    url: Option<Url>,
    token: Option<Secret>,
    account_sid: Option<AccountSid>,
    auth_token: Option<Secret>,
    #[serde(default, deserialize_with = "source")]
    source: Option<SmsSource>,
    messaging_service_sid: Option<MessagingServiceSid>,
    phone_number: Option<Sender>,
    #[serde(deserialize_with = "whole::<0, 4_294_967_295, _, _>")]
    monthly_test_quota: u32,
    #[serde(deserialize_with = "whole::<0, 4_294_967_295, _, _>")]
    monthly_fallback_cap: u32,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    Console,
    Http,
    Twilio,
    None,
}

impl<'de> Deserialize<'de> for PlatformSms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let section = Section::deserialize(deserializer)?;
        Ok(Self {
            monthly_test_quota: section.monthly_test_quota,
            monthly_fallback_cap: section.monthly_fallback_cap,
            provider: section.provider().map_err(D::Error::missing_field)?,
        })
    }
}

impl Section {
    /// What the choice stands for, or the key that it lacks.
    fn provider(self) -> Result<PlatformSmsProvider, &'static str> {
        Ok(match self.provider {
            Choice::Console => PlatformSmsProvider::Console,
            Choice::None => PlatformSmsProvider::None,
            Choice::Http => PlatformSmsProvider::Http {
                url: self.url.ok_or("url")?,
                token: self.token,
            },
            Choice::Twilio => PlatformSmsProvider::Twilio(self.account()?),
        })
    }

    fn account(self) -> Result<TwilioAccount, &'static str> {
        let account = TwilioAccount {
            account_sid: self.account_sid.ok_or("account_sid")?,
            auth_token: Some(self.auth_token.ok_or("auth_token")?),
            api_key_sid: None,
            api_key_secret: None,
            source: self.source.ok_or("source")?,
            messaging_service_sid: self.messaging_service_sid,
            phone_number: self.phone_number,
            edge: None,
            region: None,
            discard_content: false,
            obfuscate_address: false,
        };
        match (account.source, account.sender()) {
            (_, Some(_)) => Ok(account),
            (SmsSource::MessagingService, None) => Err("messaging_service_sid"),
            (SmsSource::PhoneNumber, None) => Err("phone_number"),
        }
    }
}

read_from_text! {
    source: Option<SmsSource> = "phone_number", |name: &str| {
        SmsSource::parse(name).map(Some).ok_or_else(|| one_of(SmsSource::NAMES))
    };
    endpoint: Option<Url> = "https://sms.example.com", |text: &str| parse_endpoint(text).map(Some);
}

/// The operator's own endpoint, whose token has a key of its own.
fn parse_endpoint(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a URL, such as https://sms.example.com/messages")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with `https://` or `http://`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password; a bearer token goes to platform.sms.token");
    }
    if url.port() == Some(0) {
        return Err("must have a port other than 0");
    }
    Ok(url)
}
