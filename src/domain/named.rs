//! Enums whose variants have one name each, the same on the wire, in the database and in metrics.

/// Implements the name of each variant, on the wire, in the database and in metrics alike.
macro_rules! named {
    ($(#[doc = $doc:literal])* $type:ident { $($(#[doc = $vdoc:literal])* $variant:ident = $name:literal,)* }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
                $crate::domain::parsed::read(deserializer, Self::NAMES[0], |name: String| {
                    Self::parse(&name).ok_or_else(|| $crate::domain::named::one_of(Self::NAMES))
                })
            }
        }
    };
}
pub(crate) use named;

/// Names that are listed when another one was given. There are far more languages.
const MOST_LISTED: usize = 10;

/// What is told of a name that is none of these.
pub(crate) fn one_of(names: &[&str]) -> String {
    if names.len() > MOST_LISTED {
        return format!(
            "must be one of the {} known names, in their exact spelling, such as \"{}\"",
            names.len(),
            names[0]
        );
    }
    let quoted: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => format!("must be {last}"),
        Some((last, others)) => format!("must be {} or {last}", others.join(", ")),
        None => String::new(),
    }
}
