//! Messages whose code, words or settings a process cannot open: left as they are to those who can.

use std::time::Duration;

use serde_json::{Value, json};

use super::ahead;
use crate::support::carriers::{events, message, message_id, message_when, number, platform};
use crate::support::http_double::{Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};
use crate::support::test_server::{ServerOptions, TestServer};

/// What a message has come to, and what has happened to it but for when it is to be tried again.
fn standing(message: &Value) -> (Value, Vec<Value>) {
    let timeline = message["timeline"].as_array().unwrap().iter();
    let happened = timeline.filter(|entry| entry["event"] != "retry_scheduled");
    (message["status"].clone(), happened.cloned().collect())
}

/// Asks a server whose provider puts everything off for a message that can only be sent later.
async fn put_off(kinde: &KindeDouble, server: &TestServer) -> String {
    kinde.respond_with(Script::Reply(Reply::json(429, &json!({}))));
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(answer.json()["message"]["status"], "queued", "{}", answer.body);
    message_id(&answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_code_cannot_be_opened_is_left_to_those_who_can() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let ahead = ahead(&server, platform(&kinde)).await;
    let id = put_off(&kinde, &ahead).await;
    ahead.stop().await;
    let before = standing(&message(&server, &id).await);
    for _ in 0..10 {
        server.clock.advance(Duration::from_secs(5));
        server.drain().await;
    }
    assert_eq!(standing(&message(&server, &id).await), before);
    assert_eq!(kinde.requests(), 1);

    let back = server.replica(platform(&kinde)).await;
    server.stop().await;
    back.clock.advance(Duration::from_secs(5));
    let message = message_when(&back, &id, "accepted").await;
    assert_eq!(events(&message, "attempt").len(), 2);
    back.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_an_environment_out_of_service_is_left_to_others() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let id = put_off(&kinde, &server).await;
    let ahead = ahead(&server, platform(&kinde)).await;
    // A password for emails; text messages go the way they went.
    let email = json!({ "custom_sender": { "email": "auth@acme.example.com", "server": "smtp.acme.example.com",
        "port": 587, "username": "otpost", "password": "hunter2", "tls": "starttls" } });
    ahead
        .admin("PUT", "/environments/default/settings/email", email)
        .await
        .expect(200);
    server.services.directory.refresh().await.unwrap();
    let before = standing(&message(&ahead, &id).await);
    ahead.stop().await;
    for _ in 0..5 {
        server.clock.advance(Duration::from_secs(5));
        server.drain().await;
    }
    let back = server.replica(platform(&kinde)).await;
    assert_eq!(kinde.requests(), 1);
    assert_eq!(standing(&message(&back, &id).await), before);
    server.stop().await;
    back.clock.advance(Duration::from_secs(5));
    let message = message_when(&back, &id, "accepted").await;
    assert_eq!(events(&message, "attempt").len(), 2);
    back.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_that_cannot_be_opened_is_left_to_those_who_can() {
    let smtp = SmtpServer::start(Behaviour::plain().once(Step::EndOfData, Act::reply("451 4.3.0 later")));
    let mail = || {
        ServerOptions::default()
            .set("smtp.allow_plaintext", true)
            .set("platform.email.provider", "smtp")
            .set("platform.email.server", "127.0.0.1")
            .set("platform.email.port", smtp.account().port)
            .set("platform.email.tls", "none")
            .set("platform.email.from", "no-reply@platform.example")
    };
    let server = mail().start().await;
    let ahead = ahead(&server, mail()).await;
    let invitation = json!({ "event": "team_member.added", "source": "manual", "to": ["new@example.com"] });
    let sent = ahead.post("/v1/notifications", invitation).await.expect(201);
    let id = sent["messages"][0]["id"].as_str().unwrap();
    assert_eq!(sent["messages"][0]["status"], "queued");
    let before = standing(&message(&ahead, id).await);
    ahead.stop().await;
    for _ in 0..5 {
        server.clock.advance(Duration::from_secs(5));
        server.drain().await;
    }
    assert_eq!(standing(&message(&server, id).await), before);
    let back = server.replica(mail()).await;
    server.stop().await;
    back.clock.advance(Duration::from_secs(5));
    message_when(&back, id, "accepted").await;
    back.stop().await;
}
