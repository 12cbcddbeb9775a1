//! How an environment's emails travel.

use serde::{Deserialize, Serialize};

use super::{SMTP_PASSWORD, Secrets, Tell};
use crate::domain::business::BusinessName;
use crate::domain::email::EmailAddress;
use crate::domain::host::ServerName;
use crate::domain::named::named;
use crate::domain::parsed::{texts, within};
use crate::domain::secret::Secret;

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

texts! {
    /// A user of an SMTP server.
    Username = "user", |text| {
        let fits = !text.is_empty() && !text.chars().any(char::is_control);
        fits.then(|| text.to_owned()).ok_or("must be one line")
    };
}

/// How an environment's emails travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de> + Default"))]
pub struct EmailSettings<S = Option<Secret>> {
    /// The display name; `null` shows the business name.
    #[serde(default)]
    pub sender_name: Option<BusinessName>,
    /// The environment's own server; `null` switches it off and deletes the details.
    #[serde(default)]
    pub custom_sender: Option<SmtpAccount<S>>,
}

/// An SMTP server to send through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "S: Deserialize<'de> + Default"))]
#[schema(as = CustomSender)]
pub struct SmtpAccount<S = Option<Secret>> {
    /// The sender's address, in `From` and in the envelope.
    #[serde(rename = "email")]
    pub from: EmailAddress,
    /// A host name or IP address.
    #[schema(value_type = String)]
    pub server: ServerName,
    /// 1–65535; 465 for `implicit` and 587 for `starttls` are usual.
    #[serde(deserialize_with = "within::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
    /// Whom to log in as, where the server wants that.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub username: Option<Username>,
    /// The user's password.
    #[serde(default)]
    pub password: S,
    /// `implicit`, `starttls` or `none`.
    pub tls: Tls,
}

impl<S> Default for EmailSettings<S> {
    fn default() -> Self {
        Self {
            sender_name: None,
            custom_sender: None,
        }
    }
}

impl<S> Secrets<S> for EmailSettings<S> {
    type With<T> = EmailSettings<T>;

    fn map_secrets<T>(self, mut form: impl FnMut(&'static str, S) -> T) -> EmailSettings<T> {
        let custom_sender = self.custom_sender.map(|account| SmtpAccount {
            password: form(SMTP_PASSWORD, account.password),
            from: account.from,
            server: account.server,
            port: account.port,
            username: account.username,
            tls: account.tls,
        });
        EmailSettings {
            sender_name: self.sender_name,
            custom_sender,
        }
    }
}

impl EmailSettings {
    /// Tells what no field can tell alone. `allow_plaintext` is the operator's word on SMTP without TLS.
    pub fn check(&self, allow_plaintext: bool, tell: Tell<'_>) {
        if let Some(account) = &self.custom_sender {
            account.check(allow_plaintext, tell);
        }
    }
}

impl SmtpAccount {
    /// The user's name and password, where there is one.
    #[must_use]
    pub fn credentials(&self) -> Option<(&str, &Secret)> {
        let username = self.username.as_ref().map(Username::as_str);
        username.zip(self.password.as_ref())
    }

    fn check(&self, allow_plaintext: bool, tell: Tell<'_>) {
        match (&self.username, &self.password) {
            (Some(_), None) => tell(SMTP_PASSWORD, "is needed with a username"),
            (None, Some(_)) => tell("/custom_sender/username", "is needed with a password"),
            _ => {}
        }
        let is_one_line = |password: &str| !password.chars().any(char::is_control);
        if self
            .password
            .as_ref()
            .is_some_and(|password| !is_one_line(password.expose()))
        {
            tell(SMTP_PASSWORD, "must be one line");
        }
        let in_the_clear = if self.username.is_some() || self.password.is_some() {
            "must be \"implicit\" or \"starttls\": credentials never travel in the clear"
        } else if !allow_plaintext {
            "may be \"none\" only where the operator has set smtp.allow_plaintext"
        } else {
            return;
        };
        if self.tls == Tls::None {
            tell("/custom_sender/tls", in_the_clear);
        }
    }
}
