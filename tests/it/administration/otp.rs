//! The rules of codes.

use serde_json::{Value, json};

use crate::support::test_server::TestServer;

const PATH: &str = "/environments/default/settings/otp";

fn defaults() -> Value {
    json!({
        "digits": 6, "life_seconds": 600, "email_life_seconds": { "password_reset": 600, "verify": 600 },
        "max_guesses": 5, "recipient_guesses_per_day": 20, "resend_after_seconds": [30, 60, 120, 300], "max_sends": 5,
        "sends_per_hour": 10, "sends_per_day": 20, "ip_sends_per_hour": 30,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_defaults_are_the_products_and_a_patch_changes_what_it_names() {
    let server = TestServer::start().await;
    assert_eq!(
        server.admin("GET", PATH, Value::Null).await.expect(200),
        defaults()
    );
    let mut expected = defaults();
    for patch in [
        json!({ "digits": 10 }),
        json!({ "email_life_seconds": { "verify": 86_400 } }),
        json!({ "resend_after_seconds": [1] }),
        json!({ "max_guesses": 10, "ip_sends_per_hour": 100_000 }),
    ] {
        for (member, value) in patch.as_object().unwrap() {
            match value.as_object() {
                Some(inner) => expected[member].as_object_mut().unwrap().extend(inner.clone()),
                None => expected[member] = value.clone(),
            }
        }
        assert_eq!(server.admin("PATCH", PATH, patch).await.expect(200), expected);
    }
    assert_eq!(server.admin("GET", PATH, Value::Null).await.expect(200), expected);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_outside_its_range_is_told_at_once() {
    let server = TestServer::start().await;
    let pointers = [
        "/digits",
        "/email_life_seconds/password_reset",
        "/email_life_seconds/verify",
        "/ip_sends_per_hour",
        "/life_seconds",
        "/max_guesses",
        "/max_sends",
        "/recipient_guesses_per_day",
        "/resend_after_seconds",
        "/sends_per_day",
        "/sends_per_hour",
    ];
    let low = json!({
        "digits": 5, "life_seconds": 59, "email_life_seconds": { "password_reset": 59, "verify": 0 }, "max_guesses": 0,
        "recipient_guesses_per_day": 4, "max_sends": 0, "sends_per_hour": 0, "sends_per_day": 0, "ip_sends_per_hour": 0,
        "resend_after_seconds": [],
    });
    let high = json!({
        "digits": 11, "life_seconds": 601, "email_life_seconds": { "password_reset": 86_401, "verify": 86_401 },
        "max_guesses": 11, "recipient_guesses_per_day": 101, "max_sends": 11, "sends_per_hour": 1_001,
        "sends_per_day": 1_001, "ip_sends_per_hour": 100_001, "resend_after_seconds": [30, 3_601],
    });
    let absurd = json!({
        "digits": 256, "life_seconds": -1, "email_life_seconds": { "password_reset": 1_u64 << 40, "verify": -600 },
        "max_guesses": 300, "recipient_guesses_per_day": 65_536, "max_sends": -5, "sends_per_hour": 65_537,
        "sends_per_day": 1 << 20, "ip_sends_per_hour": 1_u64 << 33, "resend_after_seconds": [-30],
    });
    for patch in [low, high, absurd] {
        assert_eq!(
            server.admin("PATCH", PATH, patch).await.expect_invalid(),
            pointers
        );
    }
    for patch in [
        json!({ "digits": "6" }),
        json!({ "digits": 6.5 }),
        json!({ "digits": null }),
        json!({ "email_life_seconds": null }),
        json!({ "email_life_seconds": { "mfa": 600 } }),
        json!({ "resend_after_seconds": 30 }),
        json!({ "life": 600 }),
    ] {
        let answer = server.admin("PATCH", PATH, patch).await;
        answer.expect_problem(400, "invalid_request");
    }
    assert_eq!(
        server.admin("GET", PATH, Value::Null).await.expect(200),
        defaults()
    );
    server.stop().await;
}
