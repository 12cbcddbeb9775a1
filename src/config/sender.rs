//! What holds for every sender, the platform's and the environments' own alike.

use serde::Deserialize;
use url::Url;

use super::error::Origin;
use super::layer::Layer;
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
    pub(super) fn complete(&mut self, settings: &Layer) {
        let is_set = |layer: &Layer| layer["twilio.base_url"].origin != Origin::BuiltIn;
        self.base_url.take_if(|_| !is_set(settings));
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
