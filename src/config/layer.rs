//! A layer of configuration as one flat map from key to value and origin, and how a TOML file becomes one.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Origin};
use super::key::{self, join};

/// A value as it was written, not yet held against what its key wants.
#[derive(Clone)]
pub enum Value {
    /// A string of TOML.
    Text(String),
    /// A whole number of TOML, as it was spelt.
    Whole(String),
    /// A number with a fraction or an exponent of TOML, as it was spelt.
    Decimal(String),
    /// A boolean of TOML.
    Switch(bool),
    /// What an environment variable or a file of its own holds: good for whatever it can be read as.
    Untyped(String),
    /// A list of TOML whose entries are all strings.
    List(Vec<String>),
    /// Something no key wants; the name of what it is.
    Unwanted(&'static str),
}

impl Value {
    /// The entries of a list; in a variable they stand with commas between. `None` for what is no list.
    pub fn entries(&self) -> Option<Vec<String>> {
        match self {
            Self::List(entries) => Some(entries.clone()),
            Self::Untyped(text) if text.trim().is_empty() => Some(Vec::new()),
            Self::Untyped(text) => Some(text.split(',').map(|entry| entry.trim().to_owned()).collect()),
            _ => None,
        }
    }
}

/// A value and where it came from.
#[derive(Clone)]
pub struct Setting {
    /// The value.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// What one source sets, by key.
pub type Layer = BTreeMap<&'static str, Setting>;

/// Reads a file's text. What is well written is in the layer even where something else is not, so that one
/// mistake does not hide another.
pub fn from_toml(text: &str, origin_of: impl Fn(Option<usize>) -> Origin) -> (Layer, Vec<ConfigError>) {
    let (table, mistakes) = DeTable::parse_recoverable(text);
    let mut file = File {
        text,
        origin_of,
        broken_lines: Vec::new(),
        layer: Layer::new(),
        errors: Vec::new(),
    };
    for mistake in mistakes {
        let line = mistake.span().map(|span| file.line(span.start));
        // The parser may complain of one line more than once; the first complaint is the cause.
        if line.is_none_or(|line| !file.broken_lines.contains(&line)) {
            file.broken_lines.extend(line);
            let problem = format!("is not TOML: {}", mistake.message());
            file.errors
                .push(ConfigError::of_source((file.origin_of)(line), problem));
        }
    }
    file.take_table("", table.get_ref());
    file.errors.sort_by_key(|error| match error.origin {
        Origin::File { line, .. } => line,
        _ => None,
    });
    (file.layer, file.errors)
}

struct File<'a, F> {
    text: &'a str,
    origin_of: F,
    broken_lines: Vec<usize>,
    layer: Layer,
    errors: Vec<ConfigError>,
}

impl<F: Fn(Option<usize>) -> Origin> File<'_, F> {
    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        before.filter(|&&byte| byte == b'\n').count() + 1
    }

    fn take_table(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let line = self.line(name.span().start);
            if self.broken_lines.contains(&line) {
                continue;
            }
            let path = join(section, name.get_ref());
            let origin = (self.origin_of)(Some(line));
            match (key::find(&path), value.get_ref()) {
                (Some(key), written) => {
                    let spelling = self.text.get(value.span()).unwrap_or_default();
                    let value = take_value(written, spelling);
                    self.layer.insert(key.name, Setting { value, origin });
                }
                (None, DeValue::Table(inner)) if !inner.is_empty() => self.take_table(&path, inner),
                (None, DeValue::Table(_)) if key::is_section(&path) => {}
                (None, _) => {
                    let problem = if key::is_section(&path) {
                        "is a section, not a key"
                    } else {
                        "is not a known key"
                    };
                    self.errors.push(ConfigError::of_key(path, origin, problem));
                }
            }
        }
    }
}

fn take_value(value: &DeValue<'_>, spelling: &str) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(_) => Value::Whole(spelling.to_owned()),
        DeValue::Float(_) => Value::Decimal(spelling.to_owned()),
        DeValue::Boolean(switch) => Value::Switch(*switch),
        DeValue::Datetime(_) => Value::Unwanted("a date or time"),
        DeValue::Array(entries) => {
            let texts = entries
                .iter()
                .map(|entry| entry.get_ref().as_str().map(str::to_owned));
            let texts: Option<Vec<String>> = texts.collect();
            texts.map_or(Value::Unwanted("a list"), Value::List)
        }
        DeValue::Table(_) => Value::Unwanted("a section"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Layer, Vec<String>) {
        let origin = |line| Origin::File {
            path: "otpost.toml".to_owned(),
            line,
        };
        let (layer, errors) = from_toml(text, origin);
        (layer, errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_unknown_key_is_told_with_its_line() {
        let (_, errors) = read(
            "server = 5\n[serverr]\nlisten = 1\n[empty]\n[log]\nlevle = 'info'\n'format' = 'json'\n\"a b\" = 1\n[platform]\n",
        );
        assert_eq!(
            errors,
            [
                "server is a section, not a key (otpost.toml, line 1)",
                "serverr.listen is not a known key (otpost.toml, line 3)",
                "empty is not a known key (otpost.toml, line 4)",
                "log.levle is not a known key (otpost.toml, line 6)",
                "log.\"a b\" is not a known key (otpost.toml, line 8)",
            ]
        );
    }

    #[test]
    fn a_quoted_name_with_dots_is_not_a_path() {
        let (layer, errors) = read("\"server.listen\" = '127.0.0.1:1'\n");
        assert!(layer.is_empty());
        assert_eq!(
            errors,
            ["\"server.listen\" is not a known key (otpost.toml, line 1)"]
        );
    }

    #[test]
    fn a_line_that_is_not_toml_hides_no_other_mistake() {
        let (layer, errors) =
            read("development = tru\nnonsense = 1\n[log]\nlevel = 'info'\nlevel = 'warn'\n");
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert!(
            errors[0].starts_with("otpost.toml, line 1: is not TOML: "),
            "{errors:?}"
        );
        assert_eq!(errors[1], "nonsense is not a known key (otpost.toml, line 2)");
        assert!(
            errors[2].starts_with("otpost.toml, line 5: is not TOML: duplicate key"),
            "{errors:?}"
        );
        assert!(!layer.contains_key("development"));
        assert!(layer.contains_key("log.level"));
    }
}
