//! The email settings document.

use serde::{Deserialize, Deserializer, Serialize};

use super::{
    FromNull, GivenSecret, Opener, SealedSecret, Sealer, SecretHint, resolve_secret, secret_or_null,
};
use crate::domain::business::BusinessName;
use crate::domain::email::EmailAddress;
use crate::domain::field::FieldError;
use crate::domain::host;
use crate::domain::random::Random;
use crate::domain::secret::Secret;
use crate::domain::settings::{EmailSettings, SmtpAccount, SmtpCredentials, Tls};

const PASSWORD_FIELD: &str = "email.custom_sender.password";
const PASSWORD_POINTER: &str = "/custom_sender/password";

/// How emails travel. An absent field takes its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, bound(deserialize = "S: FromNull + Deserialize<'de>"))]
#[schema(as = EmailSettings)]
pub struct EmailDocument<S> {
    /// The display name; `null` shows the business name.
    #[serde(default)]
    pub sender_name: Option<String>,
    /// The environment's own server; `null` switches it off and deletes the details.
    #[serde(default = "nothing")]
    pub custom_sender: Option<CustomSenderDocument<S>>,
}

/// An SMTP server to send through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CustomSender)]
#[serde(deny_unknown_fields, bound(deserialize = "S: FromNull + Deserialize<'de>"))]
pub struct CustomSenderDocument<S> {
    /// The sender's address.
    pub email: String,
    /// A host name or IP address.
    pub server: String,
    /// 1–65535.
    #[schema(minimum = 1, maximum = 65535)]
    #[serde(deserialize_with = "port")]
    pub port: u16,
    /// Whom to log in as.
    #[serde(default)]
    pub username: Option<String>,
    /// The user's password.
    #[serde(default = "nothing", deserialize_with = "secret_or_null")]
    pub password: Option<S>,
    /// `implicit`, `starttls` or `none`.
    #[schema(pattern = "^(implicit|starttls|none)$")]
    pub tls: String,
}

fn nothing<T>() -> Option<T> {
    None
}

/// A number that is no port is not of another type: it becomes 0, which `validate` refuses.
fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    i64::deserialize(deserializer).map(|number| u16::try_from(number).unwrap_or_default())
}

impl<S> EmailDocument<S> {
    /// The document with its secret, told by its JSON pointer, in another form.
    pub fn with_secrets<T>(self, form: impl FnOnce(&'static str, S) -> Option<T>) -> EmailDocument<T> {
        self.map_secrets(|secret, _| secret.and_then(|secret| form(PASSWORD_POINTER, secret)))
    }

    fn map_secrets<T>(
        self,
        map: impl FnOnce(Option<S>, &CustomSenderPlace) -> Option<T>,
    ) -> EmailDocument<T> {
        let custom_sender = self.custom_sender.map(|sender| {
            let place = CustomSenderPlace {
                server: sender.server.clone(),
                port: sender.port,
                username: sender.username.clone(),
            };
            CustomSenderDocument {
                password: map(sender.password, &place),
                email: sender.email,
                server: sender.server,
                port: sender.port,
                username: sender.username,
                tls: sender.tls,
            }
        });
        EmailDocument {
            sender_name: self.sender_name,
            custom_sender,
        }
    }
}

/// Where a password goes to.
#[derive(PartialEq, Eq)]
struct CustomSenderPlace {
    server: String,
    port: u16,
    username: Option<String>,
}

impl EmailDocument<GivenSecret> {
    /// Takes the stored password where the document leaves it out, and validates the whole.
    ///
    /// # Errors
    /// Everything that is wrong, at once, each with its JSON pointer.
    pub fn resolve(
        self,
        stored: &EmailSettings,
        allow_plaintext: bool,
    ) -> Result<EmailSettings, Vec<FieldError>> {
        let mut errors = Vec::new();
        let before = stored.custom_sender.as_ref();
        let document = self.map_secrets(|given, place| {
            // A sender without a user needs no password; one that is given all the same is told so by `validate`.
            if place.username.is_none() && !matches!(given, Some(GivenSecret::New(_))) {
                return None;
            }
            let moved = before.is_some_and(|account| {
                *place
                    != CustomSenderPlace {
                        server: account.server.clone(),
                        port: account.port,
                        username: account.credentials.as_ref().map(|c| c.username.clone()),
                    }
            });
            let kept = before
                .and_then(|account| account.credentials.as_ref())
                .map(|c| &c.password);
            resolve_secret(given, kept, moved, PASSWORD_POINTER, &mut errors)
        });
        match document.validate(allow_plaintext) {
            Ok(settings) if errors.is_empty() => Ok(settings),
            Ok(_) => Err(errors),
            Err(found) => {
                let told = !errors.is_empty();
                errors.extend(
                    found
                        .into_iter()
                        .filter(|e| !(told && e.pointer == PASSWORD_POINTER)),
                );
                Err(errors)
            }
        }
    }
}

impl EmailDocument<SealedSecret> {
    /// The secrets it holds.
    pub fn secrets(&self) -> impl Iterator<Item = &SealedSecret> {
        self.custom_sender
            .iter()
            .filter_map(|sender| sender.password.as_ref())
    }

