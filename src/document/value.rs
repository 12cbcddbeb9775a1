//! A document as it was given, before any type is read from it.

use std::collections::BTreeMap;

use serde::Serialize;

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
    /// What a file can say and no type takes, with the reason.
    Unusable(&'static str),
}

impl Value {
    /// The document of `value`; nothing where it has none, for its fields are not named by texts.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        serde_json::to_value(value).map_or(Self::Null, |value| (&value).into())
    }

    /// Text, also where it may stand for something else.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Word(text) => Some(text),
            _ => None,
        }
    }

    /// The fields of an object; none of anything else.
    pub fn fields(&self) -> impl Iterator<Item = (&String, &Self)> {
        match self {
            Self::Object(fields) => Some(fields.iter()),
            _ => None,
        }
        .into_iter()
        .flatten()
    }

    /// A field of an object.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.fields()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value)
    }

    /// With what `above` says in its stead, field by field.
    #[must_use]
    pub fn merged(self, above: &Self) -> Self {
        match (self, above) {
            (Self::Object(mut fields), Self::Object(above)) => {
                for (name, value) in above {
                    let held = fields.remove(name).unwrap_or(Self::Null);
                    fields.insert(name.clone(), held.merged(value));
                }
                Self::Object(fields)
            }
            (_, above) => above.clone(),
        }
    }
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
