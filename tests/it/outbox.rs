//! A message between its commit and its end: waiting, retries, crashes, replicas, and what a failure gives back.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::carriers::{events, message, message_id, message_when, number, platform, quota_used};
use crate::support::http_double::{Gate, Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::plain_http::Answer;
use crate::support::reserved_address::ReservedAddress;
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};
use crate::support::test_server::{ServerOptions, TestServer, code_in};
use crate::support::wait::until;

mod counters;
mod unreadable;

/// A refusal for now, with the seconds to wait.
fn throttled(retry_after: Option<&str>) -> Script {
    let reply = Reply::json(429, &json!({}));
    Script::Reply(match retry_after {
        Some(seconds) => reply.with_header("retry-after", seconds),
        None => reply,
    })
}

async fn send_async(server: &TestServer, to: &str) -> Answer {
    let body = json!({ "connection_id": server.phone, "to": to }).to_string();
    let prefer = ["prefer: respond-async"];
    let key = &server.application_key;
    server.request("POST", "/v1/otp/send", key, &prefer, &body).await
}

fn is_queued(answer: &Answer) {
    assert_eq!(answer.status, 201, "{}", answer.body);
    let message = &answer.json()["message"];
    assert_eq!(
        (&message["status"], &message["provider"]),
        (&json!("queued"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_waits_for_the_provider_no_longer_than_configured() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).set("send.wait_seconds", "0.2").start().await;
    let gate = Gate::default();
    kinde.respond_with(Script::Hold(gate.clone()));
    let began = Instant::now();
    let answer = server.send_sms(&number(1)).await;
    assert!(began.elapsed() >= Duration::from_millis(200));
    is_queued(&answer);
    gate.open();
    let message = message_when(&server, &message_id(&answer), "accepted").await;
    assert_eq!(message["provider"], "kinde");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn respond_async_answers_before_the_provider_does() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let gate = Gate::default();
    kinde.respond_with(Script::Hold(gate.clone()));
    let began = Instant::now();
    let answer = send_async(&server, &number(1)).await;
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "as long as others wait"
    );
    is_queued(&answer);
    gate.open();
    message_when(&server, &message_id(&answer), "accepted").await;
    assert_eq!(kinde.requests(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_message_is_tried_again_no_earlier_than_the_provider_asks() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    kinde.respond_with(throttled(Some("40")));
    let answer = server.send_sms(&number(1)).await;
    is_queued(&answer);
    server.clock.advance(Duration::from_secs(39));
    assert_eq!(server.drain().await, 0);
    assert_eq!(kinde.requests(), 1);
    server.clock.advance(Duration::from_secs(2));
    let message = message_when(&server, &message_id(&answer), "accepted").await;
    assert_eq!(events(&message, "attempt").len(), 2);
    let [first, second] = &kinde.messages()[..] else {
        panic!("two tries")
    };
    assert_eq!(first, second);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_provider_is_tried_until_the_code_dies_and_never_after() {
    let nobody = ReservedAddress::new();
    let server = ServerOptions::default()
        .set("platform.sms.provider", "http")
        .set("platform.sms.url", format!("http://{}/sms", nobody.get()))
        .set("platform.sms.token", "token")
        .start()
        .await;
    let answer = server.send_sms(&number(1)).await;
    is_queued(&answer);
    let id = message_id(&answer);
    let attempts = async || events(&message(&server, &id).await, "attempt").len();
    assert_eq!(attempts().await, 1);
    server.clock.advance(Duration::from_secs(3));
    until("a second try", async || attempts().await == 2).await;
    server.clock.advance(Duration::from_mins(10));
    let message = message_when(&server, &id, "expired").await;
    let tries = events(&message, "attempt");
    assert!(
        tries.iter().all(|attempt| attempt["outcome"] == "unreachable"),
        "{tries:?}"
    );
    assert_eq!(tries.len(), 2);
    assert_eq!(quota_used(&server).await, 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_longer_than_the_codes_life_ends_as_expired_without_another_try() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    kinde.respond_with(throttled(Some("3600")));
    let answer = server.send_sms(&number(1)).await;
    is_queued(&answer);
    server.clock.advance(Duration::from_secs(599));
    server.drain().await;
    assert_eq!(message(&server, &message_id(&answer)).await["status"], "queued");
    server.clock.advance(Duration::from_secs(2));
    message_when(&server, &message_id(&answer), "expired").await;
    assert_eq!(kinde.requests(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_that_is_deferred_is_tried_again_under_the_same_message_id() {
    let smtp = SmtpServer::start(Behaviour::plain().once(Step::EndOfData, Act::reply("451 4.3.0 later")));
    let server = ServerOptions::default()
        .set("smtp.allow_plaintext", true)
        .set("platform.email.provider", "smtp")
        .set("platform.email.server", "127.0.0.1")
        .set("platform.email.port", smtp.account().port)
        .set("platform.email.tls", "none")
        .start()
        .await;
    let answer = server.send_email("ada@example.com").await;
    is_queued(&answer);
    server.clock.advance(Duration::from_secs(3));
    message_when(&server, &message_id(&answer), "accepted").await;
    let [first, second] = &smtp.contents()[..] else {
        panic!("two tries")
    };
    assert_eq!(first, second, "a retry is the same mail, byte for byte");
    assert_eq!(smtp.mails().len(), 1);
    assert!(
        smtp.mails()[0]
            .raw_header("Message-ID")
            .unwrap()
            .contains(&message_id(&answer))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_ends_automatic_sending_but_never_the_users_resend() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    kinde.respond_with(Script::Reply(Reply::json(500, &json!({}))));
    let sent = server.send_sms(&number(1)).await.json();
    assert_eq!(sent["message"]["status"], "unknown");
    server.clock.advance(Duration::from_secs(31));
    assert_eq!(server.drain().await, 0);
    assert_eq!(kinde.requests(), 1);
    let again = server.resend(sent["id"].as_str().unwrap()).await;
    assert_eq!(
        (again.status, &again.json()["message"]["status"]),
        (200, &json!("accepted"))
    );
    let [first, second] = &kinde.messages()[..] else {
        panic!("two messages")
    };
    assert_eq!(first.body, second.body);
    assert_ne!(first.message_id, second.message_id);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_leaves_is_sent_by_another_process_after_the_lease_once_and_marked() {
    let kinde = KindeDouble::start().await;
    let first = platform(&kinde).start().await;
    kinde.respond_with(Script::Hang);
    let answer = send_async(&first, &number(1)).await;
    until("the first try", async || kinde.requests() == 1).await;
    let second = first.replica(platform(&kinde)).await;
    first.crash();
    second.clock.advance(Duration::from_secs(14));
    assert_eq!(second.drain().await, 0);
    second.clock.advance(Duration::from_secs(2));
    let message = message_when(&second, &message_id(&answer), "accepted").await;
    assert_eq!(
        events(&message, "taken_over"),
        [json!({ "possible_duplicate": true })]
    );
    let [before, after] = &kinde.messages()[..] else {
        panic!("two tries")
    };
    assert_eq!(before, after);
    let code = code_in(&after.body);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(second.verify(&id, &code).await.status, 200);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_marked_duplicate_is_all_that_crashes_may_cost() {
    let kinde = KindeDouble::start().await;
    let mut server = platform(&kinde).start().await;
    kinde.respond_with(Script::Hang);
    kinde.respond_with(Script::Hang);
    let answer = send_async(&server, &number(1)).await;
    for tries in 1..=2 {
        until("a try", async || kinde.requests() == tries).await;
        let next = server.replica(platform(&kinde)).await;
        std::mem::replace(&mut server, next).crash();
        server.clock.advance(Duration::from_secs(16));
    }
    let message = message_when(&server, &message_id(&answer), "unknown").await;
    assert_eq!(message["provider"], "kinde");
    assert_eq!((kinde.requests(), quota_used(&server).await), (2, 1));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_share_what_is_due_and_nothing_is_sent_twice() {
    const MESSAGES: usize = 200;
    let kinde = KindeDouble::start().await;
    let options = || platform(&kinde).set("platform.sms.monthly_test_quota", 1_000);
    let first = options().start().await;
    let second = first.replica(options()).await;
    for _ in 0..MESSAGES {
        kinde.respond_with(throttled(None));
    }
    let numbers: Vec<_> = (0..MESSAGES).map(number).collect();
    for some in numbers.chunks(50) {
        for answer in join_all(some.iter().map(|to| first.send_sms(to))).await {
            is_queued(&answer);
        }
    }
    assert_eq!(kinde.requests(), MESSAGES);
    first.clock.advance(Duration::from_secs(3));
    tokio::join!(first.drain(), second.drain());
    let left = async || {
        let path = "/environments/default/messages?status=queued";
        let page = first.admin("GET", path, Value::Null).await.json();
        page["data"].as_array().unwrap().len()
    };
    until("nothing is left", async || left().await == 0).await;
    let mut tries: HashMap<String, usize> = HashMap::new();
    for sent in kinde.messages() {
        *tries.entry(sent.message_id).or_default() += 1;
    }
    assert_eq!(tries.len(), MESSAGES);
    assert!(
        tries.values().all(|tries| *tries == 2),
        "a refused try and an accepted one each"
    );
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_verification_has_ended_is_not_sent() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let mut messages = Vec::new();
    for (index, end) in ["verify", "cancel"].into_iter().enumerate() {
        kinde.respond_with(throttled(None));
        let answer = server.send_sms(&number(index)).await;
        is_queued(&answer);
        messages.push(message_id(&answer));
        let mut body = json!({ "verification_id": answer.json()["id"] });
        if end == "verify" {
            body["code"] = code_in(&kinde.messages().pop().unwrap().body).into();
        }
        assert_eq!(server.post(&format!("/v1/otp/{end}"), body).await.status, 200);
    }
    server.clock.advance(Duration::from_secs(3));
    for id in messages {
        message_when(&server, &id, "expired").await;
    }
    assert_eq!((kinde.requests(), quota_used(&server).await), (2, 0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_send_leaves_a_verification_that_can_be_resent_at_once() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    for (index, (error, status, code)) in [
        ("recipient_rejected", 422, "recipient_rejected"),
        ("no route", 502, "delivery_failed"),
    ]
    .into_iter()
    .enumerate()
    {
        kinde.respond_with(Script::Reply(Reply::json(400, &json!({ "error": error }))));
        let failed = server.send_sms(&number(index)).await;
        assert_eq!((failed.status, &failed.json()["code"]), (status, &json!(code)));
        let (problem, id) = (
            failed.json(),
            failed.json()["verification_id"].as_str().unwrap().to_owned(),
        );
        let read = server.get(&format!("/v1/otp/{id}")).await.json();
        assert_eq!(
            (&read["status"], &read["message"]["status"]),
            (&json!("pending"), &json!("failed"))
        );
        assert_eq!(read["message"]["id"], problem["message_id"]);
        assert_eq!(read["message"]["error"]["code"], code);
        let again = server.resend(&id).await;
        assert_eq!(
            (again.status, &again.json()["message"]["status"]),
            (200, &json!("accepted"))
        );
        assert_eq!(
            again.json()["resends_left"],
            3,
            "a resend is counted, the failed send before it too"
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_send_gives_back_the_recipients_place_but_not_the_addresss() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let policy = json!({ "sends_per_hour": 1, "ip_sends_per_hour": 2 });
    let saved = server
        .admin("PATCH", "/environments/default/settings/otp", policy)
        .await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    let body = json!({ "connection_id": server.phone, "to": number(1), "client_ip": "192.0.2.7" });
    for expected in [502, 502, 429] {
        kinde.respond_with(Script::Reply(Reply::json(400, &json!({ "error": "no route" }))));
        let answer = server.post("/v1/otp/send", body.clone()).await;
        assert_eq!(answer.status, expected, "{}", answer.body);
    }
    assert_eq!(kinde.requests(), 2);
    server.stop().await;
}
