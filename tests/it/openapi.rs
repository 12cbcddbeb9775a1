//! The OpenAPI document: it is the committed one, it names what the contract names, and its examples are valid.

use std::collections::{BTreeMap, BTreeSet};

use otpost::http::docs;
use otpost::http::problem::Code;
use serde_json::Value;

use crate::support::plain_http::get;

mod examples;
mod schema;
mod schemas;

/// Every code of the API's contract with its status, in the contract's own order of statuses.
const CONTRACT: &[(u16, &[&str])] = &[
    (400, &["invalid_request", "invalid_idempotency_key"]),
    (401, &["unauthorized"]),
    (
        403,
        &[
            "forbidden",
            "connection_disabled",
            "factor_disabled",
            "country_not_allowed",
            "recipient_blocked",
            "invalid_signature",
        ],
    ),
    (
        404,
        &["not_found", "verification_not_found", "connection_not_found"],
    ),
    (405, &["method_not_allowed"]),
    (408, &["request_timeout"]),
    (409, &["already_verified", "custom_sender_required", "conflict"]),
    (410, &["expired_code", "verification_canceled"]),
    (412, &["precondition_failed"]),
    (413, &["payload_too_large"]),
    (415, &["unsupported_media_type"]),
    (
        422,
        &[
            "validation_failed",
            "invalid_phone_number",
            "invalid_email_address",
            "channel_mismatch",
            "incorrect_code",
            "incorrect_code_length",
            "recipient_rejected",
            "recipient_opted_out",
            "idempotency_key_reused",
            "unknown_event",
        ],
    ),
    (
        429,
        &[
            "resend_requested_too_soon",
            "rate_limited",
            "sms_limit_reached",
            "too_many_attempts",
            "resend_limit_reached",
        ],
    ),
    (500, &["internal_error"]),
    (502, &["delivery_failed"]),
    (503, &["service_unavailable", "sms_not_configured"]),
];

/// Codes that no endpoint of the document answers, each with why.
const ANSWERED_ELSEWHERE: &[(&str, &str)] = &[
    ("method_not_allowed", "no method of the document"),
    ("invalid_signature", "of callbacks"),
];

fn document() -> Value {
    serde_json::from_str(&otpost::cli::openapi()).unwrap()
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    found
}

#[test]
fn the_committed_document_is_the_one_of_this_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == otpost::cli::openapi(),
        "docs/openapi.json is not what the code says; write it again: cargo run -- openapi > docs/openapi.json"
    );
}

#[test]
fn the_catalogue_is_the_contracts() {
    let ours: BTreeSet<(u16, &str)> = Code::ALL
        .iter()
        .map(|code| (code.status().as_u16(), code.as_str()))
        .collect();
    let contract: BTreeSet<(u16, &str)> = CONTRACT
        .iter()
        .flat_map(|(status, codes)| codes.iter().map(|code| (*status, *code)))
        .collect();
    assert_eq!(ours, contract);
}

#[test]
fn every_code_that_an_operation_names_exists_and_every_code_is_answered_somewhere() {
    let document = document();
    let mut answered = BTreeSet::new();
    for (name, operation) in operations(&document) {
        for word in operation["x-problems"].as_array().into_iter().flatten() {
            let word = word.as_str().unwrap();
            assert!(Code::parse(word).is_some(), "{name} names {word}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status.starts_with('2') {
                continue;
            }
            assert_eq!(
                response["content"]["application/problem+json"]["schema"]["$ref"],
                "#/components/schemas/Problem",
                "{name} {status}"
            );
            for word in response["description"].as_str().unwrap().split(", ") {
                let code = Code::parse(word.trim_matches('`')).unwrap_or_else(|| panic!("{name}: {word}"));
                assert_eq!(code.status().as_str(), status, "{name}: {word}");
                answered.insert(code.as_str());
            }
        }
    }
    let elsewhere = ANSWERED_ELSEWHERE.iter().map(|(word, _)| *word);
    let all: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(
        answered.iter().copied().chain(elsewhere).collect::<BTreeSet<_>>(),
        all
    );
}

