//! Which answers a key keeps, which release it, and what is no key.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_final_refusal_is_kept() {
    let server = TestServer::start().await;
    let wrong = body(&server, "+61000000000");
    let first = send_under(&server, "k", &wrong).await;
    let problem = first.expect_problem(422, "invalid_phone_number");
    let again = send_under(&server, "k", &wrong).await;
    let repeated = again.expect_problem(422, "invalid_phone_number");
    assert_eq!(problem["reason"], repeated["reason"]);
    assert_eq!(problem["detail"], repeated["detail"]);
    let corrected = send_under(&server, "k", &body(&server, "+61466043123")).await;
    corrected.expect_problem(422, "idempotency_key_reused");

    // Also where what it depends on has changed since.
    let national = body(&server, "0466043123");
    send_under(&server, "n", &national)
        .await
        .expect_problem(422, "invalid_phone_number");
    server.set_environment(json!({ "default_country": "au" })).await;
    send_under(&server, "n", &national)
        .await
        .expect_problem(422, "invalid_phone_number");
    send_under(&server, "m", &national).await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_the_carrier_is_kept_with_its_ids() {
    let double = KindeDouble::start().await;
    let refused = json!({ "error": "recipient_rejected" });
    double.respond_with(Script::Reply(crate::support::http_double::Reply::json(
        422, &refused,
    )));
    let server = through(&double).start().await;
    let sent = body(&server, "+61466043123");
    let first = send_under(&server, "k", &sent)
        .await
        .expect_problem(422, "recipient_rejected");
    let again = send_under(&server, "k", &sent)
        .await
        .expect_problem(422, "recipient_rejected");
    for member in ["verification_id", "message_id", "detail"] {
        assert!(first[member].is_string(), "{first}");
        assert_eq!(first[member], again[member]);
    }
    assert_eq!(double.requests(), 1);
    let id = first["verification_id"].as_str().unwrap();
    assert_eq!(server.read(id).await["status"], "pending");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_now_releases_the_key() {
    let server = TestServer::start().await;
    server.set_policy(json!({ "sends_per_hour": 1 })).await;
    server.send_sms("+61466043123").await.expect(201);
    let sent = body(&server, "+61466043123");
    send_under(&server, "k", &sent)
        .await
        .expect_problem(429, "rate_limited");
    server.clock.advance(Duration::from_hours(1));
    send_under(&server, "k", &sent).await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_service_releases_the_key() {
    let wishes = Wishes::default().set("platform.sms.provider", "none");
    let without_sender = wishes.start().await;
    let sent = body(&without_sender, "+61466043123");
    let refused = send_under(&without_sender, "k", &sent).await;
    refused.expect_problem(503, "sms_not_configured");
    let replica = without_sender.replica(Wishes::default()).await;
    send_under(&replica, "k", &sent).await.expect(201);
    replica.stop().await;
    without_sender.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_key_is_refused() {
    let server = TestServer::start().await;
    let sent = body(&server, "+61466043123");
    let too_long = "k".repeat(256);
    for key in [
        "",
        "\"\"",
        "\"open",
        "\"a\" \"b\"",
        "a\tb",
        "caf\u{e9}",
        "\"a\\n\"",
        too_long.as_str(),
    ] {
        let answer = send_under(&server, key, &sent).await;
        answer.expect_problem(400, "invalid_idempotency_key");
    }
    let twice = ["idempotency-key: a", "idempotency-key: b"];
    let answer = server
        .request("POST", PATH, &server.application_key, &twice, &sent)
        .await;
    answer.expect_problem(400, "invalid_idempotency_key");
    // A control character is no part of any header.
    let answer = send_under(&server, "a\u{1}b", &sent).await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.messages().await, Vec::<Value>::new());
    send_under(&server, &"k".repeat(255), &sent).await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_answer_holds_neither_code_nor_recipient() {
    let server = TestServer::start().await;
    server.set_policy(json!({ "digits": 10 })).await;
    let sent = body(&server, "+61466043123");
    send_under(&server, "k", &sent).await.expect(201);
    let code = server.last_code();
    let again = send_under(&server, "k", &sent).await;
    assert!(!again.body.contains(&code) && !again.body.contains("466043123"));
    server.stop().await;
}
