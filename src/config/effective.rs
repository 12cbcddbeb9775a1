//! What `otpost check-config` prints: every key, its effective value and where it came from, and no secret.

use std::fmt::Write as _;

use url::Url;

use super::Config;
use super::error::Origin;
use super::key::{KEYS, Kind};
use super::layer::{Layer, Setting};
use crate::document::Value;

/// What stands where a secret would. Survives percent-encoding in a URL.
const REDACTED: &str = "***";

/// The configuration as TOML; keys that nobody set stand in comments.
pub fn print(config: &Config, settings: &Layer) -> String {
    let mut printed = String::new();
    let mut current = "";
    for key in KEYS {
        let (section, name) = key.split();
        if section != current {
            current = section;
            let _ = writeln!(printed, "\n[{section}]");
        }
        let effective = match (settings.get(key.name), key.name) {
            (Some(Setting { value, origin, .. }), _) => Some((shown(key.kind, value), origin.clone())),
            (None, "keys.file") => {
                let file = config.keys.file.display().to_string();
                Some((quoted(&file), Origin::FollowsFrom("database.url")))
            }
            (None, "smtp.hello_name") => {
                let hello = config.smtp.hello_name.as_ref();
                hello.map(|hello| (quoted(hello.as_str()), Origin::FollowsFrom("server.public_url")))
            }
            (None, _) => None,
        };
        // Writing to a String cannot fail.
        let _ = match effective {
            Some((value, origin)) => writeln!(printed, "{name} = {value}  # {origin}"),
            None => writeln!(printed, "# {name} =  # not set"),
        };
    }
    printed
}

/// A value as TOML.
fn shown(kind: Kind, value: &Value) -> String {
    match value {
        Value::List(entries) => {
            let entries: Vec<_> = entries.iter().map(|entry| shown(kind, entry)).collect();
            format!("[{}]", entries.join(", "))
        }
        Value::Boolean(switch) => switch.to_string(),
        Value::Natural(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        other => {
            let text = other.text().unwrap_or_default();
            match kind {
                Kind::Secret => quoted(REDACTED),
                Kind::Url | Kind::SecretUrl => quoted(&without_secrets(text)),
                Kind::Text | Kind::List => quoted(text),
                Kind::Switch => text.to_owned(),
                // A word may have a form, such as `.5` and `+5`, that TOML does not.
                Kind::Number => text
                    .parse()
                    .map_or(text.to_owned(), |number: f64| number.to_string()),
            }
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A URL without its password and without query parameters that are secrets by their name. What is no URL (the path
/// of an embedded database may be none) has no password either.
fn without_secrets(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return text.split('?').next().unwrap_or_default().to_owned();
    };
    let secret_word = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["password", "passwd", "secret", "token", "key", "auth", "sig"]
            .iter()
            .any(|word| name.contains(word))
    };
    let has_secret_pair = url.query_pairs().any(|(name, _)| secret_word(&name));
    if url.password().is_none() && !has_secret_pair {
        return text.to_owned();
    }
    if url.password().is_some() {
        // Fails only for URLs that cannot have a password.
        let _ = url.set_password(Some(REDACTED));
    }
    if has_secret_pair {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let mut query = url.query_pairs_mut();
        query.clear();
        for (name, value) in &pairs {
            let value = if secret_word(name) { REDACTED } else { value };
            query.append_pair(name, value);
        }
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_what_is_secret_in_it() {
        for (url, expected) in [
            ("postgres://db/otpost", "postgres://db/otpost"),
            (
                "postgres://otpost:hunter2@db/otpost?sslmode=require",
                "postgres://otpost:***@db/otpost?sslmode=require",
            ),
            (
                "postgres:///otpost?user=a&password=hunter2",
                "postgres:///otpost?user=a&password=***",
            ),
            (
                "https://sms.example.com/send?api_key=hunter2",
                "https://sms.example.com/send?api_key=***",
            ),
            ("sqlite://data/otpost.db", "sqlite://data/otpost.db"),
            ("sqlite:otpost.db?mode=rwc", "sqlite:otpost.db?mode=rwc"),
        ] {
            assert_eq!(without_secrets(url), expected);
        }
    }
}
