//! Reads keys as what they must be. A mistake is noted and reading goes on, so that an operator is told of all of them
//! at once and not of one at each start.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::domain::secret::Secret;

use super::error::{ConfigError, Origin};
use super::layer::{Layer, Value};

/// The merged layers, and the mistakes found in them so far.
pub struct Reader<'a> {
    settings: &'a Layer,
    errors: Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    /// Reads from the merged layers.
    pub fn new(settings: &'a Layer) -> Self {
        Self {
            settings,
            errors: Vec::new(),
        }
    }

    /// The mistakes found.
    pub fn into_errors(self) -> Vec<ConfigError> {
        self.errors
    }

    /// Whether anybody has set the key, rightly or wrongly.
    pub fn is_set(&self, key: &'static str) -> bool {
        self.settings.contains_key(key)
    }

    /// Whether the operator has set the key, so that it is not only the built-in default.
    pub fn is_set_by_operator(&self, key: &'static str) -> bool {
        self.settings
            .get(key)
            .is_some_and(|setting| setting.origin != Origin::BuiltIn)
    }

    /// Notes a mistake in a key that is set.
    pub fn refuse(&mut self, key: &'static str, problem: impl Into<String>) {
        let origin = self.origin(key);
        self.errors.push(ConfigError::of_key(key, origin, problem));
    }

    /// Notes that a key is not set though another one's value wants it; the origin told is that other one's.
    pub fn demand(&mut self, key: &'static str, wanted_by: &'static str, value: &str) {
        if !self.is_set(key) {
            let problem = format!("must be set when {wanted_by} is `{value}`");
            let origin = self.origin(wanted_by);
            self.errors.push(ConfigError::of_key(key, origin, problem));
        }
    }

    fn origin(&self, key: &'static str) -> Origin {
        self.settings
            .get(key)
            .map_or(Origin::BuiltIn, |setting| setting.origin.clone())
    }

    /// Text that is not empty; `None` where nobody set it or it is wrong, which is noted.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        let problem = match &self.settings.get(key)?.value {
            Value::Text(text) | Value::Untyped(text) if text.is_empty() => {
                "must not be empty; leave it out instead"
            }
            Value::Text(text) | Value::Untyped(text) => return Some(text.clone()),
            Value::Whole(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Some(digits.clone());
            }
            Value::Whole(_) | Value::Decimal(_) | Value::Switch(_) => "must be text, in quotes",
            Value::List(_) => "must be text, not a list",
            Value::Unwanted(what) => {
                let problem = format!("must be text, not {what}");
                self.refuse(key, problem);
                return None;
            }
        };
        self.refuse(key, problem);
        None
    }

    /// Text that is never shown.
    pub fn secret(&mut self, key: &'static str) -> Option<Secret> {
        self.text(key).map(Secret::new)
    }

    /// A path of a file, relative to the working directory.
    pub fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// Text that `parse` can read. The message of its error must not hold the text.
    pub fn parsed<T, E: Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(key)?;
        parse(&text)
            .map_err(|problem| self.refuse(key, problem.to_string()))
            .ok()
    }

    /// Several texts, each of which `parse` can read; all that it cannot are noted, by their number. The message of its error
    /// must not hold the text.
    pub fn list<T, E: Display>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let Some(entries) = self.settings.get(key)?.value.entries() else {
            self.refuse(key, "must be a list of texts, such as [\"…\", \"…\"]");
            return None;
        };
        let mut read = Vec::new();
        for (number, entry) in (1..).zip(&entries) {
            match parse(entry) {
                Ok(entry) => read.push(entry),
                Err(problem) => self.refuse(key, format!("{problem} (entry {number})")),
            }
        }
        (read.len() == entries.len()).then_some(read)
    }

    /// One of a closed list of names.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        self.parsed(key, |text| {
            let found = choices.iter().find(|(name, _)| *name == text);
            found.map(|(_, choice)| *choice).ok_or_else(|| {
                let names: Vec<_> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
                format!("must be one of {}", names.join(", "))
            })
        })
    }

    /// `true` or `false`.
    pub fn switch(&mut self, key: &'static str) -> Option<bool> {
        let switch = match &self.settings.get(key)?.value {
            Value::Switch(switch) => Some(*switch),
            Value::Untyped(text) => text.parse().ok(),
            _ => None,
        };
        if switch.is_none() {
            self.refuse(key, "must be `true` or `false`, without quotes");
        }
        switch
    }

    /// A whole number in a range.
    pub fn whole<T>(&mut self, key: &'static str, range: RangeInclusive<T>) -> Option<T>
    where
        T: std::str::FromStr + PartialOrd + Display,
    {
        let number = match &self.settings.get(key)?.value {
            Value::Whole(text) => text.replace('_', "").parse::<T>().ok(),
            Value::Untyped(text) => text.parse::<T>().ok(),
            _ => None,
        }
        .filter(|number| range.contains(number));
        if number.is_none() {
            let problem = format!("must be a whole number from {} to {}", range.start(), range.end());
            self.refuse(key, problem);
        }
        number
    }

    /// A number in a range, with or without a fraction.
    pub fn decimal(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let number = match &self.settings.get(key)?.value {
            Value::Whole(text) | Value::Decimal(text) => text.replace('_', "").parse::<f64>().ok(),
            Value::Untyped(text) => text.parse::<f64>().ok(),
            _ => None,
        }
        .filter(|number| range.contains(number));
        if number.is_none() {
            let problem = format!("must be a number from {} to {}", range.start(), range.end());
            self.refuse(key, problem);
        }
        number
    }
}
