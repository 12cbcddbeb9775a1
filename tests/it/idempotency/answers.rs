//! What a repeat is answered when the first was refused, when it may not be made any more, and what is no key.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_leaves_no_trace_of_the_key() {
    let server = TestServer::start().await;
    let national = body(&server, "0466043123");
    for wrong in [body(&server, "+61000000000"), national.clone()] {
        let refused = send_under(&server, "k", &wrong).await;
        refused.expect_problem(422, "invalid_phone_number");
    }
    // A repeat is a new try, and so is another body.
    server.set_environment(json!({ "default_country": "au" })).await;
    send_under(&server, "k", &national).await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_is_answered_though_it_would_be_refused_by_now() {
    let server = TestServer::start().await;
    server.set_environment(json!({ "default_country": "au" })).await;
    server
        .set_policy(json!({ "sends_per_hour": 2, "max_sends": 2 }))
        .await;
    let sent = body(&server, "0466043123");
    let first = send_under(&server, "k", &sent).await;
    let id = first.expect(201)["id"].as_str().unwrap().to_owned();
    server.clock.advance(Duration::from_secs(30));
    let resend_body = json!({ "verification_id": id }).to_string();
    let second = post_under(&server, "/v1/otp/resend", "k", &resend_body).await;
    second.expect(200);
    let without_key = server.send_sms_with(json!({ "to": "0466043123" })).await;
    without_key.expect_problem(429, "rate_limited");
    let repeats = async |server: &TestServer| {
        let again = send_under(server, "k", &sent).await;
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.expect(201), second.json());
        are_the_same(
            &second,
            &post_under(server, "/v1/otp/resend", "k", &resend_body).await,
        );
    };
    repeats(&server).await;
    // Nobody can send any more.
    let without_sender = server
        .replica(ServerOptions::default().set("platform.sms.provider", "none"))
        .await;
    repeats(&without_sender).await;
    without_sender.stop().await;
    // The number means nothing any more, and the connection is off.
    server.set_environment(json!({ "default_country": null })).await;
    repeats(&server).await;
    tenants::switch(&server, "DELETE", &server.application_path(), &server.phone).await;
    repeats(&server).await;
    send_under(&server, "l", &sent)
        .await
        .expect_problem(403, "connection_disabled");
    send_under(&server, "k", &body(&server, "0466043124"))
        .await
        .expect_problem(422, "idempotency_key_reused");
    assert_eq!(server.messages().await.len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_the_carrier_is_answered_again_until_the_code_is_resent() {
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
    // A repeated resend is about its own message.
    double.respond_with(Script::Reply(crate::support::http_double::Reply::json(
        422, &refused,
    )));
    let resend = json!({ "verification_id": id }).to_string();
    let again = async || post_under(&server, "/v1/otp/resend", "k", &resend).await;
    let second = again().await.expect_problem(422, "recipient_rejected");
    assert_ne!(second["message_id"], first["message_id"]);
    let repeated = again().await.expect_problem(422, "recipient_rejected");
    assert_eq!(second["message_id"], repeated["message_id"]);
    assert_eq!(double.requests(), 2);
    // From then on the verification itself says how it stands.
    server.resend(id).await.expect(200);
    for answer in [
        send_under(&server, "k", &sent).await.expect(201),
        again().await.expect(200),
    ] {
        assert_eq!(
            (&answer["id"], &answer["message"]["status"]),
            (&json!(id), &json!("accepted"))
        );
    }
    assert_eq!(double.requests(), 3);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_now_leaves_the_key_free() {
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
async fn an_error_of_the_service_leaves_the_key_free() {
    let options = ServerOptions::default().set("platform.sms.provider", "none");
    let without_sender = options.start().await;
    let sent = body(&without_sender, "+61466043123");
    let refused = send_under(&without_sender, "k", &sent).await;
    refused.expect_problem(503, "sms_not_configured");
    let replica = without_sender.replica(ServerOptions::default()).await;
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
async fn a_repeated_answer_holds_neither_code_nor_recipient() {
    let server = TestServer::start().await;
    server.set_policy(json!({ "digits": 10 })).await;
    let sent = body(&server, "+61466043123");
    send_under(&server, "k", &sent).await.expect(201);
    let code = server.last_code();
    let again = send_under(&server, "k", &sent).await;
    assert!(!again.body.contains(&code) && !again.body.contains("466043123"));
    server.stop().await;
}
