//! What an administrator sets for an environment: who carries its messages, and how.
//! Every type here is already valid; `service::settings` reads documents into them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::email::EmailAddress;
use super::named::named;
use super::phone::Country;
use super::secret::Secret;

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

/// Where a Twilio account sends from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsSource {
    /// A Messaging Service, `MG` and 32 hexadecimal digits.
    MessagingService(String),
    /// A number in E.164, a short code, or an alphanumeric sender of at most 11 characters.
    PhoneNumber(String),
}

/// How requests to Twilio are authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyPair {
    /// `SK` and 32 hexadecimal digits.
    pub sid: String,
    /// Its secret.
    pub secret: Secret,
}

/// A Twilio account to send through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioAccount {
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// Authenticates sending where there is no API key, and always checks callbacks.
    pub auth_token: Option<Secret>,
    /// Authenticates sending, where there is one.
    pub api_key: Option<ApiKeyPair>,
    /// Where it sends from.
    pub source: SmsSource,
    /// Twilio's edge, such as `dublin`.
    pub edge: Option<String>,
    /// Twilio's region, such as `ie1`.
    pub region: Option<String>,
    /// Asks Twilio not to keep the text (`ContentRetention=discard`).
    pub discard_content: bool,
    /// Asks Twilio to obfuscate the number (`AddressRetention=obfuscate`).
    pub obfuscate_address: bool,
}

named! {
    /// What an environment's own text messages are carried by.
    OwnSmsProvider {
        /// Its Twilio account.
        Twilio = "twilio",
    }
}

/// How an environment's text messages travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsSettings {
    /// Whether the environment's own account is used; without it the platform sender carries its messages.
    pub provider: Option<OwnSmsProvider>,
    /// The environment's own account. Kept while it is not used.
    pub twilio: Option<TwilioAccount>,
    /// Whether the platform sender stands in when the own account did not accept.
    pub fallback: bool,
    /// Whether the own account also carries `mfa`.
    pub use_for_mfa: bool,
    /// Where messages may go; `None` is everywhere.
    pub allowed_countries: Option<BTreeSet<Country>>,
    /// Which sentence is used.
    pub sentence: Sentence,
}

impl SmsSettings {
    /// The environment's own account, where it is used.
    #[must_use]
    pub fn own_account(&self) -> Option<&TwilioAccount> {
        self.provider.and(self.twilio.as_ref())
    }
}

impl Default for SmsSettings {
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

named! {
    /// How a connection to an SMTP server is protected.
    Tls {
        /// TLS from the first byte, as on port 465 (RFC 8314).
        Implicit = "implicit",
        /// STARTTLS, required (RFC 3207).
        StartTls = "starttls",
        /// None, only without credentials and where the operator allows it.
        None = "none",
    }
}

/// A user of an SMTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpCredentials {
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: Secret,
}

/// An SMTP server to send through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpAccount {
    /// The sender's address, in `From` and in the envelope.
    pub from: EmailAddress,
    /// A host name or IP address.
    pub server: String,
    /// 1–65535.
    pub port: u16,
    /// Whom to log in as, where the server wants that.
    pub credentials: Option<SmtpCredentials>,
    /// How the connection is protected.
    pub tls: Tls,
}

/// How an environment's emails travel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EmailSettings {
    /// The display name; without one the business name stands there.
    pub sender_name: Option<String>,
    /// The environment's own server; without one the platform sender carries its emails.
    pub custom_sender: Option<SmtpAccount>,
}

/// Which factors a code with the purpose `mfa` may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"sms": true, "email": true}))]
pub struct MfaSettings {
    /// Codes by SMS; on where it is left out.
    pub sms: bool,
    /// Codes by email; on where it is left out.
    pub email: bool,
}

impl Default for MfaSettings {
    fn default() -> Self {
        Self {
            sms: true,
            email: true,
        }
    }
}
