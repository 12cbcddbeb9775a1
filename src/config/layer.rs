//! A layer of configuration: what one source sets, key by key, and where it says so.

use std::collections::BTreeMap;

use super::error::{ConfigError, Origin};
use super::key::{self, Key};
use crate::document::{Place, TomlDocument, Value, from_toml_with_words};

/// A value, not yet held against what its key wants, and where it came from.
#[derive(Clone)]
pub struct Setting {
    /// What it is the value of.
    pub key: &'static Key,
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
    let document = from_toml_with_words(text);
    let broken = document.broken.iter().map(|broken| {
        let line = broken.position.map(|position| position.line);
        ConfigError::of_source(origin_of(line), broken.problem.clone())
    });
    let mut file = File {
        document: &document,
        errors: broken.collect(),
        origin_of,
        layer: Layer::new(),
    };
    file.take(&Place::default(), &document.value);
    file.errors.sort_by_key(|error| match error.origin {
        Origin::File { line, .. } => line,
        _ => None,
    });
    (file.layer, file.errors)
}

struct File<'a, F> {
    document: &'a TomlDocument,
    origin_of: F,
    layer: Layer,
    errors: Vec<ConfigError>,
}

impl<F: Fn(Option<usize>) -> Origin> File<'_, F> {
    fn take(&mut self, section: &Place, values: &Value) {
        for (name, value) in values.fields() {
            let place = section.field(name);
            let path = key::written(&place).unwrap_or_default();
            let line = self.document.position(&place).map(|position| position.line);
            let origin = (self.origin_of)(line);
            match (key::find(&path), value) {
                (Some(key), _) => {
                    let value = value.clone();
                    self.layer.insert(key.name, Setting { key, value, origin });
                }
                (None, Value::Object(inner)) if !inner.is_empty() => self.take(&place, value),
                (None, Value::Object(_)) if key::is_section(&path) => {}
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
