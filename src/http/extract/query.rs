//! Query parameters: the documented ones, each at most once. A key or token in a query is never read, only refused.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use url::form_urlencoded;

use super::fault::{Fault, place, repeatable};
use crate::http::problem::{Code, Problem};

/// The query, read strictly.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// Of an operation that takes none: refuses any.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        from_query(parts.uri.query().unwrap_or_default())
            .map(Self)
            .map_err(|detail| Problem::new(Code::InvalidRequest, format!("In the query: {detail}")))
    }
}

fn from_query<T: DeserializeOwned>(query: &str) -> Result<T, String> {
    let mut parameters = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let name = name.into_owned();
        let shown = repeatable(&name);
        if parameters.insert(name, Parameter(value.into_owned())).is_some() {
            return Err(Fault::Duplicate { name: shown }.detail(None));
        }
    }
    let parameters = MapDeserializer::new(parameters.into_iter());
    serde_path_to_error::deserialize(parameters).map_err(|error| {
        let place = place(error.path());
        error.into_inner().detail(place.as_deref())
    })
}

/// The text of a parameter, which may stand for a number or a truth.
struct Parameter(String);

impl IntoDeserializer<'_, Fault> for Parameter {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Reads the text as the type asks for; one that cannot be read stays text, which the type then refuses.
macro_rules! read_as {
    ($($method:ident => $visit:ident($type:ty);)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.0.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Parameter {
    type Error = Fault;

    read_as! {
        deserialize_bool => visit_bool(bool);
        deserialize_u8 => visit_u64(u64);
        deserialize_u16 => visit_u64(u64);
        deserialize_u32 => visit_u64(u64);
        deserialize_u64 => visit_u64(u64);
        deserialize_i32 => visit_i64(i64);
        deserialize_i64 => visit_i64(i64);
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
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
        visitor.visit_enum(self.0.into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(Fault::Unknown { known: &[] })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Page {
        limit: Option<u32>,
        cursor: Option<String>,
        enabled: Option<bool>,
    }

    #[test]
    fn documented_parameters_are_read_as_what_they_stand_for() {
        assert_eq!(
            from_query::<Page>("limit=20&cursor=12%2B3&enabled=true").unwrap(),
            Page {
                limit: Some(20),
                cursor: Some("12+3".to_owned()),
                enabled: Some(true)
            }
        );
        assert!(from_query::<Page>("").is_ok());
    }

    #[test]
    fn anything_else_is_refused_without_repeating_it() {
        let table = [
            ("limit=424242x", "“limit”: a whole number in range is expected."),
            ("limit=-1", "“limit”: a whole number in range is expected."),
            (
                "limit=42424242424242",
                "“limit”: a whole number in range is expected.",
            ),
            ("enabled=1", "“enabled”: true or false is expected."),
            ("limit=1&limit=2", "“limit” is given more than once."),
            ("access_token=424242", "“access_token” is not known here."),
            ("424242=424242", "“*” is not known here."),
        ];
        for (query, told) in table {
            assert_eq!(from_query::<Page>(query).unwrap_err(), told, "{query}");
        }
    }
}
