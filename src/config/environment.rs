//! The layer of environment variables: `OTPOST_SECTION__KEY`, `…_FILE` for secrets, and `DATABASE_URL`.
//! A name that begins with `OTPOST_` and has no `__` is somebody else's.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use super::error::{ConfigError, Origin};
use super::key::{self, KEYS, Key, Kind};
use super::layer::{Layer, Setting};
use crate::document::Value;

/// What hosting platforms and other tools call the database's URL.
const DATABASE_URL: &str = "DATABASE_URL";

/// Reads the variables, and the files that some of them name.
pub fn from_variables(variables: &[(OsString, OsString)]) -> (Layer, Vec<ConfigError>) {
    let mut environment = Environment {
        variables: BTreeMap::new(),
        layer: Layer::new(),
        errors: Vec::new(),
    };
    for (name, value) in variables {
        if let Some(name) = name.to_str()
            && (is_configuration(name) || name == DATABASE_URL)
        {
            environment.variables.insert(name, value);
        }
    }
    for key in KEYS {
        environment.take(key);
    }
    environment.refuse_the_rest();
    (environment.layer, environment.errors)
}

fn is_configuration(name: &str) -> bool {
    name.starts_with("OTPOST_") && name.contains("__")
}

struct Environment<'a> {
    /// What no key has taken yet.
    variables: BTreeMap<&'a str, &'a OsStr>,
    layer: Layer,
    errors: Vec<ConfigError>,
}

impl Environment<'_> {
    fn take(&mut self, key: &'static Key) {
        let name = key.variable();
        let direct = self.variables.remove(name.as_str());
        let file_name = format!("{name}_FILE");
        let file = key
            .kind
            .may_stand_in_a_file()
            .then(|| self.variables.remove(file_name.as_str()))
            .flatten();
        let common = (key.name == "database.url")
            .then(|| self.variables.remove(DATABASE_URL))
            .flatten();
        let (variable, text) = match (direct, file, common) {
            (Some(_), Some(_), _) => {
                let problem = format!("is given twice, by this and by {name}; unset one of them");
                (file_name, Err(problem))
            }
            (None, Some(path), _) => {
                let path = Path::new(path);
                let unreadable = |error| format!("cannot be read from {}: {error}", path.display());
                (file_name, read_secret(path).map_err(unreadable))
            }
            (Some(value), None, _) => (name, utf_8(value)),
            (None, None, Some(value)) => (DATABASE_URL.to_owned(), utf_8(value)),
            (None, None, None) => return,
        };
        let origin = Origin::Variable(variable);
        match text {
            Ok(text) => {
                let value = value(key.kind, text);
                self.layer.insert(key.name, Setting { key, value, origin });
            }
            Err(problem) => self.errors.push(ConfigError::of_key(key.name, origin, problem)),
        }
    }

    fn refuse_the_rest(&mut self) {
        for name in std::mem::take(&mut self.variables).into_keys() {
            let path = |name: &str| name.to_ascii_lowercase().replace("__", ".");
            let wanted = path(name.trim_start_matches("OTPOST").trim_start_matches('_'));
            let problem = match wanted.strip_suffix("_file").and_then(key::find) {
                Some(_) => "is not a known key; only secrets are read from a file",
                None => "is not a known key",
            };
            self.errors.push(ConfigError::of_key(
                wanted,
                Origin::Variable(name.to_owned()),
                problem,
            ));
        }
    }
}

fn utf_8(value: &OsStr) -> Result<String, String> {
    let text = value.to_str().map(str::to_owned);
    text.ok_or_else(|| "is not UTF-8".to_owned())
}

/// A list stands with commas between its entries.
fn value(kind: Kind, text: String) -> Value {
    match kind {
        Kind::List if text.trim().is_empty() => Value::List(Vec::new()),
        Kind::List => {
            let entries = text.split(',').map(|entry| Value::Word(entry.trim().to_owned()));
            Value::List(entries.collect())
        }
        _ => Value::Word(text),
    }
}

