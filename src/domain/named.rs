//! Enums whose variants have one name each, the same on the wire, in the database and in metrics.

/// Implements the name of each variant, on the wire, in the database and in metrics alike.
macro_rules! named {
    ($(#[doc = $doc:literal])* $type:ident { $($(#[doc = $vdoc:literal])* $variant:ident = $name:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[doc = $vdoc])* $variant,)* }

        impl $type {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The names of all of them.
            pub const NAMES: &[&str] = &[$($name),*];

            /// What it is, and what each name stands for: this comment and those of the variants, as Markdown.
            pub const MEANING: &str = concat!($($doc,)* "\n" $(, "\n- `", $name, "`:" $(, $vdoc)*)*);

            /// The name on the wire, in the database and in metrics.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Reads the name; `None` for any other.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&name).ok_or_else(|| ::serde::de::Error::custom("is none of the known names"))
            }
        }
    };
}
pub(crate) use named;
