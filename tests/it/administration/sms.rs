//! The SMS settings: their defaults, every field, and what is wrong with one.

use serde_json::{Value, json};

use crate::support::test_server::TestServer;

pub(super) const PATH: &str = "/environments/default/settings/sms";

/// `prefix` and 32 hexadecimal digits.
pub(super) fn sid(prefix: &str) -> String {
    format!("{prefix}{}", "0123456789abcdefABCDEF0123456789")
}

/// An account that sends by a Messaging Service, with an Auth Token.
pub(super) fn account() -> Value {
    json!({
        "account_sid": sid("AC"), "auth_token": "token-of-the-account-1234", "source": "messaging_service",
        "messaging_service_sid": sid("MG"),
    })
}

fn settings(twilio: &Value) -> Value {
    json!({ "provider": "twilio", "twilio": twilio })
}

fn defaults() -> Value {
    json!({
        "provider": null, "twilio": null, "fallback": false, "use_for_mfa": true, "allowed_countries": null,
        "sentence": "auto",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_taken_and_a_put_without_them_takes_the_defaults() {
    let server = TestServer::start().await;
    assert_eq!(
        server.admin("GET", PATH, Value::Null).await.expect(200),
        defaults()
    );
    let all = json!({
        "provider": "twilio",
        "twilio": {
            "account_sid": sid("AC"), "auth_token": "token-of-the-account-1234", "api_key_sid": sid("SK"),
            "api_key_secret": "secret-of-the-key-5678", "source": "phone_number",
            "messaging_service_sid": null, "phone_number": "+15005550006", "edge": "dublin", "region": "ie1",
            "discard_content": true, "obfuscate_address": true,
        },
        "fallback": true, "use_for_mfa": false, "allowed_countries": ["au", "nz"], "sentence": "verification_code",
    });
    let mut expected = all.clone();
    expected["twilio"]["auth_token"] = json!({ "set": true, "hint": "…1234" });
    expected["twilio"]["api_key_secret"] = json!({ "set": true, "hint": "…5678" });
    assert_eq!(server.admin("PUT", PATH, all).await.expect(200), expected);
    assert_eq!(server.admin("GET", PATH, Value::Null).await.expect(200), expected);
    let mut least = account();
    assert_eq!(server.admin("PUT", PATH, settings(&least)).await.status, 200);
    let read = server.admin("GET", PATH, Value::Null).await.expect(200);
    for (member, value) in [
        ("phone_number", Value::Null),
        ("edge", Value::Null),
        ("region", Value::Null),
    ] {
        least[member] = value;
    }
    least["auth_token"] = json!({ "set": true, "hint": "…1234" });
    least["api_key_sid"] = Value::Null;
    least["api_key_secret"] = Value::Null;
    least["discard_content"] = json!(false);
    least["obfuscate_address"] = json!(false);
    let mut expected = defaults();
    expected["provider"] = json!("twilio");
    expected["twilio"] = least;
    assert_eq!(read, expected);
    assert_eq!(server.admin("PUT", PATH, json!({})).await.expect(200), defaults());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_a_sender_is_taken() {
    let server = TestServer::start().await;
    for number in ["+15005550006", "12345", "123456", "ACME", "Acme Shop 1"] {
        let mut twilio = account();
        twilio["source"] = json!("phone_number");
        twilio["phone_number"] = json!(number);
        server.admin("PUT", PATH, settings(&twilio)).await.expect(200);
    }
    for number in [
        "",
        "+0",
        "+1500555000612345",
        "Acme Shop 12",
        "Acmé",
        "+1 500 555",
        "12",
        "<b>",
        "a\nb",
    ] {
        let mut twilio = account();
        twilio["source"] = json!("phone_number");
        twilio["phone_number"] = json!(number);
        let answer = server.admin("PUT", PATH, settings(&twilio)).await;
        assert_eq!(answer.expect_invalid(), ["/twilio/phone_number"], "{number:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_that_cannot_be_taken_is_told_by_its_pointer() {
    let server = TestServer::start().await;
    for (member, value) in [
        ("account_sid", json!("AC123")),
        ("account_sid", json!(sid("SK"))),
        ("account_sid", json!(sid("ac"))),
        ("auth_token", json!("")),
        ("api_key_sid", json!("SK1")),
        ("source", json!("email")),
        ("messaging_service_sid", json!(sid("VA"))),
        ("messaging_service_sid", json!("MG123")),
        ("messaging_service_sid", json!(format!("{}0", sid("MG")))),
        ("messaging_service_sid", Value::Null),
        ("edge", json!("dublin.evil.example/")),
        ("edge", json!("")),
        ("region", json!("ie1@evil")),
    ] {
        let mut twilio = account();
        twilio[member] = value.clone();
        if member == "api_key_sid" {
            twilio["api_key_secret"] = json!("secret");
        }
        let answer = server.admin("PUT", PATH, settings(&twilio)).await;
        assert_eq!(answer.expect_invalid(), [format!("/twilio/{member}")], "{value}");
    }
    let mut verify_service = account();
    verify_service["messaging_service_sid"] = json!(sid("VA"));
    let answer = server.admin("PUT", PATH, settings(&verify_service)).await;
    let detail = answer.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("Verify"), "{detail}");
    for (settings, pointer) in [
        (json!({ "provider": "twilio" }), "/twilio"),
        (json!({ "provider": "vonage" }), "/provider"),
        (json!({ "sentence": "Your code" }), "/sentence"),
        (
            json!({ "allowed_countries": ["au", "AU"] }),
            "/allowed_countries/1",
        ),
        (json!({ "allowed_countries": ["zz"] }), "/allowed_countries/0"),
    ] {
        let answer = server.admin("PUT", PATH, settings).await;
        assert_eq!(answer.expect_invalid(), [pointer]);
    }
    assert_eq!(
        server.admin("GET", PATH, Value::Null).await.expect(200),
        defaults()
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_is_told_at_once() {
    let server = TestServer::start().await;
    let all = json!({
        "provider": "x",
        "twilio": {
            "account_sid": "x", "auth_token": " ", "api_key_sid": "x", "api_key_secret": "", "source": "messaging_service",
            "edge": "X", "region": "X",
        },
        "allowed_countries": ["x"], "sentence": "x",
    });
    let mut pointers = server.admin("PUT", PATH, all).await.expect_invalid();
    pointers.sort();
    let expected = [
        "/allowed_countries/0",
        "/provider",
        "/sentence",
        "/twilio/account_sid",
        "/twilio/api_key_secret",
        "/twilio/api_key_sid",
        "/twilio/auth_token",
        "/twilio/edge",
        "/twilio/messaging_service_sid",
        "/twilio/region",
    ];
    assert_eq!(pointers, expected);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_needs_a_token_or_a_whole_api_key() {
    let server = TestServer::start().await;
    for (token, key, secret, pointers) in [
        (false, false, false, &["/twilio/auth_token"][..]),
        (true, false, false, &[]),
        (false, true, true, &[]),
        (true, true, true, &[]),
        (true, true, false, &["/twilio/api_key_secret"]),
    ] {
        let mut twilio = account();
        if !token {
            twilio["auth_token"] = Value::Null;
        }
        if key {
            twilio["api_key_sid"] = json!(sid("SK"));
        }
        if secret {
            twilio["api_key_secret"] = json!("secret-of-the-key-5678");
        }
        server.admin("PUT", PATH, json!({})).await.expect(200);
        let answer = server.admin("PUT", PATH, settings(&twilio)).await;
        if pointers.is_empty() {
            answer.expect(200);
        } else {
            assert_eq!(answer.expect_invalid(), pointers);
        }
    }
    for twilio in [
        json!({ "source": "messaging_service" }),
        json!({ "account_sid": sid("AC") }),
        json!("twilio"),
        json!({ "account_sid": sid("AC"), "source": "phone_number", "auth_token": 5 }),
    ] {
        let answer = server.admin("PUT", PATH, settings(&twilio)).await;
        answer.expect_problem(400, "invalid_request");
    }
    server.stop().await;
}
