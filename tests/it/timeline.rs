//! The timeline of a message answers why a user did not get a code, and shows no code and no recipient.

use std::time::Duration;

use serde_json::json;

use crate::support::carriers::{
    both, events, message, message_id, message_when, number, own_twilio, platform, save_sms,
};
use crate::support::http_double::{Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::test_server::{code_in, wrong};
use crate::support::twilio_double::TwilioDouble;

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_the_decision_every_attempt_every_guess_and_the_end() {
    let (kinde, twilio) = (KindeDouble::start().await, TwilioDouble::start().await);
    let server = both(&kinde, &twilio).start().await;
    save_sms(&server, own_twilio(&json!({ "fallback": true }))).await;
    let refused = format!("The number {} cannot be reached from here", number(1));
    twilio.refuse_with(400, 21606, &refused);
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let (id, code) = (
        answer.json()["id"].as_str().unwrap().to_owned(),
        code_in(&kinde.messages()[0].body),
    );
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(server.verify(&id, &wrong(&code)).await.status, 422);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(server.verify(&id, &code).await.status, 200);

    let message = message(&server, &message_id(&answer)).await;
    let names: Vec<_> = message["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["created", "attempt", "attempt", "guess", "guess", "verified"]
    );
    assert_eq!(
        events(&message, "created"),
        [json!({ "route": ["own", "fallback"], "reason": "own_sender" })]
    );
    let attempts = events(&message, "attempt");
    assert_eq!(
        (
            &attempts[0]["provider"],
            &attempts[0]["outcome"],
            &attempts[0]["provider_code"]
        ),
        (&json!("twilio"), &json!("sender_misconfigured"), &json!("21606"))
    );
    assert!(
        attempts[0]["detail"]
            .as_str()
            .unwrap()
            .contains("cannot be reached")
    );
    assert_eq!(
        (
            &attempts[1]["provider"],
            &attempts[1]["outcome"],
            &attempts[1]["provider_message_id"]
        ),
        (&json!("kinde"), &json!("accepted"), &json!("platform-1"))
    );
    let guesses = events(&message, "guess");
    assert_eq!(
        guesses,
        [
            json!({ "number": 1, "correct": false }),
            json!({ "number": 2, "correct": true })
        ]
    );
    let all = message.to_string();
    assert!(!all.contains(&number(1)[1..]), "{all}");
    assert!(
        attempts
            .iter()
            .all(|attempt| !attempt["detail"].to_string().contains(&code))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_when_the_next_try_is_due_and_forgets_it_afterwards() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let throttled = Reply::json(429, &json!({})).with_header("retry-after", "20");
    kinde.respond_with(Script::Reply(throttled));
    let answer = server.send_sms(&number(1)).await;
    let id = message_id(&answer);
    let waiting = message(&server, &id).await;
    let scheduled = events(&waiting, "retry_scheduled");
    let due_at = scheduled[0]["not_before"].as_str().unwrap();
    assert!(due_at > waiting["created_at"].as_str().unwrap(), "{waiting}");
    assert_eq!(events(&waiting, "attempt")[0]["outcome"], "throttled");
    server.clock.advance(Duration::from_secs(23));
    let sent = message_when(&server, &id, "accepted").await;
    assert_eq!(events(&sent, "retry_scheduled"), Vec::<serde_json::Value>::new());
    assert_eq!(
        events(&sent, "created"),
        [json!({ "route": ["platform"], "reason": "no_own_sender" })]
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_that_nobody_knows_and_that_a_message_was_canceled() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    kinde.respond_with(Script::Reset);
    let answer = server.send_sms(&number(1)).await;
    let body = json!({ "verification_id": answer.json()["id"] });
    assert_eq!(server.post("/v1/otp/cancel", body).await.status, 200);
    let message = message(&server, &message_id(&answer)).await;
    assert_eq!(events(&message, "attempt")[0]["outcome"], "unknown");
    assert_eq!(events(&message, "canceled").len(), 1);
    assert_eq!(events(&message, "expired").len(), 0);
    server.stop().await;
}