/// The file's text without the newline at its end, which editors and `echo` put there.
pub(super) fn read_secret(path: &Path) -> io::Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    text.truncate(text.trim_end_matches(['\n', '\r']).len());
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Layer, Vec<String>) {
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect();
        let (layer, errors) = from_variables(&variables);
        (layer, errors.iter().map(ToString::to_string).collect())
    }

    fn value(layer: &Layer, key: &str) -> Option<(String, String)> {
        layer.get(key).map(|setting| match &setting.value {
            Value::Word(text) => (text.clone(), setting.origin.to_string()),
            _ => panic!("a variable holds a word"),
        })
    }

    fn secret_file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn only_names_with_two_underscores_are_configuration() {
        let (layer, errors) = read(&[
            ("OTPOST_TEST_POSTGRES_URL", "x"),
            ("OTPOST_PORT", "8080"),
            ("OTHER__KEY", "x"),
            ("OTPOST_LOG__LEVEL", "debug"),
            ("OTPOST__DEVELOPMENT", "true"),
        ]);
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(layer.len(), 2);
        assert_eq!(value(&layer, "log.level").unwrap().0, "debug");
        assert_eq!(value(&layer, "development").unwrap().0, "true");
    }

    #[test]
    fn every_unknown_variable_is_told() {
        let (_, errors) = read(&[
            ("OTPOST_SERVER__LISTNE", "x"),
            ("OTPOST_LOG__LEVEL_FILE", "x"),
            ("OTPOST_log__level", "x"),
        ]);
        assert_eq!(
            errors,
            [
                "log.level_file is not a known key; only secrets are read from a file (environment variable OTPOST_LOG__LEVEL_FILE)",
                "server.listne is not a known key (environment variable OTPOST_SERVER__LISTNE)",
                "log.level is not a known key (environment variable OTPOST_log__level)",
            ]
        );
    }

    #[test]
    fn a_secret_may_stand_in_a_file_whose_last_newline_does_not_count() {
        let file = secret_file("s3cret \r\n");
        let path = file.path().to_str().unwrap();
        let (layer, errors) = read(&[("OTPOST_PLATFORM__SMS__TOKEN_FILE", path)]);
        assert_eq!(errors, Vec::<String>::new());
        let (text, origin) = value(&layer, "platform.sms.token").unwrap();
        assert_eq!(text, "s3cret ");
        assert_eq!(origin, "environment variable OTPOST_PLATFORM__SMS__TOKEN_FILE");
    }

    #[test]
    fn six_secrets_may_stand_in_a_file() {
        let names: Vec<_> = KEYS
            .iter()
            .filter(|key| key.kind.may_stand_in_a_file())
            .map(|key| key.name)
            .collect();
        assert_eq!(
            names,
            [
                "database.url",
                "platform.sms.token",
                "platform.sms.auth_token",
                "platform.email.password",
                "bootstrap.application_key",
                "bootstrap.admin_key",
            ]
        );
    }

    #[test]
    fn a_secret_given_twice_or_in_no_file_is_told_without_it() {
        let file = secret_file("s3cret");
        let (layer, errors) = read(&[
            ("OTPOST_PLATFORM__SMS__TOKEN_FILE", file.path().to_str().unwrap()),
            ("OTPOST_PLATFORM__SMS__TOKEN", "s3cret"),
            ("OTPOST_DATABASE__URL_FILE", "/nowhere/url"),
        ]);
        assert!(layer.is_empty());
        assert_eq!(
            errors,
            [
                "database.url cannot be read from /nowhere/url: No such file or directory (os error 2) \
                 (environment variable OTPOST_DATABASE__URL_FILE)",
                "platform.sms.token is given twice, by this and by OTPOST_PLATFORM__SMS__TOKEN; unset one of them \
                 (environment variable OTPOST_PLATFORM__SMS__TOKEN_FILE)",
            ]
        );
    }

    #[test]
    fn database_url_counts_only_where_our_own_name_is_not_set() {
        let common = ("DATABASE_URL", "postgres://common/db");
        let (layer, _) = read(&[common]);
        let (url, origin) = value(&layer, "database.url").unwrap();
        assert_eq!(url, common.1);
        assert_eq!(origin, "environment variable DATABASE_URL");

        let (layer, errors) = read(&[common, ("OTPOST_DATABASE__URL", "postgres://own/db")]);
        assert_eq!(value(&layer, "database.url").unwrap().0, "postgres://own/db");
        assert_eq!(errors, Vec::<String>::new());

        let file = secret_file("postgres://file/db\n");
        let (layer, errors) = read(&[
            common,
            ("OTPOST_DATABASE__URL_FILE", file.path().to_str().unwrap()),
        ]);
        assert_eq!(value(&layer, "database.url").unwrap().0, "postgres://file/db");
        assert_eq!(errors, Vec::<String>::new());
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf_8_is_told() {
        use std::os::unix::ffi::OsStringExt as _;
        let value = OsString::from_vec(vec![0xff]);
        let (_, errors) = from_variables(&[("OTPOST_LOG__LEVEL".into(), value)]);
        assert_eq!(
            errors[0].to_string(),
            "log.level is not UTF-8 (environment variable OTPOST_LOG__LEVEL)"
        );
    }
}
