//! What a send makes and answers.

use std::time::Duration;

use otpost::domain::time::Clock as _;
use serde_json::{Value, json};

use crate::support::test_server::{ServerOptions, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn the_verification_object_has_these_members_and_no_others() {
    let server = TestServer::start().await;
    let answer = server.send_sms("+61466043123").await;
    let body = answer.expect(201);
    let (id, message) = (&body["id"], &body["message"]["id"]);
    assert_eq!(id.as_str().unwrap().len(), 36);
    let now = server.clock.now();
    let expected = format!(
        "{{\"id\":{id},\"connection_id\":\"{}\",\"channel\":\"sms\",\"to\":\"+61•••123\",\"purpose\":\"sign_in\",\
         \"status\":\"pending\",\"created_at\":\"{now}\",\"expires_at\":\"{}\",\"attempts_left\":5,\"resends_left\":4,\
         \"resend_at\":\"{}\",\"verified_at\":null,\"message\":{{\"id\":{message},\"status\":\"accepted\",\
         \"provider\":\"console\",\"fallback\":false,\"error\":null}}}}",
        server.phone,
        now + Duration::from_mins(10),
        now + Duration::from_secs(30),
    );
    assert_eq!(answer.body, expected);
    let path = format!("/v1/otp/{}", id.as_str().unwrap());
    assert_eq!(answer.header("location"), path);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(server.get(&path).await.body, expected);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_is_asked_for_like_a_text() {
    let server = TestServer::start().await;
    let body = server.send_email("Jane.Doe@Example.COM").await.expect(201);
    assert_eq!(body["channel"], "email");
    assert_eq!(body["to"], "J•••@example.com");
    assert_eq!(body["connection_id"], server.email.as_str());
    let letter = &server.inbox.as_ref().unwrap().newest_first()[0];
    assert_eq!(letter.to, "Jane.Doe@example.com");
    let id = body["id"].as_str().unwrap();
    let verified = server.verify(id, &server.last_code()).await.expect(200);
    assert_eq!(verified["status"], "verified");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_purpose_is_taken_and_any_other_refused() {
    let server = TestServer::start().await;
    for purpose in ["sign_in", "sign_up", "mfa", "password_reset", "verify"] {
        let fields = json!({ "to": "+61466043123", "purpose": purpose });
        let body = server.send_sms_with(fields).await.expect(201);
        assert_eq!(body["purpose"], purpose);
    }
    for (field, value) in [
        ("purpose", "recovery"),
        ("purpose", "Sign_In"),
        ("locale", "not a language"),
        ("client_ip", "192.0.2.1:80"),
        ("client_ip", "192.0.2.1, 192.0.2.2"),
    ] {
        let mut fields = json!({ "to": "+61466043123" });
        fields[field] = json!(value);
        let pointers = server.send_sms_with(fields).await.expect_invalid();
        assert_eq!(pointers, [format!("/{field}")]);
    }
    let all = json!({ "to": "+61466043123", "login_hint": "a@example.com", "purpose": "x", "locale": "?", "client_ip": "x" });
    let pointers = server.send_sms_with(all).await.expect_invalid();
    assert_eq!(pointers, ["/client_ip", "/locale", "/login_hint", "/purpose"]);
    assert_eq!(server.messages().await.len(), 5);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_well_formed_language_without_texts_falls_through_to_english() {
    let server = TestServer::start().await;
    for locale in ["en", "en-AU", "EN-gb", "gsw", "tlh-Latn"] {
        let fields = json!({ "to": "+61466043123", "locale": locale, "purpose": "mfa" });
        server.send_sms_with(fields).await.expect(201);
        assert!(
            server.last_text().starts_with("Your verification code is "),
            "{locale}"
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_is_switched_off_is_refused_for_mfa_alone() {
    let server = TestServer::start().await;
    let factors = json!({ "sms": false, "email": true });
    let path = "/environments/default/settings/mfa";
    server.admin("PUT", path, factors).await.expect(200);
    let mfa = json!({ "to": "+61466043123", "purpose": "mfa" });
    let refused = server.send_sms_with(mfa).await;
    refused.expect_problem(403, "factor_disabled");
    assert_eq!(server.messages().await.len(), 0);
    server.send_sms("+61466043123").await.expect(201);
    let by_email = json!({ "connection_id": server.email, "to": "jane@example.com", "purpose": "mfa" });
    server.send_sms_with(by_email).await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_connection_is_not_found_in_whatever_form() {
    let server = TestServer::start().await;
    let unknown = format!("conn_{}", "0".repeat(32));
    let shouted = server.phone.to_uppercase();
    for connection in [unknown.as_str(), shouted.as_str(), "", "phone:otp", "' OR 1=1 --"] {
        let body = json!({ "connection_id": connection, "to": "+61466043123" });
        let answer = server.post("/v1/otp/send", body).await;
        answer.expect_problem(404, "connection_not_found");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_country_that_is_not_allowed_is_refused_before_anything_is_made() {
    let server = TestServer::start().await;
    let path = "/environments/default/settings/sms";
    let settings = json!({ "allowed_countries": ["nz", "au"] });
    server.admin("PUT", path, settings).await.expect(200);
    let refused = server.send_sms("+447400123456").await;
    refused.expect_problem(403, "country_not_allowed");
    assert_eq!(server.messages().await.len(), 0);
    server.send_sms("+61466043123").await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sender_nothing_is_made() {
    let options = ServerOptions::default().set("platform.sms.provider", "none");
    let server = options.set("platform.email.provider", "none").start().await;
    let sms = server.send_sms("+61466043123").await;
    sms.expect_problem(503, "sms_not_configured");
    let email = server.send_email("a@example.com").await;
    email.expect_problem(503, "service_unavailable");
    assert!(!email.header("retry-after").is_empty());
    assert_eq!(server.messages().await.len(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_wait_is_queued_and_then_accepted() {
    let server = TestServer::start().await;
    let body = json!({ "connection_id": server.phone, "to": "+61466043123" }).to_string();
    let prefer = ["prefer: respond-async"];
    let key = &server.application_key;
    let answer = server.request("POST", "/v1/otp/send", key, &prefer, &body).await;
    let sent = answer.expect(201);
    assert_eq!(sent["message"]["status"], "queued");
    assert_eq!(sent["message"]["provider"], Value::Null);
    let id = sent["id"].as_str().unwrap();
    let mut now = server.read(id).await;
    while now["message"]["status"] == "queued" {
        now = server.read(id).await;
    }
    assert_eq!(now["message"]["status"], "accepted");
    assert_eq!(now["message"]["provider"], "console");
    assert_eq!(now["message"]["id"], sent["message"]["id"]);
    server.verify(id, &server.last_code()).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connections_that_are_on_are_listed() {
    let server = TestServer::start().await;
    server.set_environment(json!({ "default_country": "AU" })).await;
    let expected = json!({
        "data": [
            { "id": server.phone, "strategy": "phone:otp", "name": "Phone", "default_country": "au" },
            { "id": server.email, "strategy": "email:otp", "name": "Email" },
        ],
        "next_cursor": null,
    });
    assert_eq!(server.get("/v1/connections").await.expect(200), expected);
    server.stop().await;
}
