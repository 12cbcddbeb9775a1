//! What is wrong with a document, by kind and place.

use super::place::Place;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Another type, or out of the type's range; what the type expects, in Rust's words.
    Type(String),
    /// A word that is none of these.
    Word(&'static [&'static str]),
    /// A field that nothing reads; those that are known, where the type says so.
    Unknown(&'static [&'static str]),
    /// A field that must be there.
    Missing,
    /// A value of the right type that cannot be taken; what can, as the type or a rule says it.
    Refused(String),
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

impl Mistake {
    /// A sentence for the caller of an API.
    #[must_use]
    pub fn sentence(&self) -> String {
        let words = self.place.in_words();
        let at = words
            .as_ref()
            .map_or(String::new(), |words| format!("“{words}”: "));
        match &self.fault {
            Fault::Type(expected) => format!("{at}{} is expected.", in_json(expected)),
            Fault::Word(known) => format!("{at}one of {} is expected.", known.join(", ")),
            Fault::Unknown(known) => {
                let what = match words {
                    Some(words) => format!("“{words}” is not known here."),
                    None => "A field is not known here.".to_owned(),
                };
                match known {
                    [] => what,
                    known => format!("{what} Known are {}.", known.join(", ")),
                }
            }
            Fault::Missing => format!("“{}” is missing.", words.unwrap_or_default()),
            Fault::Refused(detail) => format!("{at}{detail}."),
        }
    }

    /// In words that follow the key of a file.
    #[must_use]
    pub fn detail(&self) -> String {
        match &self.fault {
            Fault::Type(expected) => format!("must be {}", in_toml(expected)),
            Fault::Word(known) => format!("must be one of {}", known.join(", ")),
            Fault::Unknown([]) => "is not a known key".to_owned(),
            Fault::Unknown(known) => format!("is not a known key; known here are {}", known.join(", ")),
            Fault::Missing => "is missing".to_owned(),
            Fault::Refused(detail) => detail.clone(),
        }
    }
}

/// What a type expects, in words of JSON instead of Rust.
fn in_json(expected: &str) -> &str {
    match expected {
        "struct" | "a map" => "an object",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        other if other.starts_with("struct ") => "an object",
        other if other.starts_with("enum ") || other.ends_with(" enum") => "one of the documented words",
        other if is_integer(other) => "a whole number in range",
        other => other,
    }
}

/// What a type expects, in words of TOML instead of Rust.
fn in_toml(expected: &str) -> &str {
    match expected {
        "a map" => "a table",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "a string" => "text, in quotes",
        other if other.starts_with("struct ") => "a table",
        other if is_integer(other) => "a whole number",
        other => other,
    }
}

fn is_integer(expected: &str) -> bool {
    let bits = expected.strip_prefix(['u', 'i']);
    bits.is_some_and(|bits| bits.parse::<u8>().is_ok())
}
