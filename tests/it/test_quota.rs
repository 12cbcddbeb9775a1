//! The test quota of an environment without a sender of its own, and what counts towards it.

use std::time::Duration;

use futures_util::future::join_all;
use otpost::domain::time::Clock as _;
use serde_json::{Value, json};

use crate::support::carriers::{both, number, own_twilio, platform, quota_used, save_sms};
use crate::support::http_double::{Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::test_server::TestServer;
use crate::support::twilio_double::TwilioDouble;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_on_an_empty_quota_are_ten_sent_and_ninety_refused() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let numbers: Vec<_> = (0..100).map(number).collect();
    let answers = join_all(numbers.iter().map(|to| server.send_sms(to))).await;
    let (sent, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((sent.len(), refused.len()), (10, 90));
    let usage = server
        .admin("GET", "/environments/default/usage/sms", Value::Null)
        .await
        .json();
    assert_eq!((&usage["used"], &usage["limit"]), (&json!(10), &json!(10)));
    for answer in refused {
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["code"]),
            (429, &json!("sms_limit_reached"))
        );
        assert_eq!(
            (&problem["limit"], &problem["resets_at"]),
            (&json!(10), &usage["resets_at"])
        );
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=31 * 86_400).contains(&wait), "{wait}");
    }
    assert_eq!(kinde.messages().len(), 10);
    let made = server
        .admin("GET", "/environments/default/messages?limit=100", Value::Null)
        .await;
    assert_eq!(made.json()["data"].as_array().unwrap().len(), 10);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definite_refusal_gives_its_place_back_and_an_unknown_outcome_keeps_it() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde)
        .set("platform.sms.monthly_test_quota", 1)
        .start()
        .await;
    kinde.respond_with(Script::Reply(Reply::json(400, &json!({ "error": "no route" }))));
    assert_eq!(server.send_sms(&number(1)).await.status, 502);
    assert_eq!(quota_used(&server).await, 0);
    kinde.respond_with(Script::Reset);
    let answer = server.send_sms(&number(2)).await;
    assert_eq!(answer.json()["message"]["status"], "unknown");
    assert_eq!(quota_used(&server).await, 1);
    assert_eq!(server.send_sms(&number(3)).await.status, 429);
    assert_eq!(kinde.requests(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_month_brings_a_new_quota() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde)
        .set("platform.sms.monthly_test_quota", 1)
        .start()
        .await;
    assert_eq!(server.send_sms(&number(1)).await.status, 201);
    let refused = server.send_sms(&number(2)).await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    server.clock.advance(Duration::from_secs(wait - 2));
    assert_eq!(server.send_sms(&number(2)).await.status, 429);
    let now = server.clock.now();
    server.clock.advance(now.until(now.next_month_start()));
    assert_eq!(quota_used(&server).await, 0);
    assert_eq!(server.send_sms(&number(2)).await.status, 201);
    assert_eq!(server.send_sms(&number(3)).await.status, 429);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_takes_a_place_of_its_own() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde)
        .set("platform.sms.monthly_test_quota", 2)
        .start()
        .await;
    let sent = server.send_sms(&number(1)).await.json();
    let id = sent["id"].as_str().unwrap();
    server.clock.advance(Duration::from_secs(31));
    assert_eq!(server.resend(id).await.status, 200);
    assert_eq!(quota_used(&server).await, 2);
    server.clock.advance(Duration::from_secs(61));
    let refused = server.resend(id).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (429, &json!("sms_limit_reached"))
    );
    assert_eq!(kinde.requests(), 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_for_an_own_account_does_not_count() {
    let (kinde, twilio) = (KindeDouble::start().await, TwilioDouble::start().await);
    let options = both(&kinde, &twilio).set("platform.sms.monthly_test_quota", 0);
    let server = options.start().await;
    save_sms(&server, own_twilio(&json!({ "fallback": true }))).await;
    twilio.refuse_with(400, 21606, "refused");
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(answer.json()["message"]["fallback"], true, "{}", answer.body);
    assert_eq!(quota_used(&server).await, 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_console_sends_does_not_count() {
    let server = TestServer::start().await;
    for index in 0..12 {
        assert_eq!(server.send_sms(&number(index)).await.status, 201);
    }
    assert_eq!(quota_used(&server).await, 0);
    server.stop().await;
}