#[test]
fn every_operation_says_what_it_does_under_a_name_of_its_own() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut ids = BTreeMap::new();
    let mut used = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let text = |field: &str| {
            operation[field]
                .as_str()
                .unwrap_or_else(|| panic!("{name} has no {field}"))
        };
        assert!(text("summary").len() > 10, "{name}");
        assert_eq!(ids.insert(text("operationId"), name.clone()), None, "{name}");
        for tag in operation["tags"].as_array().unwrap() {
            used.insert(tag.as_str().unwrap());
        }
        let key = match name.split(' ').nth(1).unwrap() {
            path if path.starts_with("/v1/") => "application_key",
            path if path.starts_with("/admin/v1/") => "administrator_key",
            _ => continue,
        };
        assert!(operation["security"][0][key].is_array(), "{name}");
        assert!(operation["responses"]["401"].is_object(), "{name}");
        let success = ["200", "201"].map(|status| &operation["responses"][status]);
        let answers_nothing = operation["responses"]["204"].is_object();
        match success.into_iter().find(|response| response.is_object()) {
            Some(success) => {
                assert!(!answers_nothing, "{name}");
                let schema = &success["content"]["application/json"]["schema"];
                assert!(schema.is_object(), "{name}");
            }
            None => assert!(answers_nothing, "{name}"),
        }
        // What answers nothing removes or switches something, and is told all by its path.
        let has_body = !name.starts_with("GET") && !answers_nothing;
        assert_eq!(operation["requestBody"].is_object(), has_body, "{name}");
    }
    assert_eq!(used, tags);
}

#[test]
fn what_can_be_changed_on_a_condition_says_so() {
    let document = document();
    for (name, operation) in operations(&document) {
        let changes = ["PUT ", "PATCH ", "DELETE "]
            .iter()
            .any(|verb| name.starts_with(verb));
        // A connection is on or off: there is no version of it.
        let switch = name.ends_with("/connections/{conn}");
        if changes && name.contains("/admin/") && !switch {
            assert!(operation["responses"]["412"].is_object(), "{name}");
        }
        if operation["responses"]["412"].is_object() {
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(
                parameters.iter().any(|parameter| parameter["name"] == "If-Match"),
                "{name}"
            );
            let answers_nothing = operation["responses"]["204"].is_object();
            assert!(
                answers_nothing || operation["responses"]["200"]["headers"]["ETag"].is_object(),
                "{name}"
            );
        }
        let made = &operation["responses"]["201"];
        if made.is_object() && name.contains("/admin/") {
            assert!(made["headers"]["ETag"].is_object(), "{name}");
            assert!(made["headers"]["Location"].is_object(), "{name}");
        }
    }
    let read = &document["paths"]["/admin/v1/environments/{env}/settings/sms"]["get"];
    assert!(read["responses"]["200"]["headers"]["ETag"].is_object());
}

#[test]
fn every_body_has_an_example_and_every_example_is_valid() {
    let document = document();
    for (name, operation) in operations(&document) {
        let Some(body) = operation.get("requestBody") else {
            continue;
        };
        check_example(&document, &name, body);
    }
    for (name, operation) in operations(&document) {
        let (_, response) = examples::success(operation);
        if response["content"].is_object() {
            check_example(&document, &name, response);
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let examples = schema["examples"].as_array().into_iter().flatten();
        for example in examples.chain(schema.get("example")) {
            assert_eq!(
                schema::violations(&document, schema, example, ""),
                Vec::<String>::new(),
                "{name}"
            );
        }
    }
}

/// A body without an example, or with one that its schema refuses, fails.
fn check_example(document: &Value, name: &str, body: &Value) {
    let example = examples::example(document, body);
    let example = example.unwrap_or_else(|| panic!("{name} has no example"));
    let schema = &body["content"]["application/json"]["schema"];
    assert_eq!(
        schema::violations(document, schema, example, ""),
        Vec::<String>::new(),
        "{name}"
    );
}

#[tokio::test]
async fn the_pages_need_nothing_from_another_host() {
    let router = docs::router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    for page in ["/docs/", "/docs/problems"] {
        let answer = get(address, page, &[]).await;
        assert_eq!(answer.status, 200, "{page}");
        for attribute in ["src=\"", "href=\"", "url(", "@import", "action=\""] {
            for target in answer.body.split(attribute).skip(1) {
                let outside = ["http:", "https:", "//"]
                    .iter()
                    .any(|start| target.starts_with(start));
                assert!(
                    !outside,
                    "{page} loads {}",
                    target.chars().take(60).collect::<String>()
                );
            }
        }
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("http"),
            "{page}: {policy}"
        );
        // What it names, it serves.
        for target in answer.body.split("src=\"./").skip(1) {
            let file = target.split('"').next().unwrap();
            assert_eq!(
                get(address, &format!("/docs/{file}"), &[]).await.status,
                200,
                "{file}"
            );
        }
    }
    let icon = get(address, "/favicon.ico", &[]).await;
    assert_eq!((icon.status, icon.header("content-type")), (200, "image/png"));
    let served: Value = get(address, "/openapi.json", &[]).await.json();
    assert_eq!(served, document());
    serving.abort();
}
