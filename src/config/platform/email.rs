//! What carries the platform's emails: the terminal or an SMTP server.

use crate::config::reader::Reader;
use crate::domain::email::EmailAddress;
use crate::domain::host::ServerName;
use crate::domain::secret::Secret;
use crate::domain::settings::{SmtpAccount, Tls, Username};

const PROVIDER: &str = "platform.email.provider";
const TLS: &str = "platform.email.tls";
const USERNAME: &str = "platform.email.username";
const PASSWORD: &str = "platform.email.password";

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

#[derive(Clone, Copy)]
enum Choice {
    Console,
    Smtp,
    None,
}

impl PlatformEmail {
    pub(super) fn read(reader: &mut Reader<'_>, allow_plaintext: Option<bool>) -> Option<Self> {
        let choices = [
            ("console", Choice::Console),
            ("smtp", Choice::Smtp),
            ("none", Choice::None),
        ];
        let choice = reader.choice(PROVIDER, &choices);
        let from = reader.parsed("platform.email.from", EmailAddress::parse);
        let server = reader.parsed("platform.email.server", ServerName::parse);
        let port = reader.whole("platform.email.port", 1..=u16::MAX);
        let tls = read_tls(reader, allow_plaintext);
        let (username, password) = read_credentials(reader).unzip();
        if matches!(choice, Some(Choice::Smtp)) {
            reader.demand("platform.email.server", PROVIDER, "smtp");
        }
        let from = from?;
        let provider = match choice? {
            Choice::Console => PlatformEmailProvider::Console,
            Choice::None => PlatformEmailProvider::None,
            Choice::Smtp => PlatformEmailProvider::Smtp(SmtpAccount {
                from: from.clone(),
                server: server?,
                port: port?,
                username,
                password,
                tls: tls?,
            }),
        };
        Some(Self { provider, from })
    }
}

fn read_tls(reader: &mut Reader<'_>, allow_plaintext: Option<bool>) -> Option<Tls> {
    let choices: Vec<_> = Tls::ALL.iter().map(|tls| (tls.as_str(), *tls)).collect();
    let tls = reader.choice(TLS, &choices)?;
    if tls == Tls::None {
        if reader.is_set(USERNAME) || reader.is_set(PASSWORD) {
            let problem = "must not be `none` with a username or password, which would travel in the clear";
            reader.refuse(TLS, problem);
        }
        if allow_plaintext == Some(false) {
            reader.refuse(TLS, "must not be `none` unless smtp.allow_plaintext is `true`");
        }
    }
    Some(tls)
}

fn read_credentials(reader: &mut Reader<'_>) -> Option<(Username, Secret)> {
    let username = reader.parsed(USERNAME, Username::parse);
    let password = reader.secret(PASSWORD);
    for (one, other) in [(USERNAME, PASSWORD), (PASSWORD, USERNAME)] {
        if reader.is_set(one) && !reader.is_set(other) {
            reader.refuse(one, format!("must be set together with {other}"));
        }
    }
    username.zip(password)
}
