//! What the first start on an empty database makes the default environment of. Used once and never again.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use crate::domain::api_key::{ApiKey, KeyKind};
use crate::domain::business::{BusinessName, BusinessUrl};
use crate::domain::country::Country;

use super::value::text;

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

fn application_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ApiKey>, D::Error> {
    key(deserializer, KeyKind::Application).map(Some)
}

fn admin_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ApiKey>, D::Error> {
    key(deserializer, KeyKind::Administrator).map(Some)
}

fn key<'de, D: Deserializer<'de>>(deserializer: D, kind: KeyKind) -> Result<ApiKey, D::Error> {
    // Nothing demands a key, so no example ever stands in for one.
    text(deserializer, "", |text| {
        let key = ApiKey::parse(text)
            .map_err(|error| format!("{error}; `otpost keys generate` prints a right one"))?;
        if key.kind() == kind {
            Ok(key)
        } else {
            Err(format!("must begin with `{}`", kind.prefix()))
        }
    })
}
