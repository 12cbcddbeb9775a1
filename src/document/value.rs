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
    /// What a file can say and no type takes, with the reason.
    Unusable(&'static str),
}

impl Value {
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
