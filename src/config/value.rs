//! Values whose mistakes the configuration tells in words of its own.

use serde::{Deserialize, Deserializer};

use crate::domain::parsed;

/// Declares what `deserialize_with` names: each reads text by a rule, whose error must not hold the text. The example is a text that
/// the rule takes.
macro_rules! read_from_text {
    ($($name:ident: $type:ty = $example:literal, $parse:expr;)*) => {$(
        fn $name<'de, D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
            $crate::domain::parsed::read(deserializer, $example, |text: String| ($parse)(&text))
        }
    )*};
}
pub(super) use read_from_text;

/// What is told of a name that is none of these.
pub(super) fn one_of(names: &[&str]) -> String {
    format!("must be one of `{}`", names.join("`, `"))
}

/// A whole number from `LOW` to `HIGH`, a range that holds 1.
pub(super) fn whole<'de, const LOW: i64, const HIGH: i64, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: TryFrom<i64>,
    D: Deserializer<'de>,
{
    parsed::read(deserializer, "1", |Lenient(number): Lenient<i64>| {
        let fits = number.filter(|number| (LOW..=HIGH).contains(number));
        let fits = fits.and_then(|number| T::try_from(number).ok());
        fits.ok_or_else(|| format!("must be a whole number from {LOW} to {HIGH}"))
    })
}

/// A value, or nothing where another type was given, so that one sentence tells type and range.
pub(super) struct Lenient<T>(pub Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(T::deserialize(deserializer).ok()))
    }
}
