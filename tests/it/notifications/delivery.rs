//! On the way: the wait, retries, refusals, the end of a notification's life, repeats, and what a crash leaves.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Connection as _;

use super::{acme, notify, notify_with, platform, read, statuses};
use crate::support::carriers::{events, message, message_when};
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_does_not_wait_finds_it_queued_and_then_accepted() {
    let smtp = SmtpServer::start(Behaviour::plain());
    let server = acme(platform(&smtp)).await;
    let two = json!({ "to": ["ada@example.com", "bob@example.com"] });
    let sent = notify_with(&server, &["prefer: respond-async"], &two)
        .await
        .expect(201);
    assert_eq!(statuses(&sent), ["queued", "queued"]);
    assert_eq!(sent["outcome"], "sent");
    until("both are accepted", async || {
        statuses(&read(&server, &sent["id"]).await.json()) == ["accepted", "accepted"]
    })
    .await;
    assert_eq!(smtp.mails().len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_defers_is_the_same_mail_later() {
    let smtp = SmtpServer::start(Behaviour::plain().once(Step::EndOfData, Act::reply("451 4.3.0 later")));
    let server = acme(platform(&smtp)).await;
    let sent = notify(&server, &json!({ "data": { "inviter_name": "Ada" } }))
        .await
        .expect(201);
    assert_eq!(statuses(&sent), ["queued"]);
    let id = sent["messages"][0]["id"].as_str().unwrap();
    assert_eq!(events(&message(&server, id).await, "retry_scheduled").len(), 1);
    server.clock.advance(Duration::from_secs(3));
    message_when(&server, id, "accepted").await;
    let [first, second] = &smtp.contents()[..] else {
        panic!("two tries")
    };
    assert_eq!(first, second, "a retry is the same mail, byte for byte");
    assert_eq!(statuses(&read(&server, &sent["id"]).await.json()), ["accepted"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_address_shows_in_its_message_alone() {
    let refuse = Act::reply("550 5.1.1 no such user");
    let smtp = SmtpServer::start(Behaviour::plain().once(Step::Rcpt, refuse.clone()));
    let server = acme(platform(&smtp)).await;
    let two = json!({ "to": ["ada@example.com", "bob@example.com"] });
    let sent = notify(&server, &two).await.expect(201);
    let mut seen = statuses(&sent);
    seen.sort_unstable();
    assert_eq!(seen, ["accepted", "failed"]);
    let messages = sent["messages"].as_array().unwrap();
    let failed = messages
        .iter()
        .find(|message| message["status"] == "failed")
        .unwrap();
    assert_eq!(failed["error"]["code"], "recipient_rejected");
    assert_eq!(failed["provider"], Value::Null);
    assert_eq!(read(&server, &sent["id"]).await.expect(200), sent);

    // Where all of them are refused, it is still made: there is nothing to send again.
    smtp.behave(|_| Behaviour::plain().always(Step::Rcpt, refuse));
    let all = notify(&server, &two).await.expect(201);
    assert_eq!(
        (statuses(&all), &all["outcome"]),
        (vec!["failed", "failed"], &json!("sent"))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_takes_for_a_day_expires() {
    let smtp = SmtpServer::start(Behaviour::plain().always(Step::Rcpt, Act::reply("451 4.3.0 later")));
    let server = acme(platform(&smtp)).await;
    let sent = notify(&server, &json!({})).await.expect(201);
    let id = sent["messages"][0]["id"].as_str().unwrap();
    server.clock.advance(Duration::from_mins(24 * 60 - 1));
    until("another try", async || {
        events(&message(&server, id).await, "attempt").len() == 2
    })
    .await;
    assert_eq!(message(&server, id).await["status"], "queued");
    server.clock.advance(Duration::from_hours(1));
    let expired = message_when(&server, id, "expired").await;
    assert_eq!(events(&expired, "expired").len(), 1);
    assert_eq!(events(&expired, "attempt").len(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_platform_sender_nothing_is_made_of_what_would_be_sent() {
    let server = acme(ServerOptions::default().set("platform.email.provider", "none")).await;
    let smtp = SmtpServer::start(Behaviour::plain());
    let refused = notify_with(&server, &["idempotency-key: k"], &json!({})).await;
    refused.expect_problem(503, "service_unavailable");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(server.messages().await, Vec::<Value>::new());
    notify(&server, &json!({ "source": "api" })).await.expect(201);
    // The key is free again, for when there is one.
    let replica = server.replica(platform(&smtp)).await;
    notify_with(&replica, &["idempotency-key: k"], &json!({}))
        .await
        .expect(201);
    assert_eq!(smtp.mails().len(), 1);
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_the_same_and_does_nothing() {
    let server = acme(ServerOptions::default()).await;
    let key = ["idempotency-key: \"invite-1\""];
    let (sent, suppressed) = (json!({ "locale": "de" }), json!({ "source": "import" }));
    let first = notify_with(&server, &key, &sent).await;
    first.expect(201);
    let again = notify_with(&server, &key, &sent).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("location"), first.header("location"));
    assert!(!first.header("location").is_empty());
    assert_eq!(server.messages().await.len(), 1);
    notify_with(&server, &key, &suppressed)
        .await
        .expect_problem(422, "idempotency_key_reused");
    let other = ["idempotency-key: \"invite-2\""];
    let first = notify_with(&server, &other, &suppressed).await.expect(201);
    assert_eq!(notify_with(&server, &other, &suppressed).await.expect(201), first);
    // It is answered as it stands, also where the settings have nothing but refusals for it by now.
    let business = json!({ "business_name": "Acme", "business_url": "https://acme.example.org" });
    let linked = json!({ "data": { "action_url": "https://acme.example.com/join" } });
    let third = ["idempotency-key: invite-3"];
    let first = notify_with(&server, &third, &linked).await.expect(201);
    server.set_environment(business).await;
    let without_sender = server
        .replica(ServerOptions::default().set("platform.email.provider", "none"))
        .await;
    for server in [&server, &without_sender] {
        assert_eq!(notify_with(server, &third, &linked).await.expect(201), first);
        notify_with(server, &third, &json!({}))
            .await
            .expect_problem(422, "idempotency_key_reused");
    }
    without_sender.stop().await;
    let bad = notify_with(&server, &["idempotency-key: "], &sent).await;
    bad.expect_problem(400, "invalid_idempotency_key");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_after_a_process_has_died_finds_what_was_made_and_another_process_sends_it_once() {
    let smtp = SmtpServer::start(Behaviour::plain().once(Step::EndOfData, Act::Hang));
    let first = acme(platform(&smtp)).await;
    let second = first.replica(platform(&smtp)).await;
    let key = ["idempotency-key: k"];
    let changes = json!({ "data": { "action_url": "https://acme.example.com/join" } });
    {
        let request = notify_with(&first, &key, &changes);
        let arrival = until("the first try", async || smtp.contents().len() == 1);
        tokio::select! {
            answer = request => panic!("answered {answer:?}"),
            () = arrival => {}
        }
    }
    first.crash();
    let found = notify_with(&second, &key, &changes).await.expect(201);
    assert_eq!(statuses(&found), ["queued"]);
    second.clock.advance(Duration::from_secs(21));
    let made = second.messages().await;
    let id = made[0]["id"].as_str().unwrap();
    let taken = message_when(&second, id, "accepted").await;
    assert_eq!(
        events(&taken, "taken_over"),
        [json!({ "possible_duplicate": true })]
    );
    let found = notify_with(&second, &key, &changes).await.expect(201);
    assert_eq!(found["id"], made[0]["notification_id"]);
    assert_eq!(
        (found["messages"][0]["id"].as_str(), statuses(&found)),
        (Some(id), vec!["accepted"])
    );
    assert_eq!((second.messages().await.len(), smtp.mails().len()), (1, 1));
    let [before, after] = &smtp.contents()[..] else {
        panic!("two tries")
    };
    assert_eq!(before, after);
    second.stop().await;
}

/// What is kept of what notifications say, read behind the service's back.
async fn kept_data(server: &TestServer) -> Vec<Option<Vec<u8>>> {
    let (url, statement) = (
        server.place.database().url(),
        "SELECT sealed_data FROM notifications ORDER BY id",
    );
    if url.starts_with("postgres") {
        let mut database = sqlx::PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar(statement)
            .fetch_all(&mut database)
            .await
            .unwrap()
    } else {
        let mut database = sqlx::SqliteConnection::connect(url).await.unwrap();
        sqlx::query_scalar(statement)
            .fetch_all(&mut database)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_says_is_kept_sealed_and_for_a_day() {
    let server = acme(ServerOptions::default()).await;
    let data = json!({ "action_url": "https://acme.example.com/join/token-4711" });
    for source in ["manual", "api"] {
        notify(&server, &json!({ "source": source, "data": data }))
            .await
            .expect(201);
    }
    let kept = kept_data(&server).await;
    assert_eq!(kept.len(), 2);
    for sealed in kept {
        let sealed = sealed.unwrap();
        assert!(sealed.len() > 45 && !sealed.windows(5).any(|bytes| bytes == b"token"));
    }
    server.clock.advance(Duration::from_hours(24));
    let now = server.services.clock.now().unwrap();
    server
        .services
        .store
        .wipe_expired_notifications(now, 10)
        .await
        .unwrap();
    assert_eq!(kept_data(&server).await, [None, None]);
    server.stop().await;
}
