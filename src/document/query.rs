//! Documents out of queries: each parameter at most once, its value a word.

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::json::NotJson;
use super::place::is_repeatable;
use super::value::Value;

/// Reads the parameters of a query.
///
/// # Errors
/// When one is given twice.
pub fn from_query(query: &str) -> Result<Value, NotJson> {
    let mut parameters = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let name = name.into_owned();
        if parameters.contains_key(&name) {
            return Err(NotJson::Twice(Some(name).filter(|name| is_repeatable(name))));
        }
        parameters.insert(name, Value::Word(value.into_owned()));
    }
    Ok(Value::Object(parameters))
}
