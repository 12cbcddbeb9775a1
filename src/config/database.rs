//! Where the data is kept, and the keys to what is secret in it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::domain::parsed::parsed;
use crate::domain::secret::Secret;

use super::value::whole;

/// What the keys file is called where nobody names one.
const KEYS_FILE: &str = "keys.toml";

/// Section `database`.
#[derive(Debug, Clone, Deserialize)]
pub struct Database {
    /// Which database.
    pub url: DatabaseUrl,
    /// The most connections one process keeps to it, 1–1000.
    #[serde(deserialize_with = "whole::<1, 1000, _, _>")]
    pub max_connections: u32,
    /// How many days ended verifications and messages are kept, 1–3650.
    #[serde(deserialize_with = "whole::<1, 3650, _, _>")]
    pub retention_days: u32,
}

/// A database's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `postgres://…` or `postgresql://…`. May hold a password.
    Postgres(Secret),
    /// `sqlite://PATH` or `sqlite:PATH`, relative to the working directory.
    Sqlite {
        /// As it was given.
        url: String,
        /// The file, decoded.
        path: PathBuf,
    },
}

impl DatabaseUrl {
    /// Reads a URL. The error says what is wrong without the URL.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.split_once(':') {
            Some(("postgres" | "postgresql", _)) => {
                Url::parse(text).map_err(|_| {
                    "is not a URL; special characters in a password must be percent-encoded, such as %23 for #"
                })?;
                Ok(Self::Postgres(Secret::new(text)))
            }
            Some(("sqlite", rest)) => {
                let file = rest.strip_prefix("//").unwrap_or(rest);
                let (file, parameters) = file.split_once('?').unwrap_or((file, ""));
                if file == ":memory:" || parameters.contains("mode=memory") {
                    return Err("must name a file: a database in memory would forget every key and code");
                }
                let path = percent_decode(file).ok_or("must name a file in UTF-8")?;
                if path.is_empty() || path.ends_with('/') {
                    return Err("must name a file, such as sqlite://data/otpost.db");
                }
                Ok(Self::Sqlite {
                    url: text.to_owned(),
                    path: path.into(),
                })
            }
            _ => Err("must begin with `postgres://` or `sqlite://`"),
        }
    }

    /// The URL itself, password and all. Nothing made from it may be logged or answered.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Self::Postgres(url) => url.expose(),
            Self::Sqlite { url, .. } => url,
        }
    }
}

parsed!(DatabaseUrl = "postgres://localhost");

/// Section `keys`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Keys {
    /// The keys file, relative to the working directory.
    pub file: PathBuf,
}

impl Keys {
    /// The path is empty where nobody has set one.
    pub(super) fn complete(&mut self, database: &DatabaseUrl) {
        if self.file.as_os_str().is_empty() {
            self.file = default_keys_file(database);
        }
    }
}

/// Beside the embedded database's file; with Postgres in the working directory.
fn default_keys_file(url: &DatabaseUrl) -> PathBuf {
    match url {
        DatabaseUrl::Sqlite { path, .. } => path.with_file_name(KEYS_FILE),
        DatabaseUrl::Postgres(_) => Path::new(KEYS_FILE).to_owned(),
    }
}

/// Undoes `%2F` and the like, as the database driver does with a path; `None` where what comes out is not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| after.split_at_checked(2)).flatten();
        let escaped = escaped.and_then(|(digits, after)| {
            let mut one = [0];
            hex::decode_to_slice(digits, &mut one).ok()?;
            Some((one[0], after))
        });
        let (byte, after) = escaped.unwrap_or((byte, after));
        decoded.push(byte);
        rest = after;
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys_file(url: &str) -> String {
        default_keys_file(&DatabaseUrl::parse(url).unwrap())
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn the_keys_lie_beside_the_sqlite_file() {
        assert_eq!(keys_file("sqlite://data/otpost.db"), "data/keys.toml");
        assert_eq!(keys_file("sqlite:data/otpost.db?mode=rwc"), "data/keys.toml");
        assert_eq!(
            keys_file("sqlite:///var/lib/otpost/a.db"),
            "/var/lib/otpost/keys.toml"
        );
        assert_eq!(keys_file("sqlite:otpost.db"), "keys.toml");
        assert_eq!(
            keys_file("sqlite://my%20data%2Fa/otp%ost.db"),
            "my data/a/keys.toml"
        );
        assert_eq!(keys_file("postgres://db/otpost"), "keys.toml");
    }

    #[test]
    fn a_url_of_another_kind_or_without_a_file_is_refused() {
        for url in [
            "",
            "data/otpost.db",
            "mysql://db/otpost",
            "sqlite:",
            "sqlite://",
            "sqlite://data/",
            "sqlite::memory:",
            "sqlite://a?mode=memory",
            "sqlite://%ff",
            "postgres://user:p#ss@host:port/db",
        ] {
            assert!(DatabaseUrl::parse(url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn debug_does_not_show_a_password() {
        let url = DatabaseUrl::parse("postgresql://otpost:hunter2@db/otpost").unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
        assert_eq!(url.expose(), "postgresql://otpost:hunter2@db/otpost");
    }
}
