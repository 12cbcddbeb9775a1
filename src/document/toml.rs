//! Documents out of TOML, with the line and column of every value.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::place::Place;
use super::value::Value;

/// A position in a file, both counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// What is not TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotToml {
    /// Where, as far as that can be told.
    pub position: Option<Position>,
    /// What is wrong, in words that repeat nothing of it.
    pub problem: String,
}

/// A file as far as it is TOML.
#[derive(Debug, Clone)]
pub struct TomlDocument {
    /// What is in it, but for lines that are not TOML.
    pub value: Value,
    /// Where each value stands: its name, or an item itself.
    pub positions: BTreeMap<Place, Position>,
    /// What is not TOML, a line each.
    pub broken: Vec<NotToml>,
}

impl TomlDocument {
    /// Where a value stands, or else the table that it is missing in; `None` for the file itself.
    #[must_use]
    pub fn position(&self, place: &Place) -> Option<Position> {
        (0..=place.0.len()).rev().find_map(|length| {
            let parent = Place(place.0[..length].to_vec());
            self.positions.get(&parent).copied()
        })
    }
}

/// Reads what is well written, so that one mistake does not hide another.
#[must_use]
pub fn from_toml(text: &str) -> TomlDocument {
    read(text, false)
}

/// As [`from_toml`], but digits alone are a word, which is text as well as a number.
#[must_use]
pub fn from_toml_with_words(text: &str) -> TomlDocument {
    read(text, true)
}

fn read(text: &str, digits_are_words: bool) -> TomlDocument {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reading = Reading {
        text,
        digits_are_words,
        broken_lines: BTreeSet::new(),
        positions: BTreeMap::new(),
    };
    let mut broken = Vec::new();
    for error in errors {
        let position = error.span().map(|span| reading.position(span.start));
        // The parser may complain of one line more than once; the first complaint is the cause.
        if position.is_none_or(|position| reading.broken_lines.insert(position.line)) {
            let problem = format!("is not TOML: {}", error.message());
            broken.push(NotToml { position, problem });
        }
    }
    broken.sort_by_key(|broken| broken.position);
    TomlDocument {
        value: reading.table(&Place::default(), table.get_ref()),
        positions: reading.positions,
        broken,
    }
}

struct Reading<'a> {
    text: &'a str,
    digits_are_words: bool,
    broken_lines: BTreeSet<usize>,
    positions: BTreeMap<Place, Position>,
}

impl Reading<'_> {
    fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// Digits alone, where they are a word.
    fn word(&self, span: Range<usize>) -> Option<Value> {
        let spelling = self.text.get(span)?;
        let is_word = self.digits_are_words && spelling.bytes().all(|byte| byte.is_ascii_digit());
        is_word.then(|| Value::Word(spelling.to_owned()))
    }

    fn table(&mut self, place: &Place, table: &DeTable<'_>) -> Value {
        let mut fields = BTreeMap::new();
        for (name, value) in table {
            let position = self.position(name.span().start);
            if !self.broken_lines.contains(&position.line) {
                let place = place.field(name.get_ref());
                let value = self.value(place, position, value);
                fields.insert(name.get_ref().clone().into_owned(), value);
            }
        }
        Value::Object(fields)
    }

    fn value(&mut self, place: Place, position: Position, value: &Spanned<DeValue<'_>>) -> Value {
        let read = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Boolean(switch) => Value::Boolean(*switch),
            DeValue::Table(table) => self.table(&place, table),
            DeValue::Array(items) => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    let position = self.position(item.span().start);
                    self.value(place.item(index), position, item)
                });
                Value::List(items.collect())
            }
            DeValue::Integer(number) => self.word(value.span()).unwrap_or_else(|| whole(number)),
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) if f64::is_finite(number) => Value::Number(number),
                _ => Value::Unusable("is not a number"),
            },
            DeValue::Datetime(_) => {
                Value::Unusable("is a date or time, which no key takes; text stands in quotes")
            }
        };
        self.positions.insert(place, position);
        read
    }
}

fn whole(number: &DeInteger<'_>) -> Value {
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) => u64::try_from(number).map_or(Value::Integer(number), Value::Natural),
        Err(_) => Value::Unusable("is a number that is too large"),
    }
}
