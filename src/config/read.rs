//! The configuration out of the merged layers, and its mistakes as the operator is told of them: by key and origin.

use std::collections::BTreeMap;

use super::Config;
use super::error::ConfigError;
use super::key::{self, KEYS, Key, Kind};
use super::layer::{Layer, Setting};
use super::value::one_of;
use crate::document::{self, Fault, Mistake, Place, Segment, Value};

/// Reads all of it, and tells every mistake, in the order of the keys.
pub(super) fn read(settings: &Layer) -> Result<Config, Vec<ConfigError>> {
    let (document, mut errors) = document(settings);
    let draft = document::read::<Config>(&document).check(|config, tell| config.complete(settings, tell));
    match draft.finish() {
        Ok(config) if errors.is_empty() => return Ok(config),
        Ok(_) => {}
        Err(mistakes) => {
            let told = mistakes.iter();
            errors.extend(told.filter_map(|mistake| told_of(mistake, &mistakes, settings)));
        }
    }
    errors.sort_by_key(|error| KEYS.iter().position(|key| error.key.as_deref() == Some(key.name)));
    Err(errors)
}

/// The settings as one document, without texts that are empty.
fn document(settings: &Layer) -> (Value, Vec<ConfigError>) {
    let mut document = Value::Object(BTreeMap::new());
    let mut errors = Vec::new();
    for (name, Setting { key, value, origin }) in settings {
        if key.kind.is_text() && value.text() == Some("") {
            let problem = "must not be empty; leave it out instead";
            errors.push(ConfigError::of_key(*name, origin.clone(), problem));
        } else {
            let sections = name.rsplit('.').fold(value.clone(), |inner, name| {
                Value::Object(BTreeMap::from([(name.to_owned(), inner)]))
            });
            document = document.merged(&sections);
        }
    }
    (document, errors)
}

/// What is told of a mistake; nothing of one that only follows from another.
fn told_of(mistake: &Mistake, mistakes: &[Mistake], settings: &Layer) -> Option<ConfigError> {
    let (key, entry) = match mistake.place.0.split_last() {
        Some((Segment::Index(index), list)) => (Place(list.to_vec()), Some(index + 1)),
        _ => (mistake.place.clone(), None),
    };
    let key = key::find(&key::written(&key)?)?;
    let Some(Setting { value, origin, .. }) = settings.get(key.name) else {
        return missing(key, mistakes, settings);
    };
    let problem = match (&mistake.fault, value) {
        // It is there, and left out for what is wrong with it.
        (Fault::Missing, _) => return None,
        // A number has its range told, whatever stands there.
        (Fault::Type(_), _) | (_, Value::Unusable(_)) if key.kind != Kind::Number => {
            key.kind.instead_of(value).to_owned()
        }
        (Fault::Word(names), _) => one_of(names),
        _ => mistake.detail(),
    };
    let entry = entry.map_or(String::new(), |entry| format!(" (entry {entry})"));
    Some(ConfigError::of_key(
        key.name,
        origin.clone(),
        format!("{problem}{entry}"),
    ))
}

/// What is told of a key that is not set though the choice of another one wants it; the origin is that other one's.
fn missing(key: &Key, mistakes: &[Mistake], settings: &Layer) -> Option<ConfigError> {
    let wanted_by = key.wanted_by();
    let Setting { value, origin, .. } = settings.get(wanted_by.as_str())?;
    let is_wrong = |mistake: &Mistake| key::written(&mistake.place).as_ref() == Some(&wanted_by);
    if mistakes.iter().any(is_wrong) {
        return None;
    }
    let problem = format!("must be set when {wanted_by} is `{}`", value.text()?);
    Some(ConfigError::of_key(key.name, origin.clone(), problem))
}
