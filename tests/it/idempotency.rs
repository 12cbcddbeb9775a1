//! `Idempotency-Key`: what a repeat is answered, and when a key is free again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::http_double::Script;
use crate::support::kinde_double::{KindeDouble, TOKEN};
use crate::support::neighbours;
use crate::support::plain_http::Answer;
use crate::support::test_server::{TestServer, Wishes};

mod answers;
mod dead_process;

const PATH: &str = "/v1/otp/send";

fn body(server: &TestServer, to: &str) -> String {
    json!({ "connection_id": server.phone, "to": to }).to_string()
}

/// `POST /v1/otp/send` under an idempotency key.
async fn send_under(server: &TestServer, key: &str, body: &str) -> Answer {
    let header = format!("idempotency-key: {key}");
    server
        .request("POST", PATH, &server.application_key, &[&header], body)
        .await
}

/// A service whose platform sends through `double`.
fn through(double: &KindeDouble) -> Wishes {
    Wishes::default()
        .set("platform.sms.provider", "http")
        .set("platform.sms.url", double.url())
        .set("platform.sms.token", TOKEN)
}

#[track_caller]
fn are_the_same(first: &Answer, second: &Answer) {
    assert_eq!(first.status, second.status);
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(first.header("content-type"), second.header("content-type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_the_same_for_a_day_and_does_nothing() {
    let server = TestServer::start().await;
    let replica = server.replica(Wishes::default()).await;
    let sent = body(&server, "+61466043123");
    let first = send_under(&server, "\"order 1\"", &sent).await;
    let id = first.expect(201)["id"].as_str().unwrap().to_owned();
    assert!(first.header("location").ends_with(&id));
    let code = server.last_code();
    server.verify(&id, &code).await.expect(200);
    server.clock.advance(Duration::from_secs(86_399));
    // Quoted and bare are one key, and what has happened since changes nothing.
    are_the_same(&first, &send_under(&server, "order 1", &sent).await);
    are_the_same(&first, &send_under(&replica, "\"order 1\"", &sent).await);
    assert_eq!(server.messages().await.len(), 1);
    server.clock.advance(Duration::from_secs(1));
    let new = send_under(&server, "order 1", &sent).await.expect(201);
    assert_ne!(new["id"], id.as_str());
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_payload_or_operation_under_the_same_key_is_refused() {
    let server = TestServer::start().await;
    let first = send_under(&server, "k", &body(&server, "+61466043123"))
        .await
        .expect(201);
    let other = send_under(&server, "k", &body(&server, "+61466043124")).await;
    other.expect_problem(422, "idempotency_key_reused");
    let id = first["id"].as_str().unwrap();
    server.clock.advance(Duration::from_secs(30));
    let resend = json!({ "verification_id": id }).to_string();
    let key = &server.application_key;
    let answer = server
        .request("POST", "/v1/otp/resend", key, &["idempotency-key: k"], &resend)
        .await;
    answer.expect_problem(422, "idempotency_key_reused");
    assert_eq!(server.messages().await.len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_resend_sends_once() {
    let server = TestServer::start().await;
    let (id, _) = server.sent_code("+61466043123").await;
    server.clock.advance(Duration::from_secs(30));
    let resend = json!({ "verification_id": id }).to_string();
    let key = &server.application_key;
    let again = || server.request("POST", "/v1/otp/resend", key, &["idempotency-key: r"], &resend);
    let first = again().await;
    first.expect(200);
    are_the_same(&first, &again().await);
    assert_eq!(server.messages().await.len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_its_applications_own() {
    let server = TestServer::start().await;
    let sibling = neighbours::application(&server).await;
    let sent = body(&server, "+61466043123");
    let first = send_under(&server, "k", &sent).await.expect(201);
    let header = ["idempotency-key: k"];
    let second = server
        .request("POST", PATH, &sibling.key, &header, &sent)
        .await
        .expect(201);
    assert_ne!(first["id"], second["id"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_requests_with_one_key_one_is_carried_out() {
    let server = TestServer::start().await;
    let replica = server.replica(Wishes::default()).await;
    let sent = body(&server, "+61466043123");
    let answers = futures_util::future::join_all((0..30).map(|n| {
        let server = if n % 2 == 0 { &server } else { &replica };
        send_under(server, "k", &sent)
    }))
    .await;
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!made.is_empty());
    for answer in &answers {
        if answer.status == 201 {
            are_the_same(made[0], answer);
        } else {
            answer.expect_problem(409, "request_in_progress");
            assert_eq!(answer.header("retry-after"), "1");
        }
    }
    assert_eq!(server.messages().await.len(), 1);
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_first_request_runs_a_repeat_is_told_so() {
    let double = KindeDouble::start().await;
    double.respond_with(Script::Delay(Duration::from_millis(700)));
    let server = through(&double).start().await;
    let sent = body(&server, "+61466043123");
    let first = send_under(&server, "k", &sent);
    let repeat = async {
        while double.requests() == 0 {
            tokio::task::yield_now().await;
        }
        send_under(&server, "k", &sent).await
    };
    let (first, repeat) = tokio::join!(first, repeat);
    repeat.expect_problem(409, "request_in_progress");
    assert_eq!(repeat.header("retry-after"), "1");
    assert_eq!(first.expect(201)["message"]["status"], "accepted");
    are_the_same(&first, &send_under(&server, "k", &sent).await);
    assert_eq!(double.requests(), 1);
    server.stop().await;
}
