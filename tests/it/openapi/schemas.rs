//! The schemas are such that good clients can be made of them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{document, examples, operations};

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_explained() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in document.to_string().split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    for (name, schema) in schemas {
        assert!(schema["description"].is_string(), "{name} is not explained");
    }
    for name in ["SmsSettings", "EmailSettings", "TwilioAccount", "CustomSender"] {
        for form in ["", "Input"] {
            assert!(schemas.contains_key(&format!("{name}{form}")), "{name} {form}");
        }
    }
    for name in schemas.keys() {
        assert!(
            name.chars().all(char::is_alphanumeric),
            "{name} is no name for people"
        );
    }
}

#[test]
fn every_member_is_explained() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (member, schema) in members(schema) {
            let refers = schema["$ref"].is_string() || schema["oneOf"][0]["$ref"].is_string();
            assert!(refers || schema["description"].is_string(), "{name}.{member}");
        }
    }
}

#[test]
fn what_is_read_back_has_every_member_but_those_that_may_be_left_out() {
    let document = document();
    let mut next: Vec<Value> = operations(&document)
        .into_iter()
        .map(|(_, operation)| examples::success(operation).1.clone())
        .collect();
    let (mut seen, mut left_out) = (BTreeSet::new(), BTreeSet::new());
    while let Some(part) = next.pop() {
        for reference in part.to_string().split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap().to_owned();
            let schema = &document["components"]["schemas"][&name];
            if !seen.insert(name.clone()) {
                continue;
            }
            let required = schema["required"].as_array().into_iter();
            let parts = schema["allOf"].as_array().into_iter().flatten();
            let required: Vec<&Value> = required
                .chain(parts.filter_map(|part| part["required"].as_array()))
                .flatten()
                .collect();
            for (member, _) in members(schema) {
                if !required.iter().any(|name| *name == member) {
                    left_out.insert(format!("{name}.{member}"));
                }
            }
            next.push(schema.clone());
        }
    }
    let expected = [
        "ApiKey.key",
        "Connection.default_country",
        "EmailTexts.body",
        "EmailTexts.disclaimer",
        "EmailTexts.subject",
        "SecretHint.hint",
    ];
    assert_eq!(left_out, expected.map(str::to_owned).into());
}

#[test]
fn pages_refer_to_what_is_on_them() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if let Some(item) = name.strip_suffix("Page") {
            let place = format!("#/components/schemas/{item}");
            assert_eq!(schema["properties"]["data"]["items"]["$ref"], place, "{name}");
        }
    }
}

#[test]
fn whoever_is_to_wait_is_told_how_long() {
    for (name, operation) in operations(&document()) {
        for status in ["429", "503"] {
            let response = &operation["responses"][status];
            let says_so = response["headers"]["Retry-After"]["schema"]["type"] == "integer";
            assert!(response.is_null() || says_so, "{name} {status}");
        }
    }
}

/// The members of an object, or of the objects that it is made of.
fn members(schema: &Value) -> Vec<(&str, &Value)> {
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let objects = parts
        .chain([schema])
        .filter_map(|part| part["properties"].as_object());
    objects
        .flatten()
        .map(|(name, schema)| (name.as_str(), schema))
        .collect()
}
