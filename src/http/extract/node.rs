//! A JSON document held strictly: no field twice, none that nothing reads. Reading a type from it fails with a [`Fault`],
//! which cannot repeat what was sent.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde_json::error::Category;

use super::fault::{Fault, place, repeatable};

/// Reads `T` from one JSON document and nothing after it. The error is the sentence for the caller.
pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let duplicate = RefCell::new(None);
    let mut document = serde_json::Deserializer::from_slice(bytes);
    let node = Reading {
        duplicate: &duplicate,
    }
    .deserialize(&mut document)
    .and_then(|node| document.end().map(|()| node))
    .map_err(|error| match error.classify() {
        // Reading takes any type, so the only complaint about data is our own.
        Category::Data => Fault::Duplicate {
            name: duplicate.take(),
        }
        .detail(None),
        Category::Syntax | Category::Eof | Category::Io => {
            let (line, column) = (error.line(), error.column());
            format!("The body is not JSON: line {line}, column {column}.")
        }
    })?;
    serde_path_to_error::deserialize(node).map_err(|error| {
        let place = place(error.path());
        error.into_inner().detail(place.as_deref())
    })
}

/// A value of a document.
enum Node {
    Null,
    Boolean(bool),
    Natural(u64),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
}

/// Reads a [`Node`] and remembers the name of a field given twice.
#[derive(Clone, Copy)]
struct Reading<'a> {
    duplicate: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Natural(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let mut object = BTreeMap::new();
        while let Some(name) = fields.next_key::<String>()? {
            match object.entry(name) {
                Entry::Occupied(taken) => {
                    self.duplicate.replace(repeatable(taken.key()));
                    return Err(A::Error::custom("a field is given twice"));
                }
                Entry::Vacant(free) => {
                    free.insert(fields.next_value_seed(self)?);
                }
            }
        }
        Ok(Node::Object(object))
    }
}

impl IntoDeserializer<'_, Fault> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Boolean(value) => visitor.visit_bool(value),
            Self::Natural(value) => visitor.visit_u64(value),
            Self::Integer(value) => visitor.visit_i64(value),
            Self::Number(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(items) => {
                let mut items = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Self::Object(fields) => {
                let mut fields = MapDeserializer::new(fields.into_iter());
                let value = visitor.visit_map(&mut fields)?;
                fields.end().map(|()| value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    /// What has names is an object. A type would also be read from a list, its fields in their order, and with defaults
    /// for all of them even from an empty one.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Self::List(_) => Err(Fault::invalid_type(Unexpected::Seq, &visitor)),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Self::Text(word) => visitor.visit_enum(word.into_deserializer()),
            Self::Object(fields) => {
                let fields = MapDeserializer::new(fields.into_iter());
                visitor.visit_enum(MapAccessDeserializer::new(fields))
            }
            other => other.deserialize_any(visitor),
        }
    }

    /// Whatever nothing reads is unknown, whether or not the type says `deny_unknown_fields`.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(Fault::Unknown { known: &[] })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::HashMap;

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

    fn fails(json: &str) -> String {
        from_json::<Request>(json.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_document_of_the_expected_form_is_read() {
        let json =
            r#"{"to":"a","owners":["b"],"server":{"port":25,"tls":"implicit"},"content":{"de":true}} "#;
        let request: Request = from_json(json.as_bytes()).unwrap();
        assert_eq!(
            request.server,
            Some(Server {
                port: 25,
                tls: Some(Tls::Implicit)
            })
        );
        assert_eq!(request.owners, ["b"]);
        assert_eq!(
            from_json::<Request>(br#"{"to":"a","server":null}"#)
                .unwrap()
                .server,
            None
        );
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
            ("[]", "an object is expected."),
            (r#"["424242", ["424242"]]"#, "an object is expected."),
            (
                r#"{"to":"a","server":[25, "implicit"]}"#,
                "“server”: an object is expected.",
            ),
            (r#""424242""#, "an object is expected."),
            (
                r#"{"too":1}"#,
                "“too” is not known here. Known are to, owners, server, content.",
            ),
            (
                r#"{"424242":1}"#,
                "“*” is not known here. Known are to, owners, server, content.",
            ),
            (r#"{"to":"a","to":"b"}"#, "“to” is given more than once."),
            (
                r#"{"to":"a","content":{"de":true,"de":true}}"#,
                "“de” is given more than once.",
            ),
            (
                r#"{"to":"a","content":{"424242":true,"424242":true}}"#,
                "a field is given more than once.",
            ),
        ];
        for (json, told) in table {
            let detail = fails(json);
            assert!(detail.starts_with(told), "{json}: {detail}");
            assert!(!detail.contains("424242"), "{detail}");
        }
    }

    #[test]
    fn a_field_that_nothing_reads_is_refused_even_where_the_type_would_let_it_pass() {
        let detail = fails(r#"{"to":"a","server":{"port":25,"hots":"424242"}}"#);
        assert_eq!(detail, "“server.hots” is not known here.");
    }

    #[test]
    fn what_is_not_json_is_told_by_line_and_column() {
        let bomb = "[".repeat(60_000);
        let table: [&[u8]; 9] = [
            b"",
            b"{\"to\":\"a\"",
            b"{\"to\":\"a\"} 424242",
            b"{\"to\":NaN}",
            b"{\"to\":1e999}",
            b"\xef\xbb\xbf{\"to\":\"a\"}",
            b"{\"to\":\"\xff\"}",
            b"{\"to\":\"\\ud800\"}",
            bomb.as_bytes(),
        ];
        for bytes in table {
            let detail = from_json::<Request>(bytes).unwrap_err();
            assert!(
                detail.starts_with("The body is not JSON: line 1, column "),
                "{detail}"
            );
        }
    }
}
