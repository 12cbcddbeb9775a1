//! What is wrong with a document, by kind and place. Made by serde's own hooks instead of from its messages, because
//! those repeat the values they complain about.

use std::fmt::{self, Display, Write};

use serde::de::{self, Expected, Unexpected};
use serde_path_to_error::{Path, Segment};

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// A value of another type, or out of the type's range.
    Type { expected: String },
    /// A word that is none of these.
    Variant { known: &'static [&'static str] },
    /// A field that nothing reads.
    Unknown { known: &'static [&'static str] },
    /// A field that must be there.
    Missing { name: &'static str },
    /// A field given twice.
    Duplicate { name: Option<String> },
    /// Anything else; what a type says of it is not repeated.
    Invalid,
}

impl Fault {
    /// A sentence for the caller. `place` is what [`place`] says.
    pub(super) fn detail(&self, place: Option<&str>) -> String {
        let at = place.map_or(String::new(), |place| format!("“{place}”: "));
        match self {
            Self::Type { expected } => format!("{at}{expected} is expected."),
            Self::Variant { known } => format!("{at}one of {} is expected.", known.join(", ")),
            Self::Unknown { known } => {
                let what = match place {
                    Some(place) => format!("“{place}” is not known here."),
                    None => "A field is not known here.".to_owned(),
                };
                match known {
                    [] => what,
                    known => format!("{what} Known are {}.", known.join(", ")),
                }
            }
            Self::Missing { name } => format!("{at}“{name}” is missing."),
            Self::Duplicate { name: Some(name) } => format!("{at}“{name}” is given more than once."),
            Self::Duplicate { name: None } => format!("{at}a field is given more than once."),
            Self::Invalid => format!("{at}the value is not acceptable."),
        }
    }
}

/// A name that can be repeated: letters and underscores, as our own fields are written. A code, a number or an address
/// put where a name belongs is none.
pub(super) fn repeatable(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    ((1..=40).contains(&name.len()) && name.bytes().all(plain)).then(|| name.to_owned())
}

/// Where in the document, such as `twilio.account_sid` or `to[3]`; `None` for the document itself.
pub(super) fn place(path: &Path) -> Option<String> {
    let mut place = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                // Writing into a String does not fail.
                let _ = write!(place, "[{index}]");
            }
            Segment::Map { key } => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(&repeatable(key).unwrap_or_else(|| "*".to_owned()));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    (!place.is_empty()).then_some(place)
}

/// What a type expects, in words of JSON instead of Rust.
fn in_words(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    let is_integer = |text: &str| {
        text.strip_prefix(['u', 'i'])
            .is_some_and(|bits| bits.parse::<u8>().is_ok())
    };
    match text.as_str() {
        "struct" | "a map" => "an object".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a boolean" => "true or false".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other if other.starts_with("enum ") || other.ends_with(" enum") => {
            "one of the documented words".to_owned()
        }
        other if is_integer(other) => "a whole number in range".to_owned(),
        other => other.to_owned(),
    }
}

impl de::Error for Fault {
    fn custom<T: Display>(_: T) -> Self {
        Self::Invalid
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Type {
            expected: in_words(expected),
        }
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Type {
            expected: in_words(expected),
        }
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::Type {
            expected: in_words(expected),
        }
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::Variant { known }
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::Unknown { known }
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing { name }
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::Duplicate {
            name: repeatable(name),
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail(None))
    }
}

impl std::error::Error for Fault {}
