//! The breaker of a sender's account, as callers and the wire see it.

use std::time::Duration;

use serde_json::json;

use crate::support::carriers::{both, message_id, message_when, number, own_twilio, save_sms};
use crate::support::http_double::{Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::test_server::TestServer;
use crate::support::twilio_double::{TwilioDouble, refusal};

async fn with_own_twilio(fallback: bool) -> (TestServer, KindeDouble, TwilioDouble) {
    let (kinde, twilio) = (KindeDouble::start().await, TwilioDouble::start().await);
    let server = both(&kinde, &twilio).start().await;
    save_sms(&server, own_twilio(&json!({ "fallback": fallback }))).await;
    (server, kinde, twilio)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_account_opens_it_and_saving_the_settings_closes_it() {
    let (server, kinde, twilio) = with_own_twilio(false).await;
    twilio.refuse_with(401, 20003, "Authenticate");
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (502, &json!("delivery_failed"))
    );
    let waiting = server.send_sms(&number(2)).await;
    assert_eq!(waiting.json()["message"]["status"], "queued", "{}", waiting.body);
    assert_eq!(twilio.requests().len(), 1);
    save_sms(&server, own_twilio(&json!({ "fallback": false }))).await;
    let answer = server.send_sms(&number(3)).await;
    assert_eq!(answer.json()["message"]["status"], "accepted", "{}", answer.body);
    // The open breaker asked for its pause.
    server.clock.advance(Duration::from_secs(16));
    message_when(&server, &message_id(&waiting), "accepted").await;
    assert_eq!((twilio.requests().len(), kinde.requests()), (3, 0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_faults_open_it_and_the_next_message_waits() {
    let (server, kinde, twilio) = with_own_twilio(false).await;
    for index in 0..5 {
        twilio.respond_with(if index % 2 == 0 {
            Script::Reset
        } else {
            Script::Reply(Reply::text(503, "text/html", "<h1>Unavailable</h1>"))
        });
        let answer = server.send_sms(&number(index)).await;
        assert_eq!(answer.json()["message"]["status"], "unknown", "{}", answer.body);
    }
    let answer = server.send_sms(&number(5)).await;
    assert_eq!(
        (answer.status, &answer.json()["message"]["status"]),
        (201, &json!("queued"))
    );
    assert_eq!((twilio.requests().len(), kinde.requests()), (5, 0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_an_open_one_the_fallback_carries() {
    let (server, kinde, twilio) = with_own_twilio(true).await;
    twilio.refuse_with(401, 20003, "Authenticate");
    for index in 0..3 {
        let message = &server.send_sms(&number(index)).await.json()["message"];
        assert_eq!(
            (&message["status"], &message["provider"], &message["fallback"]),
            (&json!("accepted"), &json!("kinde"), &json!(true))
        );
    }
    assert_eq!((twilio.requests().len(), kinde.requests()), (1, 3));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_for_now_and_of_recipients_never_open_it() {
    let (server, _kinde, twilio) = with_own_twilio(false).await;
    for index in 0..16 {
        let (status, code) = [(429, 20429), (400, 21211), (400, 21618), (400, 21610)][index % 4];
        twilio.respond_with(Script::Reply(refusal(status, code, "refused")));
        server.send_sms(&number(index)).await;
    }
    let answer = server.send_sms(&number(16)).await;
    assert_eq!(answer.json()["message"]["status"], "accepted", "{}", answer.body);
    assert_eq!(twilio.requests().len(), 17);
    server.stop().await;
}
