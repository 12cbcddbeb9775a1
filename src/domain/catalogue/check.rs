//! What can be wrong with the files of languages. Everything is found at once; a build whose own files have a fault fails
//! in the tests, and `otpost check-locales` tells it to whoever changes a file.

use std::collections::BTreeMap;
use std::fmt;

use super::Catalogue;
use crate::domain::locale::Locale;

mod entry;
mod plural;
mod script;
mod sms;
mod strings;
mod wording;

pub use sms::{Cost, cost};

use entry::Entry;

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file's name.
    pub file: String,
    /// The line in it, from 1, where there is one.
    pub line: Option<usize>,
    /// The string's name, where it concerns one.
    pub string: Option<String>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(string) = &self.string {
            write!(f, ": {string}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Every fault of every language, in the order of the languages and of their lines. What is right is measured by the
/// catalogue's own English.
#[must_use]
pub fn check(catalogue: &Catalogue<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let read = |locale: Locale| catalogue.file(locale).map(entry::read);
    let (english, _) = read(Locale::En).unwrap_or_default();
    for &locale in Locale::ALL {
        let mut findings = Findings {
            locale,
            found: Vec::new(),
        };
        match read(locale) {
            None => findings.file("there is no file for this language"),
            Some((entries, malformed)) => {
                for (line, what) in malformed {
                    findings.line(line, what);
                }
                strings::check(&mut findings, &entries, &english);
                wording::check(&mut findings, &entries, &english);
                sms::check(&mut findings, &entries, catalogue);
            }
        }
        findings.found.sort_by_key(|fault| fault.line);
        faults.extend(findings.found);
    }
    faults
}

/// The faults of one language's file.
struct Findings {
    locale: Locale,
    found: Vec<Fault>,
}

impl Findings {
    fn add(&mut self, line: Option<usize>, string: Option<&str>, what: String) {
        self.found.push(Fault {
            file: format!("{}.ftl", self.locale),
            line,
            string: string.map(ToOwned::to_owned),
            what,
        });
    }

    fn file(&mut self, what: impl Into<String>) {
        self.add(None, None, what.into());
    }

    fn line(&mut self, line: usize, what: impl Into<String>) {
        self.add(Some(line), None, what.into());
    }

    fn missing(&mut self, string: &str, what: impl Into<String>) {
        self.add(None, Some(string), what.into());
    }

    fn entry(&mut self, entry: &Entry<'_>, what: impl Into<String>) {
        self.add(Some(entry.line), Some(entry.id), what.into());
    }
}

/// The strings of a file by their names; of one that is there twice, the first.
fn by_name<'e, 'a>(entries: &'e [Entry<'a>]) -> BTreeMap<&'a str, &'e Entry<'a>> {
    entries.iter().rev().map(|entry| (entry.id, entry)).collect()
}
