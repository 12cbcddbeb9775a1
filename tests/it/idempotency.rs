//! `Idempotency-Key`: what a request makes is bound to its key, and a repeat is answered from it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::http_double::Script;
use crate::support::kinde_double::{KindeDouble, TOKEN};
use crate::support::plain_http::Answer;
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer, wrong};

mod answers;
mod copies;
mod lost_commit;
mod panics;

const PATH: &str = "/v1/otp/send";

fn body(server: &TestServer, to: &str) -> String {
    json!({ "connection_id": server.phone, "to": to }).to_string()
}

/// `POST` under an idempotency key.
async fn post_under(server: &TestServer, path: &str, key: &str, body: &str) -> Answer {
    let header = format!("idempotency-key: {key}");
    server
        .request("POST", path, &server.application_key, &[&header], body)
        .await
}

/// `POST /v1/otp/send` under an idempotency key.
async fn send_under(server: &TestServer, key: &str, body: &str) -> Answer {
    post_under(server, PATH, key, body).await
}

/// A service whose platform sends through `double`.
fn through(double: &KindeDouble) -> ServerOptions {
    ServerOptions::default()
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
async fn a_repeat_makes_nothing_and_is_answered_from_what_the_first_made_as_it_stands_now() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let sent = body(&server, "+61466043123");
    let first = send_under(&server, "\"order 1\"", &sent).await;
    let id = first.expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(first.header("location"), format!("/v1/otp/{id}"));
    // Quoted and bare are one key.
    are_the_same(&first, &send_under(&server, "order 1", &sent).await);
    are_the_same(&first, &send_under(&replica, "\"order 1\"", &sent).await);
    let code = server.last_code();
    server.verify(&id, &code).await.expect(200);
    server.clock.advance(Duration::from_hours(48));
    for server in [&server, &replica] {
        let again = send_under(server, "order 1", &sent).await;
        assert_eq!(again.header("location"), first.header("location"));
        let again = again.expect(201);
        assert_eq!((&again["id"], &again["status"]), (&json!(id), &json!("verified")));
    }
    assert_eq!(server.messages().await.len(), 1);
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_under_the_same_key_is_refused_and_another_operation_has_keys_of_its_own() {
    let server = TestServer::start().await;
    let sent = body(&server, "+61466043123");
    let first = send_under(&server, "k", &sent).await.expect(201);
    for other in [
        body(&server, "+61466043124"),
        format!("{sent} "),
        body(&server, "1"),
    ] {
        let refused = send_under(&server, "k", &other).await;
        refused.expect_problem(422, "idempotency_key_reused");
    }
    assert_eq!(server.messages().await.len(), 1);
    let id = first["id"].as_str().unwrap();
    server.clock.advance(Duration::from_secs(30));
    let resend = json!({ "verification_id": id }).to_string();
    post_under(&server, "/v1/otp/resend", "k", &resend)
        .await
        .expect(200);
    let guess = json!({ "verification_id": id, "code": server.last_code() }).to_string();
    post_under(&server, "/v1/otp/verify", "k", &guess)
        .await
        .expect(200);
    assert_eq!(server.messages().await.len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_resend_sends_once() {
    let server = TestServer::start().await;
    let (id, _) = server.sent_code("+61466043123").await;
    server.clock.advance(Duration::from_secs(30));
    let resend = json!({ "verification_id": id }).to_string();
    let again = |key| post_under(&server, "/v1/otp/resend", key, &resend);
    let first = again("r").await;
    first.expect(200);
    are_the_same(&first, &again("r").await);
    again("s").await.expect_problem(429, "resend_requested_too_soon");
    let other = json!({ "verification_id": id }).to_string() + " ";
    let other = post_under(&server, "/v1/otp/resend", "r", &other).await;
    other.expect_problem(422, "idempotency_key_reused");
    assert_eq!(server.messages().await.len(), 2);
    // What has become of it since does not matter.
    server.cancel(&id).await.expect(200);
    assert_eq!(again("r").await.expect(200)["status"], "canceled");
    again("s").await.expect_problem(410, "verification_canceled");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guess_that_was_right_is_told_so_again_to_its_own_key_alone() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let (id, code) = server.sent_code("+61466043123").await;
    let guess = |code: &str| json!({ "verification_id": id, "code": code }).to_string();
    let right = guess(&code);
    let verify = |key| post_under(&server, "/v1/otp/verify", key, &right);
    let wrong = guess(&wrong(&code));
    // A wrong one binds nothing, and its repeat is another guess.
    for left in [4, 3] {
        let refused = post_under(&server, "/v1/otp/verify", "v", &wrong).await;
        let problem = refused.expect_problem(422, "incorrect_code");
        assert_eq!(problem["attempts_left"], left);
    }
    let first = verify("v").await;
    assert_eq!(first.expect(200)["status"], "verified");
    are_the_same(&first, &verify("v").await);
    let elsewhere = post_under(&replica, "/v1/otp/verify", "v", &right).await;
    are_the_same(&first, &elsewhere);
    server
        .verify(&id, &code)
        .await
        .expect_problem(409, "already_verified");
    verify("w").await.expect_problem(409, "already_verified");
    let other = post_under(&server, "/v1/otp/verify", "v", &wrong).await;
    other.expect_problem(422, "idempotency_key_reused");
    server.clock.advance(Duration::from_mins(10));
    verify("v").await.expect_problem(409, "already_verified");
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guess_at_another_applications_key_finds_nothing() {
    let server = TestServer::start().await;
    let sibling = tenants::application(&server).await;
    let sent = body(&server, "+61466043123");
    let first = send_under(&server, "k", &sent).await.expect(201);
    let header = ["idempotency-key: k"];
    let second = server
        .request("POST", PATH, &sibling.key, &header, &sent)
        .await
        .expect(201);
    assert_ne!(first["id"], second["id"]);
    let path = format!("/v1/otp/{}", first["id"].as_str().unwrap());
    let read = server.request("GET", &path, &sibling.key, &[], "").await;
    read.expect_problem(404, "verification_not_found");
    server.stop().await;
}
