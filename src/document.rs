//! The one strict reader of documents: bodies, queries and files. It knows the place of every value and finds all mistakes at once.
//! None repeats what was given, any of which may be a code, a number or a secret in the wrong place: they are made by serde's hooks
//! and of the sentences of our own types.

mod draft;
mod json;
mod mistake;
mod patch;
mod place;
mod query;
mod reader;
mod toml;
mod value;

pub use draft::Draft;
pub use json::{NotJson, from_json};
pub use mistake::{Fault, Mistake};
pub use patch::Patch;
pub use place::{Place, Segment, child, within_section};
pub use query::from_query;
pub use reader::read;
pub use toml::{NotToml, Position, TomlDocument, from_toml, from_toml_with_words};
pub use value::Value;
