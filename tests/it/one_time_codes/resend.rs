//! The same code again: when, how often, and what stays as it was.

use std::time::Duration;

use otpost::domain::time::Clock as _;
use serde_json::json;

use crate::support::test_server::{ServerOptions, TestServer, wrong};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_code_goes_out_after_30_60_120_and_300_seconds_and_then_no_more() {
    let server = TestServer::start().await;
    let sent = server.send_sms("+61466043123").await.expect(201);
    let (id, code) = (sent["id"].as_str().unwrap(), server.last_code());
    server
        .verify(id, &wrong(&code))
        .await
        .expect_problem(422, "incorrect_code");
    let mut last_message = sent["message"]["id"].clone();
    for (number, wait) in [30, 60, 120, 300].into_iter().enumerate() {
        server.clock.advance(Duration::from_secs(wait - 1));
        let early = server.resend(id).await;
        early.expect_problem(429, "resend_requested_too_soon");
        assert_eq!(early.header("retry-after"), "1");
        server.clock.advance(Duration::from_secs(1));
        let again = server.resend(id).await.expect(200);
        assert_eq!(server.last_code(), code);
        assert_ne!(again["message"]["id"], last_message);
        assert_eq!(again["message"]["status"], "accepted");
        last_message = again["message"]["id"].clone();
        assert_eq!(again["resends_left"], 3 - number);
        assert_eq!(
            again["expires_at"], sent["expires_at"],
            "the life is not extended"
        );
        assert_eq!(again["attempts_left"], 4, "the guesses are not given back");
        if number < 3 {
            let next = [60, 120, 300][number];
            let resend_at = server.clock.now() + Duration::from_secs(next);
            assert_eq!(again["resend_at"], resend_at.to_string());
        }
    }
    let last = server.resend(id).await;
    last.expect_problem(429, "resend_limit_reached");
    assert!(!last.headers.contains_key("retry-after"));
    assert_eq!(server.messages().await.len(), 5);
    server.verify(id, &code).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_holds_on_every_replica() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let (id, _) = server.sent_code("+61466043123").await;
    let early = replica.resend(&id).await;
    early.expect_problem(429, "resend_requested_too_soon");
    assert_eq!(early.header("retry-after"), "30");
    server.clock.advance(Duration::from_secs(30));
    let answers = futures_util::future::join_all((0..20).map(|n| {
        let server = if n % 2 == 0 { &server } else { &replica };
        server.resend(&id)
    }))
    .await;
    let resent = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(resent, 1);
    assert_eq!(server.messages().await.len(), 2);
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_not_sent_again() {
    let server = TestServer::start().await;
    let (verified, code) = server.sent_code("+61466043123").await;
    server.verify(&verified, &code).await.expect(200);
    let (canceled, _) = server.sent_code("+61466043123").await;
    server.cancel(&canceled).await.expect(200);
    let (expired, _) = server.sent_code("+61466043123").await;
    server.clock.advance(Duration::from_mins(10));
    server
        .resend(&verified)
        .await
        .expect_problem(409, "already_verified");
    server
        .resend(&canceled)
        .await
        .expect_problem(410, "verification_canceled");
    server.resend(&expired).await.expect_problem(410, "expired_code");
    assert_eq!(server.messages().await.len(), 3);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_counts_in_the_recipients_limit() {
    let server = TestServer::start().await;
    server.set_policy(json!({ "sends_per_hour": 2 })).await;
    let (id, _) = server.sent_code("+61466043123").await;
    server.clock.advance(Duration::from_secs(30));
    server.resend(&id).await.expect(200);
    server.clock.advance(Duration::from_mins(1));
    let third = server.resend(&id).await;
    third.expect_problem(429, "rate_limited");
    assert_eq!(third.header("ratelimit-policy"), "\"recipient\";q=2;w=3600");
    assert_eq!(third.header("ratelimit"), "\"recipient\";r=0;t=3510");
    assert_eq!(third.header("retry-after"), "3510");
    server
        .send_sms("+61466043123")
        .await
        .expect_problem(429, "rate_limited");
    assert_eq!(
        server.read(&id).await["resends_left"],
        3,
        "what was refused has cost nothing"
    );
    server.stop().await;
}
