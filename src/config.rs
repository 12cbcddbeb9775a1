//! What the operator sets. Layers, of which a later one wins: `config/default.toml` as built in, a file, the environment.
//! A configuration that loads is a valid one; whatever is wrong is told all at once, each mistake with its key and origin.

pub mod bootstrap;
pub mod database;
mod effective;
mod environment;
pub mod error;
pub mod key;
pub mod keys_file;
mod layer;
pub mod load;
pub mod manifest;
pub mod platform;
mod read;
pub mod sender;
pub mod server;
mod value;

pub use bootstrap::Bootstrap;
pub use database::{Database, DatabaseUrl, Keys};
pub use error::{ConfigError, Origin};
pub use load::{ConfigFile, Loaded, Sources, from_process, load};
pub use platform::{Platform, PlatformEmail, PlatformEmailProvider, PlatformSms, PlatformSmsProvider};
pub use sender::{Smtp, Twilio};
pub use server::{Log, Send, Server};

use serde::Deserialize;

use crate::domain::loopback::is_loopback;
use crate::domain::settings::Tell;
use layer::Layer;

/// Everything the operator sets, already valid. `docs/configuration.md` says what each key means.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Whether this is a developer's machine: allows `console` on any address.
    pub development: bool,
    /// Where the service listens.
    pub server: Server,
    /// Where its data is.
    pub database: Database,
    /// Where its keys are.
    #[serde(default)]
    pub keys: Keys,
    /// How long a send waits.
    pub send: Send,
    /// The senders behind all environments.
    pub platform: Platform,
    /// What holds for every Twilio account.
    pub twilio: Twilio,
    /// What holds for every SMTP server.
    pub smtp: Smtp,
    /// What is logged.
    pub log: Log,
    /// What the first start makes.
    #[serde(default)]
    pub bootstrap: Bootstrap,
}

impl Config {
    /// Whether the sender `console` and the development inbox may exist: in development, or where the API listens on
    /// a loopback address and is called by one, and so only this machine can ask for a code. A public URL before a loopback
    /// address is that of a proxy.
    #[must_use]
    pub fn console_allowed(&self) -> bool {
        let listens_here = self.server.listen.ip().to_canonical().is_loopback();
        let is_called_here = self
            .server
            .public_url
            .host()
            .is_some_and(|host| is_loopback(&host));
        self.development || (listens_here && is_called_here)
    }

    /// Whether text messages of the platform are printed to the terminal.
    #[must_use]
    pub fn prints_texts(&self) -> bool {
        self.console_allowed() && matches!(self.platform.sms.provider, PlatformSmsProvider::Console)
    }

    /// Fills in what follows from other keys where nobody has set it, and tells what no key can tell alone.
    fn complete(mut self, settings: &Layer, tell: Tell<'_>) -> Self {
        self.server.check(tell);
        platform::check_email(settings, self.smtp.allow_plaintext, tell);
        self.keys.complete(&self.database.url);
        self.smtp.complete(&self.server.public_url);
        self.twilio.complete(settings);
        self
    }
}
