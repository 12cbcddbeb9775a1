//! A manifest as a file: its values, where in the file each of them stands, and the secrets it refers to. What the values must be is
//! the service's to say; a mistake it finds is given its line here.

use std::fmt;
use std::path::{Path, PathBuf};

use super::environment::read_secret;
use super::key;
use crate::document::{Mistake, Position, TomlDocument, Value, from_toml};
use crate::domain::secret::{Secret, SecretReference};

mod print;

pub use print::print;

/// A file that is TOML.
#[derive(Debug, Clone)]
pub struct ManifestFile {
    path: PathBuf,
    document: TomlDocument,
}

/// One mistake in the file. Never shows a value, which may be a secret in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MistakeInFile {
    /// The file as the operator named it.
    pub path: PathBuf,
    /// Where in it; `None` for the whole file.
    pub position: Option<Position>,
    /// The key, such as `environments.default.otp.digits`; `None` where it is not TOML.
    pub key: Option<String>,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for MistakeInFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let position = self.position.map_or(String::new(), |Position { line, column }| {
            format!(", line {line}, column {column}")
        });
        match &self.key {
            Some(key) => write!(f, "{key}: {} ({path}{position})", self.problem),
            None => write!(f, "{path}{position}: {}", self.problem),
        }
    }
}

impl std::error::Error for MistakeInFile {}

/// Reads a file.
///
/// # Errors
/// When it cannot be read, and all that is not TOML in it, a line each.
pub fn read(path: &Path) -> Result<ManifestFile, Vec<MistakeInFile>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![MistakeInFile {
            path: path.to_owned(),
            position: None,
            key: None,
            problem: format!("cannot be read: {error}"),
        }]
    })?;
    parse(path, &text)
}

/// Reads the text of a file.
///
/// # Errors
/// All that is not TOML in it, a line each.
pub fn parse(path: &Path, text: &str) -> Result<ManifestFile, Vec<MistakeInFile>> {
    let file = ManifestFile {
        path: path.to_owned(),
        document: from_toml(text),
    };
    // What is left of a broken file would only be told wrongly.
    if !file.document.broken.is_empty() {
        let broken = file.document.broken.into_iter().map(|broken| MistakeInFile {
            path: path.to_owned(),
            position: broken.position,
            key: None,
            problem: broken.problem,
        });
        return Err(broken.collect());
    }
    Ok(file)
}

impl ManifestFile {
    /// What is in it.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document.value
    }

    /// The mistakes in the order of their lines. What is missing is told at the table it is missing in.
    #[must_use]
    pub fn errors(&self, found: &[Mistake]) -> Vec<MistakeInFile> {
        let errors = found.iter().map(|mistake| MistakeInFile {
            path: self.path.clone(),
            position: self.document.position(&mistake.place),
            key: key::written(&mistake.place),
            problem: mistake.detail(),
        });
        let mut errors: Vec<_> = errors.collect();
        errors.sort_by(|one, other| (one.position, &one.key).cmp(&(other.position, &other.key)));
        errors
    }
}

/// Reads a secret where a manifest says that it stands. The newlines at the end of a file do not count.
///
/// # Errors
/// In words that follow the key.
#[expect(clippy::disallowed_methods, reason = "only config reads the environment")]
pub fn read_referenced(reference: &SecretReference) -> Result<Secret, String> {
    let (text, source) = match reference {
        SecretReference::Variable(name) => {
            let source = format!("the environment variable {name}");
            match std::env::var(name) {
                Ok(text) => (text, source),
                Err(std::env::VarError::NotPresent) => {
                    return Err(format!("refers to {source}, which is not set"));
                }
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(format!("refers to {source}, which is not UTF-8"));
                }
            }
        }
        SecretReference::File(path) => match read_secret(path) {
            Ok(text) => (text, path.display().to_string()),
            Err(error) => {
                return Err(format!(
                    "refers to {}, which cannot be read: {error}",
                    path.display()
                ));
            }
        },
    };
    if text.trim().is_empty() {
        return Err(format!("refers to {source}, which is empty"));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::document::{Fault, Place, read};

    fn parsed(text: &str) -> ManifestFile {
        parse(Path::new("settings.toml"), text).unwrap()
    }

    fn mistakes(text: &str) -> Vec<String> {
        let errors = parse(Path::new("settings.toml"), text).unwrap_err();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_mistake_is_told_with_key_line_and_column() {
        let text = "[environments.default]\n\nname = 'x'\n  [environments.default.applications.\"a/b ~c\"]\n  connections = ['phone:otp',\n    'x']\n";
        let file = parsed(text);
        let places = [
            Place::of_pointer("/environments/default/applications/a~1b ~0c/connections").item(1),
            Place::of_pointer("/environments/default/name"),
            Place::of_pointer("/environments/default/business_url"),
            Place::default(),
        ];
        let found = places.map(|place| Mistake {
            place,
            fault: Fault::Refused("is wrong".to_owned()),
        });
        let told: Vec<_> = file.errors(&found).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "settings.toml: is wrong",
                "environments.default.business_url: is wrong (settings.toml, line 1, column 15)",
                "environments.default.name: is wrong (settings.toml, line 3, column 1)",
                "environments.default.applications.\"a/b ~c\".connections[1]: is wrong (settings.toml, line 6, column 5)",
            ]
        );
    }

    #[test]
    fn every_line_that_is_not_toml_is_told() {
        let told = mistakes("a = tru\nb = 1\n[c\nd = 'é' é\n");
        assert!(told.len() >= 2, "{told:?}");
        assert!(
            told[0].starts_with("settings.toml, line 1, column 5: is not TOML: "),
            "{told:?}"
        );
    }

    #[test]
    fn what_no_key_takes_is_told_without_its_value() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "read for its mistakes alone")]
        struct Tables {
            a: Option<String>,
            b: BTreeMap<String, f64>,
        }
        let file = parsed("a = 1979-05-27\n[b]\nc = 99999999999999999999\nd = nan\n");
        let found = read::<Tables>(file.document()).finish().unwrap_err();
        let told: Vec<_> = file.errors(&found).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "a: is a date or time, which no key takes; text stands in quotes (settings.toml, line 1, column 1)",
                "b.c: is a number that is too large (settings.toml, line 3, column 1)",
                "b.d: is not a number (settings.toml, line 4, column 1)",
            ]
        );
    }

    #[test]
    fn a_secret_is_read_where_it_stands_and_nothing_else_will_do() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, "s3cret\r\n").unwrap();
        let file = SecretReference::File(path);
        assert_eq!(read_referenced(&file).unwrap().expose(), "s3cret");
        let missing = SecretReference::Variable("OTPOST_NO_SUCH_VARIABLE".to_owned());
        assert_eq!(
            read_referenced(&missing).unwrap_err(),
            "refers to the environment variable OTPOST_NO_SUCH_VARIABLE, which is not set"
        );
        let missing = SecretReference::File(directory.path().join("nowhere"));
        let problem = read_referenced(&missing).unwrap_err();
        assert!(problem.contains("nowhere, which cannot be read: "), "{problem}");
        let empty = directory.path().join("empty");
        std::fs::write(&empty, "\n").unwrap();
        let problem = read_referenced(&SecretReference::File(empty)).unwrap_err();
        assert!(problem.ends_with("which is empty"), "{problem}");
    }
}
