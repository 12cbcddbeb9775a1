//! How many guesses are compared, however many come at once and wherever.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::plain_http::Answer;
use crate::support::test_server::{ServerOptions, TestServer, wrong};

fn count(answers: &[Answer], code: &str) -> usize {
    answers
        .iter()
        .filter(|answer| answer.json()["code"] == code)
        .count()
}

/// Those that a database under load could not tell. They have proved nothing.
fn unanswered(answers: &[Answer]) -> usize {
    count(answers, "service_unavailable")
}

fn is_over_for_good(answer: &Answer) {
    let problem = answer.expect_problem(429, "too_many_attempts");
    assert_eq!(problem["scope"], "verification");
    assert!(!answer.headers.contains_key("retry-after"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_five_wrong_guesses_the_right_code_is_too_late() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    for left in [4, 3, 2, 1, 0] {
        let problem = server
            .verify(&id, &wrong(&code))
            .await
            .expect_problem(422, "incorrect_code");
        assert_eq!(problem["attempts_left"], left);
    }
    is_over_for_good(&server.verify(&id, &code).await);
    is_over_for_good(&server.resend(&id).await);
    let body = server.read(&id).await;
    assert_eq!(body["status"], "locked");
    assert_eq!(body["verified_at"], Value::Null);
    // The recipient is not locked out: a new verification works.
    let (new, code) = server.sent_code("+61466043123").await;
    server.verify(&new, &code).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_parallel_wrong_guesses_on_two_replicas_five_are_compared() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let (id, code) = server.sent_code("+61466043123").await;
    let guess = wrong(&code);
    let answers = join_all((0..100).map(|n| {
        let server = if n % 2 == 0 { &server } else { &replica };
        server.verify(&id, &guess)
    }))
    .await;
    let (compared, late) = (
        count(&answers, "incorrect_code"),
        count(&answers, "too_many_attempts"),
    );
    assert!((1..=5).contains(&compared), "{compared} were compared");
    assert_eq!(compared + late + unanswered(&answers), 100);
    for answer in answers.iter().filter(|answer| answer.status == 429) {
        is_over_for_good(answer);
    }
    is_over_for_good(&replica.verify(&id, &code).await);
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_parallel_right_guesses_on_two_replicas_one_verifies() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let (id, code) = server.sent_code("+61466043123").await;
    let answers = join_all((0..100).map(|n| {
        let server = if n % 2 == 0 { &server } else { &replica };
        server.verify(&id, &code)
    }))
    .await;
    let verified = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(verified, 1);
    assert_eq!(count(&answers, "already_verified") + unanswered(&answers), 99);
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn right_codes_of_one_person_do_not_block_each_other() {
    let server = TestServer::start().await;
    let mut sent = Vec::new();
    for _ in 0..10 {
        sent.push(server.sent_code("+61466043123").await);
    }
    let answers = join_all(sent.iter().map(|(id, code)| server.verify(id, code))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_tells_every_guess_and_no_code() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    server
        .verify(&id, &wrong(&code))
        .await
        .expect_problem(422, "incorrect_code");
    server.verify(&id, &code).await.expect(200);
    let message = server.messages().await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/environments/default/messages/{message}");
    let body = server.admin("GET", &path, Value::Null).await.expect(200);
    let timeline = body["timeline"].as_array().unwrap();
    let guesses: Vec<&Value> = timeline
        .iter()
        .filter(|entry| entry["event"] == "guess")
        .map(|entry| &entry["details"])
        .collect();
    let expected = [
        json!({ "number": 1, "correct": false }),
        json!({ "number": 2, "correct": true }),
    ];
    assert_eq!(guesses, expected.iter().collect::<Vec<_>>());
    assert_eq!(timeline[0]["event"], "created");
    assert!(timeline.iter().any(|entry| entry["event"] == "attempt"));
    assert!(timeline.iter().any(|entry| entry["event"] == "verified"));
    server.stop().await;
}
