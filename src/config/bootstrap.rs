//! What the first start on an empty database makes the default environment of. Used once and never again.

use std::path::PathBuf;

use crate::domain::api_key::{ApiKey, KeyKind};
use crate::domain::business::{BusinessName, BusinessUrl};
use crate::domain::country::Country;

use super::reader::Reader;

/// Section `bootstrap`.
#[derive(Debug, Clone, Default)]
pub struct Bootstrap {
    /// The application's key; without one it is drawn and printed.
    pub application_key: Option<ApiKey>,
    /// The administrator's key; without one it is drawn and printed.
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

impl Bootstrap {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            application_key: read_key(reader, "bootstrap.application_key", KeyKind::Application),
            admin_key: read_key(reader, "bootstrap.admin_key", KeyKind::Administrator),
            business_name: reader.parsed("bootstrap.business_name", BusinessName::parse),
            business_url: reader.parsed("bootstrap.business_url", BusinessUrl::parse),
            default_country: reader.parsed("bootstrap.default_country", Country::parse),
            file: reader.path("bootstrap.file"),
        }
    }
}

fn read_key(reader: &mut Reader<'_>, key: &'static str, kind: KeyKind) -> Option<ApiKey> {
    reader.parsed(key, |text| {
        let read = ApiKey::parse(text)
            .map_err(|error| format!("{error}; `otpost keys generate` prints a right one"))?;
        if read.kind() == kind {
            Ok(read)
        } else {
            Err(format!("must begin with `{}`", kind.prefix()))
        }
    })
}
