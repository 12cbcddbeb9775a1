//! Values that are read from text alone: whatever `parse` refuses is refused wherever the value is read.

/// Reads the text of each type with its `parse`, whose error is told.
macro_rules! parsed {
    ($($type:ty),* $(,)?) => {$(
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(::serde::de::Error::custom)
            }
        }
    )*};
}
pub(crate) use parsed;
