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
            line(&mut printed, format_args!("\n[{section}]"));
        }
        if let Some(Setting { value, origin, .. }) = settings.get(key.name) {
            let value = shown(key.kind, value);
            line(&mut printed, format_args!("{name} = {value}  # {origin}"));
        } else if key.name == "keys.file" {
            let value = quoted(&config.keys.file.display().to_string());
            let origin = Origin::FollowsFrom("database.url");
            line(&mut printed, format_args!("{name} = {value}  # {origin}"));
        } else if let ("smtp.hello_name", Some(hello)) = (key.name, &config.smtp.hello_name) {
            let value = quoted(hello.as_str());
            let origin = Origin::FollowsFrom("server.public_url");
            line(&mut printed, format_args!("{name} = {value}  # {origin}"));
        } else {
            line(&mut printed, format_args!("# {name} =  # not set"));
        }
    }
    printed
}

fn line(printed: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(printed, "{text}");
}

fn shown(kind: Kind, value: &Value) -> String {
    match (kind, value) {
        (_, Value::List(entries)) => {
            let entries: Vec<_> = entries.iter().map(|entry| shown(kind, entry)).collect();
            format!("[{}]", entries.join(", "))
        }
        (_, Value::Boolean(switch)) => switch.to_string(),
        (_, Value::Natural(number)) => number.to_string(),
        (_, Value::Number(number)) => number.to_string(),
        (Kind::Secret, _) => quoted(REDACTED),
        (_, other) => {
            let text = other.text().unwrap_or_default();
            match kind {
                Kind::Url | Kind::SecretUrl => quoted(&without_secrets(text)),
                Kind::Switch => text.to_owned(),
                // A word may have a form, such as `.5` and `+5`, that TOML does not.
                Kind::Number => text
                    .parse()
                    .map_or(text.to_owned(), |number: f64| number.to_string()),
                _ => quoted(text),
            }
        }
    }
}

/// A TOML string on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
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

    #[test]
    fn a_quoted_text_is_toml_that_reads_back() {
        for text in ["plain", "a \"b\" \\ c", "two\nlines\u{7f}\u{85}", "naïve"] {
            let toml = format!("key = {}", quoted(text));
            let table: toml::Table = toml.parse().unwrap();
            assert_eq!(table["key"].as_str(), Some(text));
        }
    }
}
