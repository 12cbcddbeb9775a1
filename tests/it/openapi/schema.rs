//! As much of JSON Schema as the document uses, to hold examples against it.

use regex_lite::Regex;
use serde_json::Value;

/// What a schema refers to, or itself.
pub fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// Everything in which `value`, at `pointer`, is not as `schema` has it.
pub fn violations(document: &Value, schema: &Value, value: &Value, pointer: &str) -> Vec<String> {
    let schema = resolve(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &&Value| violations(document, choice, value, pointer).is_empty();
        return match choices.iter().filter(fits).count() {
            1 => Vec::new(),
            count => vec![format!("{pointer}: {count} of the choices fit {value}")],
        };
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let found = parts
            .iter()
            .flat_map(|part| violations(document, part, value, pointer));
        // What one part does not know another one does.
        return found
            .filter(|violation| !violation.ends_with("is unknown"))
            .collect();
    }
    let mut found = Vec::new();
    if !has_type(&schema["type"], value) {
        found.push(format!("{pointer}: {value} is not of type {}", schema["type"]));
        return found;
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        found.push(format!("{pointer}: {value} is none of the words"));
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        && !Regex::new(pattern).unwrap().is_match(text)
    {
        found.push(format!("{pointer}: {text} does not match {pattern}"));
    }
    if let Some(length) = value.as_str().map(|text| text.chars().count() as u64) {
        let long = schema["minLength"].as_u64().is_none_or(|least| length >= least);
        let short = schema["maxLength"].as_u64().is_none_or(|most| length <= most);
        if !long || !short {
            found.push(format!("{pointer}: {length} characters"));
        }
    }
    if let Some(number) = value.as_f64() {
        let above = schema["minimum"].as_f64().is_none_or(|least| number >= least);
        let below = schema["maximum"].as_f64().is_none_or(|most| number <= most);
        if !above || !below {
            found.push(format!("{pointer}: {number} is out of range"));
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(violations(
            document,
            &schema["items"],
            item,
            &format!("{pointer}/{index}"),
        ));
    }
    // An object of which nothing is said may hold anything.
    let is_free = schema["properties"].is_null() && schema["additionalProperties"].is_null();
    if let Some(members) = value.as_object().filter(|_| !is_free) {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                found.push(format!("{pointer}: {name} is missing"));
            }
        }
        for (name, member) in members {
            match schema["properties"].get(name) {
                Some(property) => {
                    found.extend(violations(
                        document,
                        property,
                        member,
                        &format!("{pointer}/{name}"),
                    ));
                }
                None if schema["additionalProperties"] == true => {}
                None if schema["additionalProperties"].is_object() => {
                    let each = &schema["additionalProperties"];
                    found.extend(violations(document, each, member, &format!("{pointer}/{name}")));
                }
                None => found.push(format!("{pointer}: {name} is unknown")),
            }
        }
    }
    found
}

fn has_type(types: &Value, value: &Value) -> bool {
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match types {
        Value::Null => true,
        Value::Array(types) => types.iter().any(|one| one == name),
        one => one == name,
    }
}

#[test]
fn it_finds_what_is_wrong() {
    let document =
        serde_json::json!({"components": {"schemas": {"Word": {"type": "string", "enum": ["a", "b"]}}}});
    let schema = serde_json::json!({"type": "object", "required": ["id"], "additionalProperties": false, "properties": {
        "id": {"type": "string", "pattern": "^ver_[0-9a-f]{4}$"},
        "word": {"oneOf": [{"$ref": "#/components/schemas/Word"}, {"type": "null"}]},
        "count": {"type": "integer", "minimum": 1},
        "short": {"allOf": [{"type": "string", "maxLength": 3}]},
    }});
    let check = |value: Value| violations(&document, &schema, &value, "").len();
    assert_eq!(
        check(serde_json::json!({"id": "ver_00ff", "word": null, "count": 1})),
        0
    );
    for wrong in [
        serde_json::json!({}),
        serde_json::json!({"id": "ver_00FF"}),
        serde_json::json!({"id": "ver_00ff0"}),
        serde_json::json!({"id": "ver_00ff", "word": "c"}),
        serde_json::json!({"id": "ver_00ff", "count": 0}),
        serde_json::json!({"id": "ver_00ff", "other": 0}),
        serde_json::json!({"id": "ver_00ff", "short": "four"}),
        serde_json::json!({"id": 7}),
    ] {
        assert_eq!(check(wrong.clone()), 1, "{wrong}");
    }
}
