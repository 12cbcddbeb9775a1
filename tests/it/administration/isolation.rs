//! Environments are worlds of their own: nothing of one is counted, limited, worded, sent or listed in another.

use serde_json::{Value, json};

use crate::support::carriers::platform;
use crate::support::kinde_double::KindeDouble;
use crate::support::plain_http::Answer;
use crate::support::tenants::{self, Tenant};
use crate::support::test_server::{TestServer, code_in, wrong};

const TO: &str = "+61466043123";

/// Sends to the same number from the other environment.
async fn send_there(server: &TestServer, tenant: &Tenant) -> Answer {
    let body = json!({ "connection_id": tenant.phone, "to": TO }).to_string();
    server
        .request("POST", "/v1/otp/send", &tenant.key, &[], &body)
        .await
}

async fn used(server: &TestServer, environment: &str) -> Value {
    let path = format!("/environments/{environment}/usage/sms");
    server.admin("GET", &path, Value::Null).await.expect(200)["used"].clone()
}

async fn listed(server: &TestServer, environment: &str) -> Vec<Value> {
    let path = format!("/environments/{environment}/messages");
    let page = server.admin("GET", &path, Value::Null).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_environment_has_a_test_quota_and_messages_of_its_own() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde)
        .set("platform.sms.monthly_test_quota", 2)
        .start()
        .await;
    let tenant = tenants::environment(&server).await;
    for _ in 0..2 {
        server.send_sms(TO).await.expect(201);
    }
    let refused = server.send_sms(TO).await;
    refused.expect_problem(429, "sms_limit_reached");
    assert_eq!(
        [used(&server, "default").await, used(&server, "other").await],
        [2, 0]
    );
    for _ in 0..2 {
        send_there(&server, &tenant).await.expect(201);
    }
    let refused = send_there(&server, &tenant).await;
    refused.expect_problem(429, "sms_limit_reached");
    assert_eq!(
        [used(&server, "default").await, used(&server, "other").await],
        [2, 2]
    );
    let (here, there) = (listed(&server, "default").await, listed(&server, "other").await);
    assert_eq!((here.len(), there.len()), (2, 2));
    assert!(there.iter().all(|message| !here.contains(message)));
    for message in &there {
        let id = message["id"].as_str().unwrap();
        let path = format!("/environments/default/messages/{id}");
        let answer = server.admin("GET", &path, Value::Null).await;
        answer.expect_problem(404, "not_found");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_locks_and_rules_of_one_environment_leave_the_other_alone() {
    let server = TestServer::start().await;
    let tenant = tenants::environment(&server).await;
    server
        .set_policy(json!({ "sends_per_hour": 1, "recipient_guesses_per_day": 5, "digits": 8 }))
        .await;
    let (id, code) = server.sent_code(TO).await;
    server.send_sms(TO).await.expect_problem(429, "rate_limited");
    for _ in 0..5 {
        server
            .verify(&id, &wrong(&code))
            .await
            .expect_problem(422, "incorrect_code");
    }
    let locked = server.send_sms(TO).await.expect_problem(429, "too_many_attempts");
    assert_eq!(locked["scope"], "recipient");
    // The same number in the other environment knows nothing of it.
    for _ in 0..3 {
        let sent = send_there(&server, &tenant).await.expect(201);
        let code = server.last_code();
        assert_eq!(code.len(), 6);
        let body = json!({ "verification_id": sent["id"], "code": code }).to_string();
        let verified = server
            .request("POST", "/v1/otp/verify", &tenant.key, &[], &body)
            .await;
        verified.expect(200);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_environment_speaks_for_its_own_business_over_its_own_factors() {
    let server = TestServer::start().await;
    let tenant = tenants::environment(&server).await;
    server
        .set_environment(json!({ "business_url": "https://acme.example.com", "default_country": "au" }))
        .await;
    server
        .admin(
            "PUT",
            "/environments/default/settings/mfa",
            json!({ "sms": false }),
        )
        .await
        .expect(200);
    server
        .admin(
            "PUT",
            "/environments/default/settings/sms",
            json!({ "allowed_countries": ["nz"] }),
        )
        .await
        .expect(200);
    server
        .send_sms(TO)
        .await
        .expect_problem(403, "country_not_allowed");
    send_there(&server, &tenant).await.expect(201);
    let text = server.last_text();
    assert!(
        text.contains("other.example.com") && !text.contains("acme"),
        "{text}"
    );
    assert_eq!(code_in(&text).len(), 6);
    let body = json!({ "connection_id": tenant.phone, "to": TO, "purpose": "mfa" }).to_string();
    let sent = server
        .request("POST", "/v1/otp/send", &tenant.key, &[], &body)
        .await;
    sent.expect(201);
    // A national number has no country there.
    let body = json!({ "connection_id": tenant.phone, "to": "0466043123" }).to_string();
    let national = server
        .request("POST", "/v1/otp/send", &tenant.key, &[], &body)
        .await;
    national.expect_problem(422, "invalid_phone_number");
    server.stop().await;
}
