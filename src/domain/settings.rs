//! What an administrator sets for an environment: who carries its messages, and how. Settings are generic over their secrets, so that
//! as they are given, kept, stored and shown they are one definition; an absent field takes its default everywhere.

use serde::{Deserialize, Serialize};

mod email;
mod sms;

pub use email::{EmailSettings, SmtpAccount, Tls, Username};
pub use sms::{OwnSmsProvider, Sentence, SmsSettings, SmsSource, TwilioAccount};

/// Settings with secrets of some form.
pub trait Secrets<S> {
    /// The same settings with secrets of another form.
    type With<T>;

    /// Brings each secret, told by its JSON pointer, into another form.
    fn map_secrets<T>(self, form: impl FnMut(&'static str, S) -> T) -> Self::With<T>;
}

/// Takes a mistake by JSON pointer and detail.
pub type Tell<'a> = &'a mut dyn FnMut(&str, &str);

/// Where the secrets of settings stand.
pub const AUTH_TOKEN: &str = "/twilio/auth_token";
/// See [`AUTH_TOKEN`].
pub const API_KEY_SECRET: &str = "/twilio/api_key_secret";
/// See [`AUTH_TOKEN`].
pub const SMTP_PASSWORD: &str = "/custom_sender/password";

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
