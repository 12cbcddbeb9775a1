//! What holds for every sender, the platform's and the environments' own alike.

use serde::Deserialize;
use url::Url;

use super::error::Origin;
use super::layer::{Layer, Setting};
use super::server::parse_base_url;
use super::value::read_from_text;
use crate::domain::host::HelloName;

/// Section `twilio`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Twilio {
    /// Where Twilio's API is, if the operator has set it: then it wins over every account's edge and region.
    #[serde(deserialize_with = "base_url")]
    pub base_url: Option<Url>,
}

impl Twilio {
    /// The built-in URL is there to be shown, and wins over nothing.
    pub(super) fn complete(&mut self, settings: &Layer) {
        let is_built_in = |setting: &Setting| setting.origin == Origin::BuiltIn;
        if settings.get("twilio.base_url").is_some_and(is_built_in) {
            self.base_url = None;
        }
    }
}

/// Section `smtp`.
#[derive(Debug, Clone, Deserialize)]
pub struct Smtp {
    /// Whether any sender may have the TLS mode `none`.
    pub allow_plaintext: bool,
    /// What EHLO says; without it the address literal of each connection.
    pub hello_name: Option<HelloName>,
}

impl Smtp {
    pub(super) fn complete(&mut self, public_url: &Url) {
        let public_name = || HelloName::of_public_host(public_url.host_str()?);
        self.hello_name = self.hello_name.take().or_else(public_name);
    }
}

read_from_text! {
    base_url: Option<Url> = "https://api.twilio.com", |text: &str| parse_base_url(text).map(Some);
}
