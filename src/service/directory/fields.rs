//! What is shown of what administrators change: in the audit log, and in what a manifest says and does.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::document::child;
use crate::domain::content::EmailContent;
use crate::domain::environment::KeyRecord;

pub(super) fn key_fields(key: &KeyRecord) -> Value {
    json!({
        "application_id": key.application_id,
        "name": key.name,
        "prefix": key.prefix,
        "last_four": key.last_four,
    })
}

/// The texts that differ, and not all of them twice.
pub(super) fn content_difference(before: &EmailContent, after: &EmailContent) -> Value {
    let (before, after) = (by_pointer(before), by_pointer(after));
    let only = |of: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>| -> Map<String, Value> {
        let texts = of
            .iter()
            .filter(|(pointer, text)| other.get(*pointer) != Some(text));
        texts
            .map(|(pointer, text)| (pointer.clone(), text.clone()))
            .collect()
    };
    json!({ "before": only(&before, &after), "after": only(&after, &before) })
}

fn by_pointer(content: &EmailContent) -> BTreeMap<String, Value> {
    let mut texts = BTreeMap::new();
    let mut rest = vec![(String::new(), json!(content))];
    while let Some((pointer, value)) = rest.pop() {
        match value {
            Value::Object(fields) => {
                rest.extend(
                    fields
                        .into_iter()
                        .map(|(name, value)| (child(&pointer, &name), value)),
                );
            }
            text => {
                texts.insert(pointer, text);
            }
        }
    }
    texts
}
