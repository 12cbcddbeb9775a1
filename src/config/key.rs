//! The closed list of configuration keys. Whatever is not in it is a mistake of the operator's and is told as one;
//! `config/default.toml` and `docs/configuration.md` are held against it by a test.

use crate::document::{Place, Segment, Value, within_section};

/// What a key's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text; digits alone will do.
    Text,
    /// Text that is never shown, and may stand in a file of its own.
    Secret,
    /// A URL, shown without what is secret in it.
    Url,
    /// A URL that may hold a password: shown without it, and may stand in a file of its own.
    SecretUrl,
    /// A number.
    Number,
    /// `true` or `false`.
    Switch,
    /// Several texts.
    List,
}

impl Kind {
    /// Whether a variable with `_FILE` after its name may give the path of a file to read the value from.
    #[must_use]
    pub fn may_stand_in_a_file(self) -> bool {
        matches!(self, Self::Secret | Self::SecretUrl)
    }

    /// Whether its values are texts.
    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Secret | Self::Url | Self::SecretUrl)
    }

    /// What is to stand there instead of a value of another type, in words that follow the key.
    pub(super) fn instead_of(self, value: &Value) -> &'static str {
        match (self, value) {
            (Self::Switch, _) => "must be `true` or `false`, without quotes",
            (Self::List, _) => "must be a list of texts, such as [\"…\", \"…\"]",
            (Self::Number, _) => "must be a number",
            (_, Value::List(_)) => "must be text, not a list",
            (_, Value::Object(_)) => "must be text, not a section",
            _ => "must be text, in quotes",
        }
    }
}

/// A key the operator may set.
#[derive(Debug, PartialEq, Eq)]
pub struct Key {
    /// Its sections and name with dots between, such as `platform.sms.url`.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
}

impl Key {
    /// The section and the name within it; the section is empty for a key of none.
    #[must_use]
    pub fn split(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }

    /// The key whose value decides whether this one must be set.
    pub(super) fn wanted_by(&self) -> String {
        match self.split() {
            (section, "messaging_service_sid" | "phone_number") => format!("{section}.source"),
            (section, _) => format!("{section}.provider"),
        }
    }

    /// The environment variable that sets it: `OTPOST_`, its sections and name in capitals with `__` between. A key of
    /// no section has the `__` right after `OTPOST`, for without one a variable is not configuration.
    #[must_use]
    pub fn variable(&self) -> String {
        let name = self.name.to_ascii_uppercase().replace('.', "__");
        let prefix = if self.split().0.is_empty() {
            "OTPOST__"
        } else {
            "OTPOST_"
        };
        format!("{prefix}{name}")
    }
}

macro_rules! keys {
    ($($name:literal: $kind:ident,)*) => {
        /// All of them, in the order of the documentation.
        pub const KEYS: &[Key] = &[$(Key { name: $name, kind: Kind::$kind }),*];
    };
}

keys! {
    "development": Switch,
    "server.listen": Text,
    "server.operations_listen": Text,
    "server.public_url": Url,
    "server.trusted_proxies": List,
    "database.url": SecretUrl,
    "database.max_connections": Number,
    "database.retention_days": Number,
    "keys.file": Text,
    "send.wait_seconds": Number,
    "platform.sms.provider": Text,
    "platform.sms.url": Url,
    "platform.sms.token": Secret,
    "platform.sms.account_sid": Text,
    "platform.sms.auth_token": Secret,
    "platform.sms.source": Text,
    "platform.sms.messaging_service_sid": Text,
    "platform.sms.phone_number": Text,
    "platform.sms.monthly_test_quota": Number,
    "platform.sms.monthly_fallback_cap": Number,
    "platform.email.provider": Text,
    "platform.email.from": Text,
    "platform.email.server": Text,
    "platform.email.port": Number,
    "platform.email.username": Text,
    "platform.email.password": Secret,
    "platform.email.tls": Text,
    "twilio.base_url": Url,
    "smtp.allow_plaintext": Switch,
    "smtp.hello_name": Text,
    "log.format": Text,
    "log.level": Text,
    "bootstrap.application_key": Secret,
    "bootstrap.admin_key": Secret,
    "bootstrap.business_name": Text,
    "bootstrap.business_url": Url,
    "bootstrap.default_country": Text,
    "bootstrap.file": Text,
}

/// The key of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// Whether a key lies in the section of that name.
#[must_use]
pub fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| {
        key.name
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// A key as it would be written in a file, such as `server.listen`; `None` for the file itself.
#[must_use]
pub fn written(place: &Place) -> Option<String> {
    let key = place.0.iter().fold(String::new(), |key, segment| match segment {
        Segment::Index(index) => format!("{key}[{index}]"),
        Segment::Name(name) => within_section(&key, name),
    });
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::DEFAULT;

    const DOCUMENTATION: &str = include_str!("../../docs/configuration.md");

    /// Each key of `config/default.toml` with the value it shows, and whether it is in force.
    fn shown_defaults() -> Vec<(String, String, bool)> {
        let mut section = String::new();
        let mut shown = Vec::new();
        for line in DEFAULT.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = format!("{name}.");
            }
            let entry = line.strip_prefix("# ").unwrap_or(line).split_once(" = ");
            if let Some((name, value)) = entry
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            {
                let in_force = !line.starts_with('#');
                shown.push((format!("{section}{name}"), value.to_owned(), in_force));
            }
        }
        shown
    }

    #[test]
    fn the_default_file_shows_exactly_the_known_keys_in_their_order() {
        let shown: Vec<_> = shown_defaults().into_iter().map(|(name, ..)| name).collect();
        let known: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        assert_eq!(shown, known);
    }

    #[test]
    fn the_documentation_has_a_row_for_every_key_with_its_default_and_variable() {
        let rows: Vec<Vec<&str>> = DOCUMENTATION
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| {
                line.split(" | ")
                    .map(|cell| cell.trim_matches(['|', ' ']))
                    .collect()
            })
            .collect();
        let expected: Vec<Vec<String>> = KEYS
            .iter()
            .zip(shown_defaults())
            .map(|(key, (_, value, in_force))| {
                let default = if in_force {
                    format!("`{}`", value.trim_matches('"'))
                } else {
                    "–".to_owned()
                };
                let file = if key.kind.may_stand_in_a_file() {
                    ", `…_FILE`"
                } else {
                    ""
                };
                vec![
                    format!("`{}`", key.name),
                    default,
                    format!("`{}`{file}", key.variable()),
                ]
            })
            .collect();
        let found: Vec<_> = rows.iter().map(|row| row[..3].to_vec()).collect();
        assert_eq!(found, expected);
        assert!(
            rows.iter().all(|row| row.len() == 4 && row[3].len() > 10),
            "every key has a meaning"
        );
    }

    #[test]
    fn a_key_of_no_section_has_two_underscores_in_its_variable_all_the_same() {
        assert_eq!(find("development").unwrap().variable(), "OTPOST__DEVELOPMENT");
        assert_eq!(find("server.listen").unwrap().variable(), "OTPOST_SERVER__LISTEN");
        assert_eq!(
            find("platform.sms.auth_token").unwrap().variable(),
            "OTPOST_PLATFORM__SMS__AUTH_TOKEN"
        );
    }

    #[test]
    fn no_two_keys_share_a_variable() {
        let mut variables: Vec<_> = KEYS.iter().map(Key::variable).collect();
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), KEYS.len());
    }
}
