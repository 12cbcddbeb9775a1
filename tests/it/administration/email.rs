//! The email settings: their defaults, every field, and what is wrong with one.

use serde_json::{Value, json};

use crate::support::test_server::{ServerOptions, TestServer};

pub(super) const PATH: &str = "/environments/default/settings/email";

/// A custom sender with a user.
pub(super) fn sender() -> Value {
    json!({
        "email": "auth@acme.example.com", "server": "smtp.acme.example.com", "port": 587, "username": "acme",
        "password": "password-of-the-sender-1234", "tls": "starttls",
    })
}

fn settings(sender: &Value) -> Value {
    json!({ "sender_name": "Acme", "custom_sender": sender })
}

fn defaults() -> Value {
    json!({ "sender_name": null, "custom_sender": null })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_taken_and_null_switches_the_sender_off_and_deletes_it() {
    let server = TestServer::start().await;
    assert_eq!(
        server.admin("GET", PATH, Value::Null).await.expect(200),
        defaults()
    );
    for (tls, port, host) in [
        ("starttls", 587, "smtp.acme.example.com"),
        ("implicit", 465, "192.0.2.1"),
        ("starttls", 25, "localhost"),
        ("implicit", 65_535, "2001:db8::1"),
    ] {
        let mut custom = sender();
        custom["tls"] = json!(tls);
        custom["port"] = json!(port);
        custom["server"] = json!(host);
        let mut expected = settings(&custom);
        // No hint for a password, however long.
        expected["custom_sender"]["password"] = json!({ "set": true });
        let answer = server.admin("PUT", PATH, settings(&custom)).await;
        assert_eq!(answer.expect(200), expected);
        assert_eq!(server.admin("GET", PATH, Value::Null).await.expect(200), expected);
    }
    let off = json!({ "sender_name": "Acme Login", "custom_sender": null });
    assert_eq!(server.admin("PUT", PATH, off.clone()).await.expect(200), off);
    let mut without_password = sender();
    without_password.as_object_mut().unwrap().remove("password");
    let answer = server.admin("PUT", PATH, settings(&without_password)).await;
    assert_eq!(
        answer.expect_invalid(),
        ["/custom_sender/password"],
        "its details are gone"
    );
    assert_eq!(server.admin("PUT", PATH, json!({})).await.expect(200), defaults());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_that_cannot_be_taken_is_told_by_its_pointer() {
    let server = TestServer::start().await;
    for (member, value) in [
        ("email", json!("acme")),
        ("email", json!("a@b.example\r\nRCPT TO:<x@y.example>")),
        ("server", json!("")),
        ("server", json!("smtp://acme.example.com")),
        ("server", json!("acme.example.com:25")),
        ("server", json!("acme example")),
        ("server", json!("a\r\nb")),
        ("port", json!(0)),
        ("port", json!(65_536)),
        ("port", json!(-1)),
        ("username", json!("")),
        ("username", json!("a\r\nQUIT")),
        ("username", Value::Null),
        ("password", json!("")),
        ("password", json!("a\r\nQUIT")),
        ("password", Value::Null),
        ("tls", json!("none")),
        ("tls", json!("opportunistic")),
    ] {
        let mut custom = sender();
        custom[member] = value.clone();
        let answer = server.admin("PUT", PATH, settings(&custom)).await;
        let pointers = answer.expect_invalid();
        assert_eq!(pointers, [format!("/custom_sender/{member}")], "{value}");
    }
    let all = json!({
        "sender_name": "a\nb",
        "custom_sender": { "email": "", "server": "", "port": 0, "username": "\n", "password": "\n", "tls": "" },
    });
    let expected = [
        "/custom_sender/email",
        "/custom_sender/password",
        "/custom_sender/port",
        "/custom_sender/server",
        "/custom_sender/tls",
        "/custom_sender/username",
        "/sender_name",
    ];
    assert_eq!(server.admin("PUT", PATH, all).await.expect_invalid(), expected);
    for document in [
        json!({ "custom_sender": "smtp" }),
        json!({ "custom_sender": { "server": "acme.example.com" } }),
        json!({ "custom_sender": { "email": "a@b.example", "server": "b.example", "port": "587", "tls": "starttls" } }),
        json!({ "sender": "Acme" }),
    ] {
        let answer = server.admin("PUT", PATH, document).await;
        answer.expect_problem(400, "invalid_request");
    }
    assert_eq!(
        server.admin("GET", PATH, Value::Null).await.expect(200),
        defaults()
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tls_only_where_the_operator_allows_it_and_never_with_a_password() {
    let plain = json!({ "email": "a@b.example", "server": "b.example", "port": 25, "tls": "none" });
    let server = TestServer::start().await;
    let answer = server.admin("PUT", PATH, settings(&plain)).await;
    assert_eq!(answer.expect_invalid(), ["/custom_sender/tls"]);
    server.stop().await;
    let server = ServerOptions::default()
        .set("smtp.allow_plaintext", true)
        .start()
        .await;
    server.admin("PUT", PATH, settings(&plain)).await.expect(200);
    let mut with_password = sender();
    with_password["tls"] = json!("none");
    let answer = server.admin("PUT", PATH, settings(&with_password)).await;
    assert_eq!(answer.expect_invalid(), ["/custom_sender/tls"]);
    server.stop().await;
}
