//! Reads types from documents. serde stops at the first mistake; so what has one is left out, an example stands in for what is missing,
//! and the rest is read again, until nothing is wrong any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};

use super::draft::Draft;
use super::mistake::{Fault, Mistake};
use super::place::Place;
use super::value::Value;

/// Mistakes that are looked for in one document: each costs a reading, and ten thousand unknown fields fit into a body.
const MOST_MISTAKES: usize = 32;

/// Reads `T`, and tells up to 32 mistakes at once.
#[must_use]
pub fn read<T: DeserializeOwned>(document: &Value) -> Draft<T> {
    let mut known = Known::default();
    let mut mistakes = Vec::new();
    while mistakes.len() < MOST_MISTAKES {
        let Error { fault, place, .. } = match T::deserialize(known.at(Place::default(), document)) {
            Ok(read) => return Draft::new(Some(read), mistakes),
            Err(error) => error.at(&Place::default()),
        };
        let place = place.unwrap_or_default();
        let is_missing = fault == Fault::Missing;
        // What is missing because it was left out is told already, and so is all that is wrong with an example.
        if !known.left_out.contains(&place) && !known.is_in_example(&place) {
            let place = place.clone();
            mistakes.push(Mistake { place, fault });
        }
        let is_document = place.0.is_empty();
        let found = if is_missing {
            &mut known.examples
        } else {
            &mut known.left_out
        };
        if !found.insert(place) || is_document {
            break;
        }
    }
    Draft::new(None, mistakes)
}

/// What the readings before have found.
#[derive(Debug, Default)]
struct Known {
    /// Values with mistakes.
    left_out: BTreeSet<Place>,
    /// Fields that are missing, which an example stands in for, so that those that are missing beside them are found.
    examples: BTreeSet<Place>,
}

impl Known {
    fn at<'a>(&'a self, place: Place, value: &'a Value) -> Reading<'a> {
        let known = self;
        Reading { known, place, value }
    }

    fn is_in_example(&self, place: &Place) -> bool {
        self.examples
            .iter()
            .any(|example| place.0.starts_with(&example.0))
    }
}

/// A fault, and where it is once that is known.
#[derive(Debug)]
struct Error {
    fault: Fault,
    place: Option<Place>,
    /// The field that is missing.
    missing: &'static str,
}

impl Error {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            place: None,
            missing: "",
        }
    }

    /// Found while reading what is at `place`.
    fn at(mut self, place: &Place) -> Self {
        if self.place.is_none() {
            self.place = Some(match self.fault {
                Fault::Missing => place.field(self.missing),
                _ => place.clone(),
            });
        }
        self
    }
}

