//! The recipient's wrong guesses of a day, over all verifications.

use std::time::Duration;

use serde_json::json;

use crate::support::plain_http::Answer;
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer, wrong};

const NUMBER: &str = "+61466043123";

/// Spends `count` wrong guesses of the recipient, on as many verifications as that takes.
async fn guess_wrong(server: &TestServer, count: usize) {
    let mut left = count;
    while left > 0 {
        let (id, code) = server.sent_code(NUMBER).await;
        for _ in 0..left.min(5) {
            let answer = server.verify(&id, &wrong(&code)).await;
            answer.expect_problem(422, "incorrect_code");
        }
        left = left.saturating_sub(5);
    }
}

fn is_locked(answer: &Answer, retry_after: u64) {
    let problem = answer.expect_problem(429, "too_many_attempts");
    assert_eq!(problem["scope"], "recipient");
    assert_eq!(answer.header("retry-after"), retry_after.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_wrong_guesses_lock_the_recipient_until_the_day_is_over() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let (older, its_code) = server.sent_code(NUMBER).await;
    guess_wrong(&server, 10).await;
    server.clock.advance(Duration::from_mins(3));
    guess_wrong(&server, 10).await;
    let left = 86_400 - 180;
    is_locked(&server.send_sms(NUMBER).await, left);
    is_locked(&replica.send_sms("+61 466 043 123").await, left);
    is_locked(&replica.verify(&older, &its_code).await, left);
    is_locked(&server.resend(&older).await, left);
    // Nobody else is.
    let (id, code) = server.sent_code("+61466043124").await;
    server.verify(&id, &code).await.expect(200);

    server.clock.advance(Duration::from_secs(left - 1));
    is_locked(&server.send_sms(NUMBER).await, 1);
    server.clock.advance(Duration::from_secs(1));
    let (id, code) = server.sent_code(NUMBER).await;
    server.verify(&id, &code).await.expect(200);
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_clears_the_wrong_guesses() {
    let server = TestServer::start().await;
    guess_wrong(&server, 19).await;
    let (id, code) = server.sent_code(NUMBER).await;
    server.verify(&id, &code).await.expect(200);
    guess_wrong(&server, 19).await;
    let (id, code) = server.sent_code(NUMBER).await;
    server.verify(&id, &code).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_wrong_guess_of_the_day_is_told_as_any_other() {
    let server = TestServer::start().await;
    server.set_policy(json!({ "recipient_guesses_per_day": 5 })).await;
    guess_wrong(&server, 4).await;
    let (id, code) = server.sent_code(NUMBER).await;
    let problem = server
        .verify(&id, &wrong(&code))
        .await
        .expect_problem(422, "incorrect_code");
    assert_eq!(problem["attempts_left"], 4);
    is_locked(&server.verify(&id, &code).await, 86_400);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_is_the_environments_and_not_the_applications() {
    let server = TestServer::start().await;
    let (sibling, stranger) = (
        tenants::application(&server).await,
        tenants::environment(&server).await,
    );
    server.set_policy(json!({ "recipient_guesses_per_day": 5 })).await;
    guess_wrong(&server, 5).await;
    let body = json!({ "connection_id": sibling.phone, "to": NUMBER }).to_string();
    let answer = server
        .request("POST", "/v1/otp/send", &sibling.key, &[], &body)
        .await;
    is_locked(&answer, 86_400);
    let body = json!({ "connection_id": stranger.phone, "to": NUMBER }).to_string();
    let answer = server
        .request("POST", "/v1/otp/send", &stranger.key, &[], &body)
        .await;
    answer.expect(201);
    server.stop().await;
}
