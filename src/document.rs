//! The one strict reader of documents: bodies, queries and files. It knows the place of every value and finds all mistakes at once.
//! None repeats what was given, any of which may be a code, a number or a secret in the wrong place: they are made by serde's hooks,
//! not from its messages.

mod json;
mod mistake;
mod place;
mod query;
mod reader;
mod value;

pub use json::{NotJson, from_json};
pub use mistake::{Fault, Mistake};
pub use place::{Place, Segment, child};
pub use query::from_query;
pub use reader::{read, read_what_there_is};
pub use value::Value;
