//! Reads a type from a part of the file. All its mistakes are found at once, and none repeats a value, which may be a secret
//! in the wrong place: they are made by serde's hooks, not from its messages.

use std::fmt::{self, Display};

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::domain::field::FieldError;

/// Reads `T` from `value`, which stands at `pointer`. Whatever is wrong is added to `errors`, and reading goes on without it, so
/// that what there is of `T` can be held against its rules; `None` where too little is left.
pub(super) fn read<T: DeserializeOwned>(
    value: &Value,
    pointer: &str,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let mut value = value.clone();
    let mut removed: Vec<String> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize(Node(value.clone())) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let mut within = pointer_of(error.path());
        let fault = error.into_inner();
        if let Fault::Missing(name) = fault {
            within = format!("{within}/{name}");
        }
        // What is missing because it was taken away is told already.
        if !removed.contains(&within) {
            errors.push(FieldError::new(format!("{pointer}{within}"), fault.detail()));
        }
        if matches!(fault, Fault::Missing(_)) || !remove(&mut value, &within) {
            return None;
        }
        removed.push(within);
    }
}

/// Appends a name to a JSON pointer.
pub(super) fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Map { key } => child(&pointer, key),
        Segment::Seq { index } => child(&pointer, &index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

/// Takes a value away; `false` where that leaves nothing. A list goes whole, for without one of its items it is another list.
fn remove(value: &mut Value, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return false;
    };
    match value.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            let name = name.replace("~1", "/").replace("~0", "~");
            fields.remove(&name).is_some()
        }
        Some(Value::Array(_)) => remove(value, parent),
        _ => false,
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    /// Another type, or none of the known words; what is expected.
    Value(String),
    /// A key that nothing reads.
    Unknown(&'static [&'static str]),
    /// A key that must be there.
    Missing(&'static str),
    /// Anything else; what a type says of it is not repeated.
    Invalid,
}

impl Fault {
    /// In words that follow the key.
    fn detail(&self) -> String {
        match self {
            Self::Value(expected) => format!("must be {expected}"),
            Self::Unknown([]) => "is not a known key".to_owned(),
            Self::Unknown(known) => format!("is not a known key; known here are {}", known.join(", ")),
            Self::Missing(_) => "is missing".to_owned(),
            Self::Invalid => "is not acceptable".to_owned(),
        }
    }
}

/// What a type expects, in words of TOML instead of Rust.
fn in_words(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    let is_integer = |text: &str| {
        let bits = text.strip_prefix(['u', 'i']);
        bits.is_some_and(|bits| bits.parse::<u8>().is_ok())
    };
    match text.as_str() {
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "text, in quotes".to_owned(),
        other if is_integer(other) => "a whole number".to_owned(),
        other => other.to_owned(),
    }
}

impl de::Error for Fault {
    fn custom<T: Display>(_: T) -> Self {
        Self::Invalid
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Value(in_words(expected))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Value(in_words(expected))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::Value(in_words(expected))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::Value(format!("one of {}", known.join(", ")))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::Unknown(known)
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing(name)
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail())
    }
}

impl std::error::Error for Fault {}

/// A value that reading from fails with a [`Fault`].
struct Node(Value);

impl IntoDeserializer<'_, Fault> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match number.as_i64() {
                Some(number) => visitor.visit_i64(number),
                None => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Node));
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Value::Object(fields) => {
                let mut fields =
                    MapDeserializer::new(fields.into_iter().map(|(name, value)| (name, Node(value))));
                let value = visitor.visit_map(&mut fields)?;
                fields.end().map(|()| value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// What has names is a table. A type would also be read from a list, its fields in their order.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.0 {
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            other => Self(other).deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        numbers: Vec<u8>,
        inner: Inner,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        on: bool,
    }

    fn read_outer(value: &Value) -> (Option<Outer>, Vec<String>) {
        let mut errors = Vec::new();
        let outer = read(value, "/at", &mut errors);
        let told = errors
            .iter()
            .map(|error| format!("{} {}", error.pointer, error.detail));
        (outer, told.collect())
    }

    #[test]
    fn every_mistake_is_found_and_the_rest_is_read() {
        let value = json!({ "name": 5, "a/b": 1, "numbers": [1, "two"], "inner": { "on": true, "off": 1 } });
        let (outer, mut told) = read_outer(&value);
        told.sort();
        assert_eq!(
            told,
            [
                "/at/a~1b is not a known key; known here are name, numbers, inner",
                "/at/inner/off is not a known key; known here are on",
                "/at/name must be text, in quotes",
                "/at/numbers/1 must be a whole number",
            ]
        );
        let expected = Outer {
            name: None,
            numbers: Vec::new(),
            inner: Inner { on: true },
        };
        assert_eq!(outer, Some(expected));
    }

    #[test]
    fn what_is_missing_is_told_once_and_a_list_is_no_table() {
        assert_eq!(
            read_outer(&json!({})),
            (None, vec!["/at/inner is missing".to_owned()])
        );
        let (outer, told) = read_outer(&json!({ "inner": { "on": "yes, s3cret" } }));
        assert_eq!(
            (outer, told),
            (None, vec!["/at/inner/on must be true or false".to_owned()])
        );
        let (outer, told) = read_outer(&json!({ "inner": [true] }));
        assert_eq!(
            (outer, told),
            (None, vec!["/at/inner must be a table".to_owned()])
        );
        assert_eq!(
            read_outer(&json!([])),
            (None, vec!["/at must be a table".to_owned()])
        );
    }
}
