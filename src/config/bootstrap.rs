//! What the first start on an empty database makes the default environment of. Used once and never again.

use std::path::PathBuf;

use serde::Deserialize;

use crate::domain::api_key::{ApiKey, KeyKind};
use crate::domain::business::{BusinessName, BusinessUrl};
use crate::domain::country::Country;

use super::value::read_from_text;

/// Section `bootstrap`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Bootstrap {
    /// The application's key; without one it is drawn and printed.
    #[serde(deserialize_with = "application_key")]
    pub application_key: Option<ApiKey>,
    /// The administrator's key; without one it is drawn and printed.
    #[serde(deserialize_with = "admin_key")]
    pub admin_key: Option<ApiKey>,
    /// The business's name.
    pub business_name: Option<BusinessName>,
    /// The business's URL.
    pub business_url: Option<BusinessUrl>,
    /// The country of national numbers.
    pub default_country: Option<Country>,
    /// A manifest to apply, relative to the working directory.
    pub file: Option<PathBuf>,
}

// Nothing demands a key, so no example ever stands in for one.
read_from_text! {
    application_key: Option<ApiKey> = "", |text: &str| parse_key(text, KeyKind::Application).map(Some);
    admin_key: Option<ApiKey> = "", |text: &str| parse_key(text, KeyKind::Administrator).map(Some);
}

fn parse_key(text: &str, kind: KeyKind) -> Result<ApiKey, String> {
    let key =
        ApiKey::parse(text).map_err(|error| format!("{error}; `otpost keys generate` prints a right one"))?;
    if key.kind() == kind {
        Ok(key)
    } else {
        Err(format!("must begin with `{}`", kind.prefix()))
    }
}