    /// Opens what was stored; `None` when the password cannot be opened or the document does not fit.
    #[must_use]
    pub fn open(self, opener: Opener<'_>) -> Option<EmailSettings> {
        let mut unreadable = false;
        let document = self.map_secrets(|sealed, _| {
            let plain = opener.open(PASSWORD_FIELD, &sealed?);
            unreadable = plain.is_none();
            plain
        });
        // Whether plaintext is allowed was decided when the settings were saved.
        if unreadable {
            None
        } else {
            document.validate(true).ok()
        }
    }
}

impl EmailDocument<Secret> {
    /// Reads the document into settings.
    ///
    /// # Errors
    /// Everything that is wrong, at once, each with its JSON pointer.
    pub fn validate(self, allow_plaintext: bool) -> Result<EmailSettings, Vec<FieldError>> {
        let mut errors = Vec::new();
        // It stands where the business name would, and is held to the same rules.
        let sender_name = self.sender_name.and_then(|name| {
            let read = BusinessName::parse(&name).ok();
            if read.is_none() {
                errors.push(FieldError::new(
                    "/sender_name",
                    "must be 1 to 300 characters on one line, without control characters",
                ));
            }
            read.map(|name| name.as_str().to_owned())
        });
        let custom_sender = self
            .custom_sender
            .and_then(|sender| sender.validate(allow_plaintext, &mut errors));
        if errors.is_empty() {
            Ok(EmailSettings {
                sender_name,
                custom_sender,
            })
        } else {
            Err(errors)
        }
    }

    /// The document of `settings`.
    #[must_use]
    pub fn of(settings: &EmailSettings) -> Self {
        let custom_sender = settings
            .custom_sender
            .as_ref()
            .map(|account| CustomSenderDocument {
                email: account.from.as_str().to_owned(),
                server: account.server.clone(),
                port: account.port,
                username: account.credentials.as_ref().map(|c| c.username.clone()),
                password: account.credentials.as_ref().map(|c| c.password.clone()),
                tls: account.tls.as_str().to_owned(),
            });
        Self {
            sender_name: settings.sender_name.clone(),
            custom_sender,
        }
    }

    /// The form for the database.
    #[must_use]
    pub fn seal(self, sealer: Sealer<'_>, random: &dyn Random) -> EmailDocument<SealedSecret> {
        self.map_secrets(|secret, _| secret.map(|secret| sealer.seal(random, PASSWORD_FIELD, &secret)))
    }

    /// The form that is read back.
    #[must_use]
    pub fn hint(self) -> EmailDocument<SecretHint> {
        self.map_secrets(|secret, _| secret.map(|_| SecretHint::of_password()))
    }
}

impl CustomSenderDocument<Secret> {
    fn validate(self, allow_plaintext: bool, errors: &mut Vec<FieldError>) -> Option<SmtpAccount> {
        let already = errors.len();
        let mut wrong = |field: &str, detail: &str| {
            errors.push(FieldError::new(format!("/custom_sender/{field}"), detail));
        };
        let from = EmailAddress::parse(&self.email).ok();
        if from.is_none() {
            wrong("email", "must be one email address, such as auth@example.com");
        }
        if !host::is_server(&self.server) {
            wrong(
                "server",
                "must be a host name or an IP address, without scheme, port or spaces",
            );
        }
        if self.port == 0 {
            wrong(
                "port",
                "must be 1 to 65535; 465 for \"implicit\" and 587 for \"starttls\" are usual",
            );
        }
        let credentials = match (self.username, self.password) {
            (None, None) => None,
            (Some(username), Some(password)) => {
                if username.is_empty() || username.chars().any(char::is_control) {
                    wrong("username", "must be one line");
                }
                if password.expose().is_empty() || password.expose().chars().any(char::is_control) {
                    wrong("password", "must be one line");
                }
                Some(SmtpCredentials { username, password })
            }
            (Some(_), None) => {
                wrong("password", "is needed with a username");
                None
            }
            (None, Some(_)) => {
                wrong("username", "is needed with a password");
                None
            }
        };
        let tls = Tls::parse(&self.tls);
        match tls {
            None => wrong("tls", "must be \"implicit\", \"starttls\" or \"none\""),
            Some(Tls::None) if credentials.is_some() => {
                wrong(
                    "tls",
                    "must be \"implicit\" or \"starttls\": credentials never travel in the clear",
                );
            }
            Some(Tls::None) if !allow_plaintext => {
                wrong(
                    "tls",
                    "may be \"none\" only where the operator has set smtp.allow_plaintext",
                );
            }
            Some(_) => {}
        }
        if errors.len() > already {
            return None;
        }
        Some(SmtpAccount {
            from: from?,
            server: self.server,
            port: self.port,
            credentials,
            tls: tls?,
        })
    }
}
