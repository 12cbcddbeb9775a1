//! What holds for every sender, the platform's and the environments' own alike.

use url::Url;

use super::reader::Reader;
use super::server::parse_base_url;
use crate::domain::host::HelloName;

/// Section `twilio`.
#[derive(Debug, Clone, Default)]
pub struct Twilio {
    /// Where Twilio's API is, if the operator has set it: then it wins over every account's edge and region.
    pub base_url: Option<Url>,
}

impl Twilio {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        const KEY: &str = "twilio.base_url";
        let base_url = reader.parsed(KEY, parse_base_url)?;
        let base_url = reader.is_set_by_operator(KEY).then_some(base_url);
        Some(Self { base_url })
    }
}

/// Section `smtp`.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Whether any sender may have the TLS mode `none`.
    pub allow_plaintext: bool,
    /// What EHLO says; without it the address literal of each connection.
    pub hello_name: Option<HelloName>,
}

impl Smtp {
    pub(super) fn read(reader: &mut Reader<'_>, public_url: Option<&Url>) -> Option<Self> {
        const HELLO_NAME: &str = "smtp.hello_name";
        let allow_plaintext = reader.switch("smtp.allow_plaintext");
        let hello_name = if reader.is_set(HELLO_NAME) {
            Some(reader.parsed(HELLO_NAME, HelloName::parse)?)
        } else {
            public_url
                .and_then(Url::host_str)
                .and_then(HelloName::of_public_host)
        };
        Some(Self {
            allow_plaintext: allow_plaintext?,
            hello_name,
        })
    }
}