impl de::Error for Error {
    /// Our own types are the only ones that say anything, and they do not repeat what was given.
    fn custom<T: Display>(sentence: T) -> Self {
        Self::new(Fault::Refused(sentence.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Fault::Type(expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Fault::Type(expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(Fault::Type(expected.to_string()))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Fault::Word(known))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(Fault::Unknown(known))
    }

    fn missing_field(name: &'static str) -> Self {
        Self {
            missing: name,
            ..Self::new(Fault::Missing)
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the document has a mistake")
    }
}

impl std::error::Error for Error {}

/// A value that is read.
struct Reading<'a> {
    known: &'a Known,
    place: Place,
    value: &'a Value,
}

impl Reading<'_> {
    /// Text, as far as it is any.
    fn word(&self) -> Option<&str> {
        match self.value {
            Value::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Whether this is missing or within what is, so that an example stands in for it.
    fn is_example(&self) -> bool {
        self.known.is_in_example(&self.place)
    }
}

/// Reads a word as the type asks for; one that cannot be read stays text, which the type then refuses.
macro_rules! read_words_as {
    ($($method:ident => $visit:ident($type:ty);)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            if self.is_example() {
                return visitor.$visit(<$type>::default());
            }
            match self.word().and_then(|word| word.parse::<$type>().ok()) {
                Some(value) => visitor.$visit(value),
                None => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Reading<'_> {
    type Error = Error;

    read_words_as! {
        deserialize_bool => visit_bool(bool);
        deserialize_u8 => visit_u64(u64);
        deserialize_u16 => visit_u64(u64);
        deserialize_u32 => visit_u64(u64);
        deserialize_u64 => visit_u64(u64);
        deserialize_i32 => visit_i64(i64);
        deserialize_i64 => visit_i64(i64);
        deserialize_f64 => visit_f64(f64);
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Natural(value) => visitor.visit_u64(*value),
            Value::Integer(value) => visitor.visit_i64(*value),
            Value::Number(value) => visitor.visit_f64(*value),
            Value::Text(text) | Value::Word(text) => visitor.visit_str(text),
            Value::List(items) => {
                let mut items = Items {
                    known: self.known,
                    list: &self.place,
                    rest: items.iter().enumerate(),
                };
                let value = visitor.visit_seq(&mut items)?;
                match items.rest.len() {
                    0 => Ok(value),
                    rest => Err(de::Error::invalid_length(rest, &"a shorter list")),
                }
            }
            Value::Object(fields) => visitor.visit_map(Fields::of(self.known, &self.place, fields)),
            Value::Unusable(reason) => Err(Error::new(Fault::Refused((*reason).to_owned()))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null if !self.is_example() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_example() {
            return visitor.visit_str("");
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_example() {
            return visitor.visit_seq(de::value::SeqDeserializer::<_, Error>::new(std::iter::empty::<
                &str,
            >()));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_example() {
            return visitor.visit_map(Fields::of(self.known, &self.place, &BTreeMap::new()));
        }
        self.deserialize_any(visitor)
    }

    /// What has names is an object. A type would also be read from a list, its fields in their order, and with defaults for all of
    /// them even from an empty one.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::List(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_map(visitor),
        }
    }

    /// A type that is read by a rule of its own has an example for its name (`domain::parsed`).
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        example: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.is_example() {
            let word = Value::Word(example.to_owned());
            return visitor.visit_newtype_struct(Known::default().at(Place::default(), &word));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let word = match self.value {
            _ if self.is_example() => words[0],
            Value::Text(word) | Value::Word(word) => word,
            _ => return self.deserialize_any(visitor),
        };
        let word: StrDeserializer<'_, Error> = word.into_deserializer();
        visitor.visit_enum(word)
    }

    /// Whatever nothing reads is unknown, whether or not the type says `deny_unknown_fields`.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::new(Fault::Unknown(&[])))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

/// The items of a list, without those that are left out.
struct Items<'a> {
    known: &'a Known,
    list: &'a Place,
    rest: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
}

impl<'de> SeqAccess<'de> for &mut Items<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let (known, list) = (self.known, self.list);
        let mut rest = self.rest.by_ref().map(|(index, value)| (list.item(index), value));
        let Some((place, value)) = rest.find(|(place, _)| !known.left_out.contains(place)) else {
            return Ok(None);
        };
        let item = seed.deserialize(known.at(place.clone(), value));
        item.map(Some).map_err(|error| error.at(&place))
    }
}

/// The fields of an object, without those that are left out, and with those that an example stands in for.
struct Fields<'a> {
    known: &'a Known,
    object: &'a Place,
    rest: Vec<(&'a str, &'a Value)>,
}

impl<'a> Fields<'a> {
    fn of(known: &'a Known, object: &'a Place, fields: &'a BTreeMap<String, Value>) -> Self {
        let left_out: BTreeSet<&str> = in_object(&known.left_out, object).collect();
        let mut rest: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .filter(|(name, _)| !left_out.contains(name))
            .collect();
        rest.extend(in_object(&known.examples, object).map(|name| (name, &Value::Null)));
        // From the last to the first, to be taken off.
        rest.reverse();
        Self { known, object, rest }
    }
}

/// The names of those places that are fields of an object.
fn in_object<'a>(places: &'a BTreeSet<Place>, object: &'a Place) -> impl Iterator<Item = &'a str> {
    places.iter().filter_map(|place| place.name_in(object))
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some((name, _)) = self.rest.last() else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, Error> = (*name).into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|error| error.at(&self.object.field(name)))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let Some((name, value)) = self.rest.pop() else {
            return Err(de::Error::custom("a value was asked for before its name"));
        };
        let place = self.object.field(name);
        seed.deserialize(self.known.at(place.clone(), value))
            .map_err(|error| error.at(&place))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::document::{Patch, from_json, from_query};

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Tls {
        Implicit,
        StartTls,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Server {
        port: u16,
        tls: Option<Tls>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        to: String,
        #[serde(default)]
        owners: Vec<String>,
        server: Option<Server>,
        #[serde(default)]
        content: HashMap<String, bool>,
    }

    fn sentences(json: &str) -> Vec<String> {
        let mistakes = read::<Request>(&from_json(json.as_bytes()).unwrap())
            .finish()
            .unwrap_err();
        mistakes.iter().map(Mistake::sentence).collect()
    }

    #[test]
    fn a_document_of_the_expected_form_is_read() {
        let json =
            r#"{"to":"a","owners":["b"],"server":{"port":25,"tls":"implicit"},"content":{"de":true}} "#;
        let request: Request = read(&from_json(json.as_bytes()).unwrap()).finish().unwrap();
        let server = Server {
            port: 25,
            tls: Some(Tls::Implicit),
        };
        assert_eq!(
            (request.server, request.owners),
            (Some(server), vec!["b".to_owned()])
        );
        let none = from_json(br#"{"to":"a","server":null}"#).unwrap();
        assert_eq!(read::<Request>(&none).finish().unwrap().server, None);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place_and_never_by_its_value() {
        let table = [
            (r#"{"to":424242}"#, "“to”: a string is expected."),
            (r#"{"to":["424242"]}"#, "“to”: a string is expected."),
            (
                r#"{"to":"a","owners":["b",424242]}"#,
                "“owners[1]”: a string is expected.",
            ),
            (
                r#"{"to":"a","server":{"port":424242}}"#,
                "“server.port”: a whole number in range is expected.",
            ),
            (
                r#"{"to":"a","server":{"port":25.5}}"#,
                "“server.port”: a whole number in range is expected.",
            ),
            (
                r#"{"to":"a","server":{"port":25,"tls":"424242"}}"#,
                "“server.tls”: one of implicit, start_tls is expected.",
            ),
            (
                r#"{"to":"a","content":{"424242":3}}"#,
                "“content.*”: true or false is expected.",
            ),
            ("{}", "“to” is missing."),
            (r#"{"to":"a","server":{}}"#, "“server.port” is missing."),
            ("[]", "an object is expected."),
            (r#"["424242", ["424242"]]"#, "an object is expected."),
            (
                r#"{"to":"a","server":[25, "implicit"]}"#,
                "“server”: an object is expected.",
            ),
            (r#""424242""#, "an object is expected."),
            (
                r#"{"to":"a","too":1}"#,
                "“too” is not known here. Known are to, owners, server, content.",
            ),
            (
                r#"{"to":"a","424242":1}"#,
                "“*” is not known here. Known are to, owners, server, content.",
            ),
            // Also where the type would let it pass.
            (
                r#"{"to":"a","server":{"port":25,"hots":"424242"}}"#,
                "“server.hots” is not known here.",
            ),
        ];
        for (json, told) in table {
            assert_eq!(sentences(json), [told], "{json}");
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        assert_eq!(
            sentences(
                r#"{"two":2,"owners":[1,"b"],"server":{"tls":"none"},"content":{"de":"yes","en":true,"fr":1}}"#
            ),
            [
                "“content.de”: true or false is expected.",
                "“content.fr”: true or false is expected.",
                "“owners[0]”: a string is expected.",
                "“server.port” is missing.",
                "“server.tls”: one of implicit, start_tls is expected.",
                "“to” is missing.",
                "“two” is not known here. Known are to, owners, server, content.",
            ]
        );
    }

    #[test]
    fn ten_thousand_mistakes_are_not_all_looked_for() {
        let fields = (0..10_000).map(|number| format!("\"f{number}\":0"));
        let json = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
        assert_eq!(sentences(&json).len(), MOST_MISTAKES);
    }

    #[test]
    fn what_is_twice_there_or_no_json_is_told_by_where_it_stands() {
        let bomb = "[".repeat(60_000);
        let twice = r#"{"to":"a","content":{"424242":true,"424242":true}}"#;
        let table: [(&[u8], &str); 8] = [
            (br#"{"to":"a","to":"b"}"#, "“to” is given more than once."),
            (twice.as_bytes(), "a field is given more than once."),
            (b"", "The body is not JSON: line 1, column "),
            (b"{\"to\":\"a\"} 424242", "The body is not JSON: line 1, column "),
            (b"{\"to\":1e999}", "The body is not JSON: line 1, column "),
            (
                b"\xef\xbb\xbf{\"to\":\"a\"}",
                "The body is not JSON: line 1, column ",
            ),
            (b"{\"to\":\"\\ud800\"}", "The body is not JSON: line 1, column "),
            (bomb.as_bytes(), "The body is not JSON: line 1, column "),
        ];
        for (bytes, told) in table {
            let detail = from_json(bytes).unwrap_err().to_string();
            assert!(detail.starts_with(told), "{detail}");
        }
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Page {
        limit: Option<u32>,
        cursor: Option<String>,
        enabled: Option<bool>,
    }

    #[test]
    fn parameters_are_read_as_what_they_stand_for() {
        let query = from_query("limit=20&cursor=12%2B3&enabled=true").unwrap();
        let page = Page {
            limit: Some(20),
            cursor: Some("12+3".to_owned()),
            enabled: Some(true),
        };
        assert_eq!(read(&query).finish(), Ok(page));
        assert!(read::<Page>(&from_query("").unwrap()).is_good());
        let table = [
            ("limit=424242x", "“limit”: a whole number in range is expected."),
            ("limit=-1", "“limit”: a whole number in range is expected."),
            (
                "limit=42424242424242",
                "“limit”: a whole number in range is expected.",
            ),
            ("enabled=1", "“enabled”: true or false is expected."),
            ("access_token=424242", "“access_token” is not known here."),
            ("424242=424242", "“*” is not known here."),
        ];
        for (query, told) in table {
            let mistakes = read::<Page>(&from_query(query).unwrap()).finish().unwrap_err();
            assert_eq!(mistakes[0].sentence(), told, "{query}");
        }
        let twice = from_query("limit=1&limit=2").unwrap_err();
        assert_eq!(twice.to_string(), "“limit” is given more than once.");
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
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

    /// What rules are held against, and what is wrong.
    fn drafted(json: &str) -> (Option<Table>, Vec<String>) {
        let mut drafted = None;
        let draft = read::<Table>(&from_json(json.as_bytes()).unwrap());
        let mistakes = draft
            .check(|table, _| drafted = Some(table))
            .finish()
            .unwrap_err();
        let told = mistakes.iter();
        let told = told.map(|mistake| format!("{} {}", mistake.place.pointer(), mistake.detail()));
        (drafted, told.collect())
    }

    #[test]
    fn rules_see_what_there_is_without_its_mistakes() {
        let json = r#"{"name":5,"a/b":1,"numbers":[1,"two",3,"four"],"inner":{"on":true,"off":1}}"#;
        let (table, mut told) = drafted(json);
        told.sort();
        assert_eq!(
            told,
            [
                "/a~1b is not a known key; known here are name, numbers, inner",
                "/inner/off is not a known key; known here are on",
                "/name must be text, in quotes",
                "/numbers/1 must be a whole number",
                "/numbers/3 must be a whole number",
            ]
        );
        let expected = Table {
            name: None,
            numbers: vec![1, 3],
            inner: Inner { on: true },
        };
        assert_eq!(table, Some(expected));
        for (json, told) in [
            ("{}", "/inner is missing"),
            (
                r#"{"inner":{"on":"yes, s3cret"}}"#,
                "/inner/on must be true or false",
            ),
            (r#"{"inner":[true]}"#, "/inner must be a table"),
        ] {
            let (table, mistakes) = drafted(json);
            assert_eq!(mistakes, [told], "{json}");
            assert_eq!(
                table.map(|table| table.inner),
                Some(Inner { on: false }),
                "{json}"
            );
        }
        assert_eq!(drafted("[]"), (None, vec![" must be a table".to_owned()]));
    }

    #[test]
    fn a_rule_tells_nothing_of_a_place_of_which_something_was_told() {
        let draft = read::<Table>(&from_json(br#"{"name":5,"inner":{}}"#).unwrap());
        let draft = draft.check(|table, wrong| {
            for pointer in ["/name", "/inner/on", "/numbers", "/numbers"] {
                wrong(pointer, "must be another");
            }
            table.numbers.len()
        });
        let told: Vec<_> = draft
            .finish()
            .unwrap_err()
            .iter()
            .map(Mistake::sentence)
            .collect();
        assert_eq!(
            told,
            [
                "“inner.on” is missing.",
                "“name”: a string is expected.",
                "“numbers”: must be another.",
            ]
        );
    }

    #[test]
    fn a_type_with_a_rule_says_what_it_takes_and_hides_no_other_mistake() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "read for its mistakes alone")]
        struct Business {
            name: crate::domain::business::BusinessName,
            url: crate::domain::business::BusinessUrl,
            #[serde(deserialize_with = "crate::domain::parsed::within::<1, 9, _, _>")]
            size: u8,
            tls: Tls,
        }
        let told = |json: &[u8]| -> Vec<String> {
            let mistakes = read::<Business>(&from_json(json).unwrap()).finish().unwrap_err();
            mistakes.iter().map(Mistake::sentence).collect()
        };
        assert_eq!(
            told(b"{}"),
            ["name", "size", "tls", "url"].map(|name| format!("“{name}” is missing."))
        );
        let told = told(br#"{"name":"","url":5,"size":424242,"tls":"none"}"#);
        assert_eq!(
            told,
            [
                "“name”: must be 1 to 300 characters on one line, without control characters.",
                "“size”: must be 1 to 9.",
                "“tls”: one of implicit, start_tls is expected.",
                "“url”: a string is expected.",
            ]
        );
    }

    #[test]
    fn a_patch_changes_what_it_names() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Held {
            name: String,
            country: Option<String>,
            lives: BTreeMap<String, u8>,
        }
        let lives = [("a".to_owned(), 1), ("b".to_owned(), 2)];
        let held = Held {
            name: "Acme".to_owned(),
            country: Some("au".to_owned()),
            lives: lives.into(),
        };
        let apply = |json: &[u8]| Patch::new(from_json(json).unwrap()).apply(&held).finish();
        assert_eq!(apply(b"{}").as_ref(), Ok(&held));
        let changed = apply(br#"{"country":null,"lives":{"b":3}}"#).unwrap();
        assert_eq!((changed.name.as_str(), &changed.country), ("Acme", &None));
        assert_eq!(changed.lives.into_values().collect::<Vec<_>>(), [1, 3]);
        for (json, told) in [
            (&br#"{"name":null}"#[..], "“name”: a string is expected."),
            (
                br#"{"colour":"red"}"#,
                "“colour” is not known here. Known are name, country, lives.",
            ),
            (b"[]", "an object is expected."),
        ] {
            assert_eq!(apply(json).unwrap_err()[0].sentence(), told);
        }
    }
}
