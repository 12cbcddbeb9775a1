//! A document as it was given, before any type is read from it.

use std::collections::BTreeMap;

/// A value of a document. No name stands twice in an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A truth.
    Boolean(bool),
    /// A whole number from 0 on.
    Natural(u64),
    /// A whole number below 0.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(String),
    /// Text that may stand for a number or a truth, as in a query.
    Word(String),
    /// A list.
    List(Vec<Value>),
    /// An object: a table of a file.
    Object(BTreeMap<String, Value>),
}

impl From<&serde_json::Value> for Value {
    fn from(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Boolean(*value),
            serde_json::Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Self::Natural(number),
                (None, Some(number)) => Self::Integer(number),
                (None, None) => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Self::Text(text.clone()),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(fields) => {
                let fields = fields.iter();
                Self::Object(fields.map(|(name, value)| (name.clone(), value.into())).collect())
            }
        }
    }
}
