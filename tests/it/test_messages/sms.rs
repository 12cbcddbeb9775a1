//! Tests of SMS settings against Twilio's answers.

use serde_json::{Value, json};

use super::{SMS, audit, failure, test_sms};
use crate::support::carriers::{ACCOUNT, AUTH_TOKEN, SERVICE, both, own_twilio, quota_used, save_sms};
use crate::support::http_double::Script;
use crate::support::kinde_double::KindeDouble;
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::twilio_double::TwilioDouble;

const TO: &str = "+61466043123";

async fn with_twilio(twilio: &TwilioDouble) -> TestServer {
    ServerOptions::default()
        .set("twilio.base_url", twilio.url())
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn saved_settings_send_a_fixed_sentence_with_digits_that_prove_nothing() {
    let twilio = TwilioDouble::start().await;
    let server = with_twilio(&twilio).await;
    save_sms(&server, own_twilio(&json!({}))).await;
    let body = test_sms(&server, TO).await.expect(200);
    assert_eq!(
        (&body["accepted"], &body["provider"]),
        (&json!(true), &json!("twilio"))
    );
    assert!(body["provider_message_id"].as_str().unwrap().starts_with("SM"));
    assert_eq!(body["error"], Value::Null);
    let sent = &twilio.requests()[0];
    let text = sent.parameter("Body").unwrap();
    let digits = text.strip_prefix("Your verification code is ").unwrap();
    assert!(
        digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()),
        "{text}"
    );
    assert_eq!(sent.parameter("MessagingServiceSid"), Some(SERVICE));
    assert_eq!(sent.parameter("StatusCallback"), None);
    assert_eq!(twilio.violations(), Vec::<String>::new());
    assert!(server.messages().await.is_empty());
    let entries = audit(&server, "settings.sms.test").await;
    assert_eq!(
        entries,
        [json!({ "to": "+61•••123", "provider": "twilio", "settings": "saved" })]
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_not_saved_are_tested_and_stay_unsaved() {
    let twilio = TwilioDouble::start().await;
    let server = with_twilio(&twilio).await;
    let before = server
        .admin("GET", "/environments/default/settings/sms", Value::Null)
        .await;
    let mut settings = own_twilio(&json!({ "sentence": "sign_in" }));
    settings["twilio"]["source"] = json!("phone_number");
    settings["twilio"]["phone_number"] = json!("+15005550006");
    let body = json!({ "to": TO, "settings": settings });
    let answer = server.admin("POST", SMS, body).await.expect(200);
    assert_eq!(
        (&answer["accepted"], &answer["provider"]),
        (&json!(true), &json!("twilio"))
    );
    let sent = &twilio.requests()[0];
    assert_eq!(
        (sent.account_sid.as_str(), sent.password.as_str()),
        (ACCOUNT, AUTH_TOKEN)
    );
    assert_eq!(sent.parameter("From"), Some("+15005550006"));
    assert!(
        sent.parameter("Body")
            .unwrap()
            .contains("is your one-time code to sign in to")
    );
    let after = server
        .admin("GET", "/environments/default/settings/sms", Value::Null)
        .await;
    assert_eq!(
        (after.body.as_str(), after.header("etag")),
        (before.body.as_str(), before.header("etag"))
    );
    let entry = audit(&server, "settings.sms.test").await.remove(0);
    assert_eq!(entry["settings"]["twilio"]["account_sid"], ACCOUNT);
    assert!(!entry.to_string().contains(AUTH_TOKEN), "{entry}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_secret_is_tested_in_its_place_and_goes_nowhere_else() {
    let twilio = TwilioDouble::start().await;
    let server = with_twilio(&twilio).await;
    save_sms(&server, own_twilio(&json!({}))).await;
    let read = server
        .admin("GET", "/environments/default/settings/sms", Value::Null)
        .await
        .expect(200);
    let mut left_out = read.clone();
    left_out["twilio"].as_object_mut().unwrap().remove("auth_token");
    for settings in [read.clone(), left_out.clone()] {
        let body = json!({ "to": TO, "settings": settings });
        assert_eq!(
            server.admin("POST", SMS, body).await.expect(200)["accepted"],
            true
        );
        assert_eq!(twilio.requests().last().unwrap().password, AUTH_TOKEN);
    }
    for mut settings in [read, left_out] {
        settings["twilio"]["account_sid"] = json!(format!("AC{}", "f".repeat(32)));
        let answer = server
            .admin("POST", SMS, json!({ "to": TO, "settings": settings }))
            .await;
        assert_eq!(answer.expect_invalid(), ["/settings/twilio/auth_token"]);
    }
    assert_eq!(twilio.requests().len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_twilio_refuses_is_told_with_what_to_do_next() {
    let twilio = TwilioDouble::start().await;
    let server = with_twilio(&twilio).await;
    save_sms(&server, own_twilio(&json!({}))).await;
    for (status, code, expected, hint) in [
        (404, 20404, "account_not_found", "Account SID"),
        (401, 20003, "authentication_failed", "Auth Token"),
        (400, 21703, "messaging_service_empty", "sender pool"),
        (400, 21704, "messaging_service_empty", "sender pool"),
        (400, 21408, "country_not_enabled", "Geo permissions"),
        (
            400,
            21606,
            "sender_not_allowed",
            "number that this Twilio account owns",
        ),
        (400, 21211, "recipient_rejected", "another one"),
        (400, 21610, "recipient_opted_out", "START"),
    ] {
        let said = format!("No message to {TO} with {AUTH_TOKEN}");
        twilio.refuse_with(status, code, &said);
        let (found, detail, next) = failure(&test_sms(&server, TO).await);
        assert_eq!(found, expected, "{code}");
        assert!(next.contains(hint), "{code}: {next}");
        assert!(
            detail.contains(&code.to_string()) && detail.contains("No message to"),
            "{detail}"
        );
        assert!(
            !detail.contains("466043123") && !detail.contains(AUTH_TOKEN),
            "{detail}"
        );
        server.clock.advance(std::time::Duration::from_mins(1));
    }
    twilio.respond_with(Script::Reset);
    assert_eq!(failure(&test_sms(&server, TO).await).0, "unknown");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_never_falls_back_and_neither_opens_the_breaker_nor_minds_it() {
    let (kinde, twilio) = (KindeDouble::start().await, TwilioDouble::start().await);
    let server = both(&kinde, &twilio).start().await;
    save_sms(&server, own_twilio(&json!({ "fallback": true }))).await;
    for _ in 0..3 {
        twilio.refuse_with(401, 20003, "Authenticate");
        assert_eq!(failure(&test_sms(&server, TO).await).0, "authentication_failed");
    }
    assert_eq!(kinde.requests(), 0, "no fallback");
    let sent = server.send_sms(TO).await.expect(201);
    assert_eq!(sent["message"]["provider"], "twilio", "the breaker is closed");
    twilio.refuse_with(401, 20003, "Authenticate");
    let opened = server.send_sms(TO).await.expect(201);
    assert_eq!(opened["message"]["fallback"], true);
    let asked = twilio.requests().len();
    assert_eq!(server.send_sms(TO).await.expect(201)["message"]["fallback"], true);
    assert_eq!(twilio.requests().len(), asked, "the breaker is open");
    assert_eq!(test_sms(&server, TO).await.expect(200)["accepted"], true);
    assert_eq!(server.send_sms(TO).await.expect(201)["message"]["fallback"], true);
    assert_eq!(quota_used(&server).await, 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_is_told_at_once_and_what_a_send_would_be_refused_is() {
    let server = TestServer::start().await;
    let wrong = json!({ "to": "12", "settings": {
        "provider": "twilio", "sentence": "mine", "allowed_countries": ["xx"],
        "twilio": { "account_sid": "AC1", "source": "messaging_service" },
    }});
    let answer = server.admin("POST", SMS, wrong).await;
    assert_eq!(
        answer.expect_invalid(),
        [
            "/settings/allowed_countries/0",
            "/settings/sentence",
            "/settings/twilio/account_sid",
            "/settings/twilio/auth_token",
            "/settings/twilio/messaging_service_sid",
            "/to",
        ]
    );
    for body in [
        json!({}),
        json!({ "to": 1 }),
        json!({ "to": TO, "code": "123456" }),
    ] {
        server
            .admin("POST", SMS, body)
            .await
            .expect_problem(400, "invalid_request");
    }
    let elsewhere = json!({ "to": TO, "settings": { "allowed_countries": ["nz"] } });
    let answer = server.admin("POST", SMS, elsewhere).await;
    answer.expect_problem(403, "country_not_allowed");
    for to in ["+611900123456", "+80012345678"] {
        let body = json!({ "to": to, "settings": { "allowed_countries": ["au"] } });
        let problem = server.admin("POST", SMS, body).await;
        let problem = problem.expect_problem(403, "recipient_blocked");
        assert_eq!(problem["reason"], "number_type", "{to}");
    }
    let nowhere = server
        .admin(
            "POST",
            "/environments/none/settings/sms/test",
            json!({ "to": TO }),
        )
        .await;
    nowhere.expect_problem(404, "not_found");
    let body = test_sms(&server, TO).await.expect(200);
    assert_eq!(
        (&body["accepted"], &body["provider"]),
        (&json!(true), &json!("console"))
    );
    server.set_environment(json!({ "default_country": "au" })).await;
    assert_eq!(
        test_sms(&server, "0466 043 123").await.expect(200)["accepted"],
        true
    );
    server.stop().await;
    let server = ServerOptions::default()
        .set("platform.sms.provider", "none")
        .start()
        .await;
    test_sms(&server, TO)
        .await
        .expect_problem(503, "sms_not_configured");
    server.stop().await;
}
