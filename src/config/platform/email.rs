//! What carries the platform's emails: the terminal or an SMTP server.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::config::layer::Layer;
use crate::config::value::{one_of, read_from_text, whole};
use crate::domain::email::EmailAddress;
use crate::domain::host::ServerName;
use crate::domain::secret::Secret;
use crate::domain::settings::{SmtpAccount, Tell, Tls, Username};

/// Section `platform.email`.
#[derive(Debug, Clone)]
pub struct PlatformEmail {
    /// What carries the platform's emails.
    pub provider: PlatformEmailProvider,
    /// What they come from.
    pub from: EmailAddress,
}

/// What carries the platform's emails.
#[derive(Debug, Clone)]
pub enum PlatformEmailProvider {
    /// The terminal and the development inbox.
    Console,
    /// An SMTP server. Its sender is `platform.email.from`.
    Smtp(SmtpAccount),
    /// Nothing.
    None,
}

/// The section as it is written. Wrong is wrong also where it is not used yet.
#[derive(Deserialize)]
struct Section {
    provider: Choice,
    from: EmailAddress,
    server: Option<ServerName>,
    #[serde(deserialize_with = "whole::<1, 65_535, _, _>")]
    port: u16,
    username: Option<Username>,
    password: Option<Secret>,
    #[serde(deserialize_with = "tls")]
    tls: Tls,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    Console,
    Smtp,
    None,
}

impl<'de> Deserialize<'de> for PlatformEmail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let section = Section::deserialize(deserializer)?;
        let from = section.from;
        let provider = match section.provider {
            Choice::Console => PlatformEmailProvider::Console,
            Choice::None => PlatformEmailProvider::None,
            Choice::Smtp => PlatformEmailProvider::Smtp(SmtpAccount {
                from: from.clone(),
                server: section.server.ok_or_else(|| D::Error::missing_field("server"))?,
                port: section.port,
                username: section.username,
                password: section.password,
                tls: section.tls,
            }),
        };
        Ok(Self { provider, from })
    }
}

read_from_text! {
    tls: Tls = "starttls", |name: &str| Tls::parse(name).ok_or_else(|| one_of(Tls::NAMES));
}

/// Tells what no key can tell alone, whatever the provider.
pub(in crate::config) fn check(settings: &Layer, allow_plaintext: bool, tell: Tell<'_>) {
    let is_set = |name: &str| settings.contains_key(format!("platform.email.{name}").as_str());
    for (one, other) in [("username", "password"), ("password", "username")] {
        if is_set(one) && !is_set(other) {
            let problem = format!("must be set together with platform.email.{other}");
            tell(&format!("/platform/email/{one}"), &problem);
        }
    }
    let tls = settings.get("platform.email.tls");
    if tls.and_then(|tls| tls.value.text()) == Some(Tls::None.as_str()) {
        let tls = "/platform/email/tls";
        if is_set("username") || is_set("password") {
            tell(
                tls,
                "must not be `none` with a username or password, which would travel in the clear",
            );
        } else if !allow_plaintext {
            tell(tls, "must not be `none` unless smtp.allow_plaintext is `true`");
        }
    }
}
