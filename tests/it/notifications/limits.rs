//! Twenty notifications a day for each recipient of an environment, all or none of a request.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{acme, invitation, notify, platform};
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};

async fn fill(server: &TestServer, to: &str, count: usize) {
    for _ in 0..count {
        notify(server, &json!({ "to": [to] })).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twenty_first_of_a_day_is_limited_and_changes_nothing() {
    let server = acme(ServerOptions::default()).await;
    fill(&server, "ada@example.com", 1).await;
    server.clock.advance(Duration::from_hours(23));
    fill(&server, "Ada@example.com", 19).await;
    for _ in 0..2 {
        let answer = notify(&server, &json!({ "to": ["ada@example.com"] })).await;
        answer.expect_problem(429, "rate_limited");
        assert_eq!(
            answer.header("ratelimit-policy"),
            "\"notifications\";q=20;w=86400"
        );
        assert_eq!(answer.header("ratelimit"), "\"notifications\";r=0;t=3600");
        assert_eq!(answer.header("retry-after"), "3600");
    }
    assert_eq!(server.messages().await.len(), 20);
    // Codes are counted apart, and so is everybody else.
    server.send_email("ada@example.com").await.expect(201);
    fill(&server, "bob@example.com", 1).await;
    // The window began with the first one.
    server.clock.advance(Duration::from_hours(1));
    fill(&server, "ada@example.com", 20).await;
    notify(&server, &json!({ "to": ["ada@example.com"] }))
        .await
        .expect_problem(429, "rate_limited");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_recipients_all_are_sent_to_or_none() {
    let server = acme(ServerOptions::default()).await;
    fill(&server, "ada@example.com", 20).await;
    let all = json!({ "to": ["bob@example.com", "ada@example.com", "cyd@example.com"] });
    for _ in 0..3 {
        notify(&server, &all).await.expect_problem(429, "rate_limited");
    }
    assert_eq!(server.messages().await.len(), 20);
    // None of the refused ones was counted for Bob.
    fill(&server, "bob@example.com", 20).await;
    notify(&server, &json!({ "to": ["bob@example.com"] }))
        .await
        .expect_problem(429, "rate_limited");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_suppressed_takes_no_place() {
    let server = acme(ServerOptions::default()).await;
    for _ in 0..25 {
        notify(&server, &json!({ "source": "api" })).await.expect(201);
    }
    fill(&server, "new@example.com", 20).await;
    notify(&server, &json!({}))
        .await
        .expect_problem(429, "rate_limited");
    notify(&server, &json!({ "event": "user.added" }))
        .await
        .expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_definitely_failed_gives_its_place_back() {
    let refuse = Act::reply("550 5.1.1 no such user");
    let smtp = SmtpServer::start(Behaviour::plain().always(Step::Rcpt, refuse));
    let server = acme(platform(&smtp)).await;
    for _ in 0..25 {
        let failed = notify(&server, &json!({})).await.expect(201);
        assert_eq!(failed["messages"][0]["status"], "failed");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_environment_counts_for_itself() {
    let server = acme(ServerOptions::default()).await;
    let stranger = tenants::environment(&server).await;
    fill(&server, "new@example.com", 20).await;
    notify(&server, &json!({}))
        .await
        .expect_problem(429, "rate_limited");
    let body = invitation(&json!({})).to_string();
    let answer = server
        .request("POST", super::PATH, &stranger.key, &[], &body)
        .await;
    answer.expect(201);
    // Another application of the same environment does not.
    let sister = tenants::application(&server).await;
    let answer = server.request("POST", super::PATH, &sister.key, &[], &body).await;
    answer.expect_problem(429, "rate_limited");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_forty_at_once_from_two_replicas_twenty_are_sent() {
    let server = acme(ServerOptions::default()).await;
    let replica = server.replica(ServerOptions::default()).await;
    let changes: Vec<Value> = (0..40)
        .map(|n| match n % 2 {
            0 => json!({ "to": ["ada@example.com", "bob@example.com"] }),
            _ => json!({ "to": ["bob@example.com", "ada@example.com"] }),
        })
        .collect();
    let asked = changes
        .iter()
        .enumerate()
        .map(|(n, changes)| notify(if n % 3 == 0 { &replica } else { &server }, changes));
    let answers = join_all(asked).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(429)), (20, 20));
    assert_eq!(server.messages().await.len(), 40);
    replica.stop().await;
    server.stop().await;
}
