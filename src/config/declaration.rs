//! A file that describes environments: its values, where in the file each of them stands, and the secrets it refers to.
//! What the values must be is the service's to say; a mistake it finds is given its line here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Number, Value};
use toml::de::{DeTable, DeValue};

use super::environment::read_secret;
use super::layer::join;
use crate::domain::field::FieldError;
use crate::domain::secret::{Secret, SecretReference};

mod print;

pub use print::print;

/// A file that is TOML.
#[derive(Debug, Clone)]
pub struct DeclarationFile {
    path: PathBuf,
    document: Value,
    /// Of each value by its JSON pointer.
    places: BTreeMap<String, Place>,
}

/// A place in a file, both counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One mistake in the file. Never shows a value, which may be a secret in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationError {
    /// The file as the operator named it.
    pub path: PathBuf,
    /// Where in it; `None` for the whole file.
    pub place: Option<Place>,
    /// The key, such as `environments.default.otp.digits`; `None` where it is not TOML.
    pub key: Option<String>,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for DeclarationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        let place = self.place.map_or(String::new(), |Place { line, column }| {
            format!(", line {line}, column {column}")
        });
        match &self.key {
            Some(key) => write!(f, "{key}: {} ({path}{place})", self.problem),
            None => write!(f, "{path}{place}: {}", self.problem),
        }
    }
}

impl std::error::Error for DeclarationError {}

/// Reads a file.
///
/// # Errors
/// When it cannot be read, and all that is not TOML in it, a line each.
pub fn read(path: &Path) -> Result<DeclarationFile, Vec<DeclarationError>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        vec![DeclarationError {
            path: path.to_owned(),
            place: None,
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
pub fn parse(path: &Path, text: &str) -> Result<DeclarationFile, Vec<DeclarationError>> {
    let (table, mistakes) = DeTable::parse_recoverable(text);
    let mut reading = Reading {
        path,
        text,
        places: BTreeMap::new(),
        errors: Vec::new(),
    };
    for mistake in mistakes {
        let place = mistake.span().map(|span| reading.place(span.start));
        let problem = format!("is not TOML: {}", mistake.message());
        reading.refuse(place, None, problem);
    }
    // What is left of a broken file would only be told wrongly.
    if reading.errors.is_empty() {
        let document = Value::Object(reading.table("", table.get_ref()));
        if reading.errors.is_empty() {
            return Ok(DeclarationFile {
                path: path.to_owned(),
                document,
                places: reading.places,
            });
        }
    }
    let mut errors = reading.errors;
    errors.sort_by_key(|error| error.place);
    // The parser may complain of one line more than once; the first complaint is the cause.
    errors.dedup_by_key(|error| error.place.map(|place| place.line));
    Err(errors)
}

impl DeclarationFile {
    /// What is in it.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The mistakes in the order of their lines. What is missing is told at the table it is missing in.
    #[must_use]
    pub fn errors(&self, found: &[FieldError]) -> Vec<DeclarationError> {
        let mut errors: Vec<_> = found
            .iter()
            .map(|error| DeclarationError {
                path: self.path.clone(),
                place: self.locate(&error.pointer),
                key: self.key(&error.pointer),
                problem: error.detail.clone(),
            })
            .collect();
        errors.sort_by(|one, other| (one.place, &one.key).cmp(&(other.place, &other.key)));
        errors
    }

    fn locate(&self, pointer: &str) -> Option<Place> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.places.get(pointer) {
                return Some(*place);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }

    /// The key as it would be written in the file; `None` for the file itself.
    fn key(&self, pointer: &str) -> Option<String> {
        let mut key = String::new();
        let mut at = String::new();
        for segment in pointer.split('/').skip(1) {
            let is_in_list = self.document.pointer(&at).is_some_and(Value::is_array);
            let name = segment.replace("~1", "/").replace("~0", "~");
            key = if is_in_list {
                format!("{key}[{name}]")
            } else {
                join(&key, &name)
            };
            at = format!("{at}/{segment}");
        }
        (!key.is_empty()).then_some(key)
    }
}

struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    places: BTreeMap<String, Place>,
    errors: Vec<DeclarationError>,
}

impl Reading<'_> {
    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    fn refuse(&mut self, place: Option<Place>, key: Option<String>, problem: impl Into<String>) {
        self.errors.push(DeclarationError {
            path: self.path.to_owned(),
            place,
            key,
            problem: problem.into(),
        });
    }

    fn table(&mut self, pointer: &str, table: &DeTable<'_>) -> Map<String, Value> {
        let mut map = Map::new();
        for (name, value) in table {
            let escaped = name.get_ref().replace('~', "~0").replace('/', "~1");
            let pointer = format!("{pointer}/{escaped}");
            let place = self.place(name.span().start);
            let value = self.value(&pointer, place, value.get_ref());
            map.insert(name.get_ref().clone().into_owned(), value);
        }
        map
    }

    fn value(&mut self, pointer: &str, place: Place, value: &DeValue<'_>) -> Value {
        self.places.insert(pointer.to_owned(), place);
        let unwanted = match value {
            DeValue::String(text) => return Value::String(text.clone().into_owned()),
            DeValue::Boolean(switch) => return Value::Bool(*switch),
            DeValue::Table(table) => return Value::Object(self.table(pointer, table)),
            DeValue::Array(items) => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    let place = self.place(item.span().start);
                    self.value(&format!("{pointer}/{index}"), place, item.get_ref())
                });
                return Value::Array(items.collect());
            }
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => return Value::from(number),
                Err(_) => "is a number that is too large",
            },
            DeValue::Float(number) => match number.as_str().parse().ok().and_then(Number::from_f64) {
                Some(number) => return Value::Number(number),
                None => "is not a number",
            },
            DeValue::Datetime(_) => "is a date or time, which no key takes; text stands in quotes",
        };
        let key = pointer.split('/').skip(1).fold(String::new(), |key, name| {
            join(&key, &name.replace("~1", "/").replace("~0", "~"))
        });
        self.refuse(Some(place), Some(key), unwanted);
        Value::Null
    }
}

/// Reads a secret where a file of settings says that it stands. The newlines at the end of a file do not count.
///
/// # Errors
/// In words that follow the key.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
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
    if text.is_empty() {
        return Err(format!("refers to {source}, which is empty"));
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> DeclarationFile {
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
        let pointers = [
            "/environments/default/applications/a~1b ~0c/connections/1",
            "/environments/default/name",
            "/environments/default/business_url",
            "",
        ];
        let found = pointers.map(|pointer| FieldError::new(pointer, "is wrong"));
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
        let told = mistakes("a = 1979-05-27\n[b]\nc = 99999999999999999999\nd = nan\n");
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
