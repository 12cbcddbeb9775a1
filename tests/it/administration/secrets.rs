//! Secrets are written and never read: hints, what keeps one, what needs it anew, and how it is stored.

use serde_json::{Value, json};

use super::email::{self, sender};
use super::sms::{self, account, sid};
use crate::support::test_server::TestServer;

/// The secret in force for the Auth Token, which no endpoint shows.
fn token(server: &TestServer) -> Option<String> {
    let snapshot = server.services.directory.current();
    let twilio = snapshot.environments().next()?.sms.row.twilio.clone()?;
    twilio.auth_token.map(|token| token.expose().to_owned())
}

/// The password in force.
fn password(server: &TestServer) -> Option<String> {
    let snapshot = server.services.directory.current();
    let custom = snapshot.environments().next()?.email.row.custom_sender.clone()?;
    custom
        .credentials()
        .map(|(_, password)| password.expose().to_owned())
}

async fn put_sms(server: &TestServer, twilio: Value) -> crate::support::plain_http::Answer {
    let settings = json!({ "provider": "twilio", "twilio": twilio });
    server.admin("PUT", sms::PATH, settings).await
}

async fn put_email(server: &TestServer, sender: Value) -> crate::support::plain_http::Answer {
    let settings = json!({ "custom_sender": sender });
    server.admin("PUT", email::PATH, settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_a_secret_out_or_sending_back_what_was_read_keeps_it() {
    let server = TestServer::start().await;
    put_sms(&server, account()).await.expect(200);
    let read = server.admin("GET", sms::PATH, Value::Null).await.expect(200);
    server.admin("PUT", sms::PATH, read.clone()).await.expect(200);
    assert_eq!(token(&server).unwrap(), "token-of-the-account-1234");
    let mut left_out = account();
    left_out.as_object_mut().unwrap().remove("auth_token");
    left_out["discard_content"] = json!(true);
    put_sms(&server, left_out).await.expect(200);
    assert_eq!(token(&server).unwrap(), "token-of-the-account-1234");
    let mut replaced = account();
    replaced["auth_token"] = json!("another-token-9876");
    let body = put_sms(&server, replaced).await.expect(200);
    assert_eq!(
        body["twilio"]["auth_token"],
        json!({ "set": true, "hint": "…9876" })
    );
    assert_eq!(token(&server).unwrap(), "another-token-9876");

    put_email(&server, sender()).await.expect(200);
    let read = server.admin("GET", email::PATH, Value::Null).await.expect(200);
    server.admin("PUT", email::PATH, read).await.expect(200);
    let mut left_out = sender();
    left_out.as_object_mut().unwrap().remove("password");
    left_out["email"] = json!("login@acme.example.com");
    put_email(&server, left_out).await.expect(200);
    assert_eq!(password(&server).unwrap(), "password-of-the-sender-1234");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_secret_has_no_hint() {
    let server = TestServer::start().await;
    for (secret, expected) in [
        ("a".repeat(15), json!({ "set": true })),
        (
            format!("{}wxyz", "a".repeat(12)),
            json!({ "set": true, "hint": "…wxyz" }),
        ),
    ] {
        let mut twilio = account();
        twilio["auth_token"] = json!(secret);
        let body = put_sms(&server, twilio).await.expect(200);
        assert_eq!(body["twilio"]["auth_token"], expected);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_would_go_elsewhere_is_needed_anew() {
    let server = TestServer::start().await;
    let mut with_key = account();
    with_key["api_key_sid"] = json!(sid("SK"));
    with_key["api_key_secret"] = json!("secret-of-the-key-5678");
    put_sms(&server, with_key).await.expect(200);
    let mut read = server.admin("GET", sms::PATH, Value::Null).await.expect(200)["twilio"].clone();
    read["account_sid"] = json!(format!("AC{}", "f".repeat(32)));
    let mut pointers = put_sms(&server, read.clone()).await.expect_invalid();
    pointers.sort();
    assert_eq!(pointers, ["/twilio/api_key_secret", "/twilio/auth_token"]);
    assert_eq!(token(&server).unwrap(), "token-of-the-account-1234");
    read["auth_token"] = json!("token-of-the-other-account");
    read["api_key_secret"] = json!("secret-of-the-other-key");
    put_sms(&server, read).await.expect(200);

    put_email(&server, sender()).await.expect(200);
    for (member, value) in [
        ("server", json!("smtp.evil.example")),
        ("port", json!(465)),
        ("username", json!("other")),
    ] {
        for password in [None, Some(Value::Null), Some(json!({ "set": true }))] {
            let mut moved = sender();
            moved[member] = value.clone();
            match password {
                None => drop(moved.as_object_mut().unwrap().remove("password")),
                Some(password) => moved["password"] = password,
            }
            let pointers = put_email(&server, moved).await.expect_invalid();
            assert_eq!(pointers, ["/custom_sender/password"], "{member}");
        }
    }
    assert_eq!(password(&server).unwrap(), "password-of-the-sender-1234");
    let mut moved = sender();
    moved["server"] = json!("smtp.other.example");
    moved["password"] = json!("another password");
    put_email(&server, moved).await.expect(200);
    assert_eq!(password(&server).unwrap(), "another password");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn null_drops_a_token_beside_an_api_key_and_no_secret_that_is_needed() {
    let server = TestServer::start().await;
    let mut with_key = account();
    with_key["api_key_sid"] = json!(sid("SK"));
    with_key["api_key_secret"] = json!("secret-of-the-key-5678");
    put_sms(&server, with_key.clone()).await.expect(200);

    with_key["auth_token"] = Value::Null;
    with_key.as_object_mut().unwrap().remove("api_key_secret");
    let body = put_sms(&server, with_key.clone()).await.expect(200);
    assert_eq!(body["twilio"]["auth_token"], Value::Null);
    let key_secret = json!({ "set": true, "hint": "…5678" });
    assert_eq!(body["twilio"]["api_key_secret"], key_secret);
    assert_eq!(token(&server), None);
    let audit = server
        .admin("GET", "/environments/default/audit", Value::Null)
        .await
        .expect(200);
    // Entries of one moment have no order.
    let mut entries = audit["data"].as_array().unwrap().iter();
    let had_a_token = json!({ "set": true, "hint": "…1234" });
    let drops = entries.find(|entry| entry["changes"]["before"]["twilio"]["auth_token"] == had_a_token);
    let changes = &drops.unwrap()["changes"];
    assert_eq!(changes["secrets"], "changed");
    assert_eq!(changes["after"]["twilio"]["auth_token"], Value::Null);
    // Leaving it out keeps what there is: none.
    with_key.as_object_mut().unwrap().remove("auth_token");
    put_sms(&server, with_key.clone()).await.expect(200);
    assert_eq!(token(&server), None);

    with_key["api_key_secret"] = Value::Null;
    // Nothing would be left to send with.
    let mut pointers = put_sms(&server, with_key).await.expect_invalid();
    pointers.sort();
    assert_eq!(pointers, ["/twilio/api_key_secret", "/twilio/auth_token"]);
    put_sms(&server, account()).await.expect(200);
    let mut without = account();
    without["auth_token"] = Value::Null;
    let pointers = put_sms(&server, without).await.expect_invalid();
    assert_eq!(pointers, ["/twilio/auth_token"]);
    assert_eq!(token(&server).unwrap(), "token-of-the-account-1234");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_no_secret_that_could_be_read() {
    let server = TestServer::start().await;
    let mut with_key = account();
    with_key["api_key_sid"] = json!(sid("SK"));
    with_key["api_key_secret"] = json!("secret-of-the-key-5678");
    put_sms(&server, with_key).await.expect(200);
    put_email(&server, sender()).await.expect(200);
    let stored = async || {
        let records = server.place.database().load(0).await.unwrap().records;
        let settings = records
            .into_iter()
            .filter(|record| ["sms", "email"].contains(&record.kind.as_str()));
        settings.filter_map(|record| record.document).collect::<Vec<_>>()
    };
    let documents = stored().await;
    assert_eq!(documents.len(), 2);
    for document in &documents {
        for secret in ["token-of-the", "secret-of-the", "password-of-the", "1234", "5678"] {
            let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, secret);
            // SIDs of the test hold the digits of the two shortest.
            let stored = document.replace(&sid(""), "");
            assert!(!stored.contains(secret), "{secret} in {stored}");
            assert!(
                secret.len() < 6 || !stored.contains(&base64),
                "{base64} in {stored}"
            );
        }
    }
    // What is deleted is gone from the database too.
    server.admin("PUT", email::PATH, json!({})).await.expect(200);
    let documents = stored().await;
    assert!(
        documents
            .iter()
            .all(|document| !document.contains("smtp.acme.example.com"))
    );
    server.stop().await;
}
