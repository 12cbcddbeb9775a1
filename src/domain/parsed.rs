//! Values that are read from text or numbers by a rule of their own: whatever the rule refuses is refused wherever the value is read,
//! with the rule's own sentence, which never repeats what was given.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Reads the text of each type with its `parse`, whose error is told. The literal is a text that it takes: it stands in for one that
/// is missing while a document is searched for further mistakes.
macro_rules! parsed {
    ($($type:ty = $example:expr),* $(,)?) => {$(
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::domain::parsed::read(deserializer, $example, |text: String| Self::parse(&text))
            }
        }
    )*};
}
pub(crate) use parsed;

/// Declares texts that keep to a rule each. The rule answers the text as it is kept, or what it takes instead.
macro_rules! texts {
    ($($(#[$doc:meta])* $type:ident = $example:literal, $rule:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, ::serde::Serialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// Reads it. The error says what it takes, without what was given.
            pub fn parse(text: &str) -> Result<Self, &'static str> {
                let rule: fn(&str) -> Result<String, &'static str> = $rule;
                rule(text).map(Self)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        $crate::domain::parsed::parsed!($type = $example);
    )*};
}
pub(crate) use texts;

/// Reads a `T` out of what was given, by a rule. For a reader of documents this is a newtype whose name is a text that the rule takes.
pub(crate) fn read<'de, D, Given, T, E>(
    deserializer: D,
    example: &'static str,
    rule: impl FnOnce(Given) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    Given: Deserialize<'de>,
    E: Display,
{
    deserializer.deserialize_newtype_struct(example, Rule(rule, PhantomData))
}

struct Rule<F, Given>(F, PhantomData<Given>);

impl<'de, F, Given, T, E> Visitor<'de> for Rule<F, Given>
where
    F: FnOnce(Given) -> Result<T, E>,
    Given: Deserialize<'de>,
    E: Display,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        (self.0)(Given::deserialize(deserializer)?).map_err(D::Error::custom)
    }

    /// Names of fields are texts and nothing else.
    fn visit_str<X: Error>(self, text: &str) -> Result<T, X> {
        let text: serde::de::value::StrDeserializer<'_, X> =
            serde::de::IntoDeserializer::into_deserializer(text);
        self.visit_newtype_struct(text)
    }
}

/// Reads a whole number from `LOW` to `HIGH`. One that is missing stands for 1 while a document is searched for further mistakes, so
/// that a number without a default has a range that holds 1.
pub fn within<'de, const LOW: i64, const HIGH: i64, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: TryFrom<i64>,
    D: Deserializer<'de>,
{
    read(deserializer, "1", |number: i64| {
        let fits = Some(number).filter(|number| (LOW..=HIGH).contains(number));
        let fits = fits.and_then(|number| T::try_from(number).ok());
        fits.ok_or_else(|| format!("must be {LOW} to {HIGH}"))
    })
}
