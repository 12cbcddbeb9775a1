//! What carries the platform's text messages: the terminal, an endpoint of the operator's own, or a Twilio account.

use url::Url;

use crate::config::reader::Reader;
use crate::domain::secret::Secret;
use crate::domain::settings::{SmsSource, TwilioAccount};
use crate::domain::twilio::{AccountSid, MessagingServiceSid, Sender};

const PROVIDER: &str = "platform.sms.provider";
const SOURCE: &str = "platform.sms.source";

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

#[derive(Clone, Copy)]
enum Choice {
    Console,
    Http,
    Twilio,
    None,
}

impl PlatformSms {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let choices = [
            ("console", Choice::Console),
            ("http", Choice::Http),
            ("twilio", Choice::Twilio),
            ("none", Choice::None),
        ];
        let choice = reader.choice(PROVIDER, &choices);
        // All of it is read whatever the choice: a wrong value is wrong also where it is not used yet.
        let url = reader.parsed("platform.sms.url", parse_endpoint);
        let token = reader.secret("platform.sms.token");
        let twilio = read_twilio(reader, matches!(choice, Some(Choice::Twilio)));
        let monthly_test_quota = reader.whole("platform.sms.monthly_test_quota", 0..=u32::MAX);
        let monthly_fallback_cap = reader.whole("platform.sms.monthly_fallback_cap", 0..=u32::MAX);
        let provider = match choice? {
            Choice::Console => PlatformSmsProvider::Console,
            Choice::None => PlatformSmsProvider::None,
            Choice::Twilio => PlatformSmsProvider::Twilio(twilio?),
            Choice::Http => {
                reader.demand("platform.sms.url", PROVIDER, "http");
                PlatformSmsProvider::Http { url: url?, token }
            }
        };
        Some(Self {
            provider,
            monthly_test_quota: monthly_test_quota?,
            monthly_fallback_cap: monthly_fallback_cap?,
        })
    }
}

fn read_twilio(reader: &mut Reader<'_>, wanted: bool) -> Option<TwilioAccount> {
    let sources: Vec<_> = SmsSource::ALL
        .iter()
        .map(|source| (source.as_str(), *source))
        .collect();
    let account_sid = reader.parsed("platform.sms.account_sid", AccountSid::parse);
    let auth_token = reader.secret("platform.sms.auth_token");
    let source = reader.choice(SOURCE, &sources);
    let service = reader.parsed("platform.sms.messaging_service_sid", MessagingServiceSid::parse);
    let number = reader.parsed("platform.sms.phone_number", Sender::parse);
    if wanted {
        for key in ["platform.sms.account_sid", "platform.sms.auth_token", SOURCE] {
            reader.demand(key, PROVIDER, "twilio");
        }
        match source {
            Some(SmsSource::MessagingService) => {
                reader.demand("platform.sms.messaging_service_sid", SOURCE, "messaging_service");
            }
            Some(SmsSource::PhoneNumber) => {
                reader.demand("platform.sms.phone_number", SOURCE, "phone_number");
            }
            None => {}
        }
    }
    let account = TwilioAccount {
        account_sid: account_sid?,
        auth_token: Some(auth_token?),
        api_key_sid: None,
        api_key_secret: None,
        source: source?,
        messaging_service_sid: service,
        phone_number: number,
        edge: None,
        region: None,
        discard_content: false,
        obfuscate_address: false,
    };
    account.sender()?;
    Some(account)
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
