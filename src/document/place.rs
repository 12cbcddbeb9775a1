//! Where in a document.

use std::fmt::Write as _;

/// A step into a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A field of an object.
    Name(String),
    /// An item of a list, from 0 on.
    Index(usize),
}

/// The steps from the document itself to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place(pub Vec<Segment>);

impl Place {
    /// The place of a field of the object that is here.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        self.with(Segment::Name(name.to_owned()))
    }

    /// The place of an item of the list that is here.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut place = self.clone();
        place.0.push(segment);
        place
    }

    /// The place of a JSON pointer (RFC 6901) to a field that is not within a list.
    #[must_use]
    pub fn of_pointer(pointer: &str) -> Self {
        let names = pointer.split('/').skip(1);
        let names = names.map(|name| Segment::Name(name.replace("~1", "/").replace("~0", "~")));
        Self(names.collect())
    }

    /// The name of the field, where this is a field of the object at `object`.
    #[must_use]
    pub fn name_in(&self, object: &Self) -> Option<&str> {
        match self.0.split_last() {
            Some((Segment::Name(name), parents)) if parents == object.0 => Some(name),
            _ => None,
        }
    }

    /// As a JSON pointer (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        self.0
            .iter()
            .fold(String::new(), |pointer, segment| match segment {
                Segment::Name(name) => child(&pointer, name),
                Segment::Index(index) => child(&pointer, &index.to_string()),
            })
    }

    /// In words, such as `twilio.account_sid` or `to[3]`, with `*` for a name that is not repeated; `None` for the document itself.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let mut words = String::new();
        for segment in &self.0 {
            match segment {
                Segment::Index(index) => {
                    // Writing into a String does not fail.
                    let _ = write!(words, "[{index}]");
                }
                Segment::Name(name) => {
                    if !words.is_empty() {
                        words.push('.');
                    }
                    words.push_str(if is_repeatable(name) { name } else { "*" });
                }
            }
        }
        (!words.is_empty()).then_some(words)
    }
}

/// Appends a name to a JSON pointer.
#[must_use]
pub fn child(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The path of a name within a section of a TOML file. A name that TOML wants in quotes gets them here too, so that
/// `"server.listen"` is not taken for `server.listen`.
#[must_use]
pub fn within_section(section: &str, name: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let name = if !name.is_empty() && name.bytes().all(bare) {
        name.to_owned()
    } else {
        // What JSON escapes TOML escapes alike, and all of it stays on one line.
        serde_json::Value::from(name).to_string()
    };
    if section.is_empty() {
        name
    } else {
        format!("{section}.{name}")
    }
}

/// Whether a name can be repeated: letters and underscores, as our own fields are written. A code, a number or an address put where a
/// name belongs is none.
pub(super) fn is_repeatable(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    (1..=40).contains(&name.len()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_as_toml_reads_it() {
        for name in [
            "plain",
            "a-b_c",
            "two words",
            "a.b",
            "quo\"te",
            "back\\slash",
            "zero\u{200b}width",
            "ü",
            "",
        ] {
            let line = format!("{} = 1", within_section("section", name));
            let read: toml::Table = toml::from_str(&line).expect(&line);
            assert_eq!(read["section"][name].as_integer(), Some(1), "{line}");
        }
    }
}
