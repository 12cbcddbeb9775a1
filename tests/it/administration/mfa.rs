//! Which factors `mfa` may use, and what a resend looks at besides.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::test_server::TestServer;

const PATH: &str = "/environments/default/settings/mfa";

async fn put(server: &TestServer, factors: Value) -> Value {
    server.admin("PUT", PATH, factors).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_factors_are_on_and_a_put_that_leaves_one_out_switches_it_on() {
    let server = TestServer::start().await;
    let both = json!({ "sms": true, "email": true });
    assert_eq!(server.admin("GET", PATH, Value::Null).await.expect(200), both);
    let off = json!({ "sms": false, "email": false });
    assert_eq!(put(&server, off.clone()).await, off);
    assert_eq!(server.admin("GET", PATH, Value::Null).await.expect(200), off);
    assert_eq!(
        put(&server, json!({ "email": false })).await,
        json!({ "sms": true, "email": false })
    );
    assert_eq!(put(&server, json!({})).await, both);
    for wrong in [
        json!({ "sms": null }),
        json!({ "sms": "true" }),
        json!({ "email": 1 }),
        json!({ "totp": true }),
        json!([true]),
    ] {
        let answer = server.admin("PUT", PATH, wrong).await;
        answer.expect_problem(400, "invalid_request");
    }
    let elsewhere = "/environments/none/settings/mfa";
    for (method, body) in [("GET", Value::Null), ("PUT", json!({}))] {
        let answer = server.admin(method, elsewhere, body).await;
        answer.expect_problem(404, "not_found");
    }
    assert_eq!(server.admin("GET", PATH, Value::Null).await.expect(200), both);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_that_is_off_is_neither_sent_nor_sent_again_for_mfa_alone() {
    let server = TestServer::start().await;
    let (phone, email) = (server.phone.clone(), server.email.clone());
    for (off, on, connection, to) in [
        ("sms", "email", &phone, "+61466043123"),
        ("email", "sms", &email, "jane@example.com"),
    ] {
        let send = async |purpose: &str| {
            let body = json!({ "connection_id": connection, "to": to, "purpose": purpose });
            server.post("/v1/otp/send", body).await
        };
        let pending = send("mfa").await.expect(201);
        let (id, code) = (pending["id"].as_str().unwrap(), server.last_code());
        put(&server, json!({ off: false, on: true })).await;
        send("mfa").await.expect_problem(403, "factor_disabled");
        send("sign_in").await.expect(201);
        server.clock.advance(Duration::from_secs(30));
        let again = server.resend(id).await;
        again.expect_problem(403, "factor_disabled");
        let read = server.read(id).await;
        assert_eq!(
            (&read["status"], &read["resends_left"]),
            (&json!("pending"), &json!(4))
        );
        put(&server, json!({})).await;
        server.resend(id).await.expect(200);
        put(&server, json!({ off: false, on: true })).await;
        // What was sent before may come back.
        server.verify(id, &code).await.expect(200);
        // That it is used is the better word, whatever is on.
        let used = server.resend(id).await;
        used.expect_problem(409, "already_verified");
        put(&server, json!({})).await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_country_that_is_no_longer_allowed_is_not_sent_to_again() {
    let server = TestServer::start().await;
    let sms = "/environments/default/settings/sms";
    let (id, code) = server.sent_code("+61466043123").await;
    let only = json!({ "allowed_countries": ["nz"] });
    server.admin("PUT", sms, only).await.expect(200);
    server.clock.advance(Duration::from_secs(30));
    let again = server.resend(&id).await;
    again.expect_problem(403, "country_not_allowed");
    assert_eq!(server.read(&id).await["resends_left"], 4);
    let both = json!({ "allowed_countries": ["nz", "au"] });
    server.admin("PUT", sms, both).await.expect(200);
    server.resend(&id).await.expect(200);
    assert_eq!(server.last_code(), code);
    server.stop().await;
}
