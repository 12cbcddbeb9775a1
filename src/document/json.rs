//! Documents out of JSON (RFC 8259), in which no name stands twice in an object, and out of whatever JSON can hold.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::place::is_repeatable;
use super::value::Value;

/// Why bytes are no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotJson {
    /// They break JSON's rules there.
    #[error("The body is not JSON: line {line}, column {column}.")]
    Syntax {
        /// From 1 on.
        line: usize,
        /// From 1 on, in bytes.
        column: usize,
    },
    /// A field is given twice; its name, where it can be repeated.
    #[error("{} is given more than once.", .0.as_ref().map_or("a field".to_owned(), |name| format!("“{name}”")))]
    Twice(Option<String>),
}

/// Reads one document and nothing after it.
pub fn from_json(bytes: &[u8]) -> Result<Value, NotJson> {
    let twice = RefCell::new(None);
    let mut document = serde_json::Deserializer::from_slice(bytes);
    Reading { twice: &twice }
        .deserialize(&mut document)
        .and_then(|value| document.end().map(|()| value))
        .map_err(|error| match error.classify() {
            // Reading takes any type, so the only complaint about data is our own.
            Category::Data => NotJson::Twice(twice.take()),
            Category::Syntax | Category::Eof | Category::Io => NotJson::Syntax {
                line: error.line(),
                column: error.column(),
            },
        })
}

impl Value {
    /// The document of `value`; nothing where it has none, for its fields are not named by texts.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        let twice = &RefCell::default();
        let document = serde_json::to_value(value).and_then(|value| Reading { twice }.deserialize(value));
        document.unwrap_or(Self::Null)
    }
}

/// Reads a value and remembers the name of a field given twice.
#[derive(Clone, Copy)]
struct Reading<'a> {
    twice: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Natural(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = BTreeMap::new();
        while let Some(name) = fields.next_key::<String>()? {
            match object.entry(name) {
                Entry::Occupied(taken) => {
                    let name = Some(taken.key().clone());
                    self.twice.replace(name.filter(|name| is_repeatable(name)));
                    return Err(A::Error::custom("a field is given twice"));
                }
                Entry::Vacant(free) => {
                    free.insert(fields.next_value_seed(self)?);
                }
            }
        }
        Ok(Value::Object(object))
    }
}
