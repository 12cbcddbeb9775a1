//! A message that this release cannot read, seen from outside.

use std::time::Duration;

use serde_json::Value;

use super::{is_queued, throttled};
use crate::support::carriers::{events, message, message_id, message_when, number, platform};
use crate::support::kinde_double::KindeDouble;

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_read_waits_for_who_can_while_a_whole_batch_beside_it_is_sent() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde)
        .set("platform.sms.monthly_test_quota", 1_000)
        .start()
        .await;
    let mut sent = Vec::new();
    for index in 0..70 {
        kinde.respond_with(throttled(None));
        let answer = server.send_sms(&number(index)).await;
        is_queued(&answer);
        sent.push(answer);
    }
    let purpose_of_first = async |purpose: &str| {
        let first = sent[0].json();
        let hex = first["id"].as_str().unwrap().trim_start_matches("ver_");
        let database = server.place.database();
        let quote = if database.is_postgres() { "" } else { "x" };
        let statement = format!("UPDATE verifications SET purpose = '{purpose}' WHERE id = {quote}'{hex}'");
        assert_eq!(database.run(statement).await.unwrap(), 1);
    };
    purpose_of_first("newer").await;
    server.clock.advance(Duration::from_secs(3));
    for answer in &sent[1..] {
        message_when(&server, &message_id(answer), "accepted").await;
    }
    let requests = kinde.requests();
    // Again and again, and past the time at which a lease counts as a dead process'.
    for _ in 0..4 {
        server.clock.advance(Duration::from_secs(20));
        server.drain().await;
    }
    let waiting = message(&server, &message_id(&sent[0])).await;
    assert_eq!(waiting["status"], "queued");
    assert_eq!(events(&waiting, "taken_over"), Vec::<Value>::new());
    assert_eq!(kinde.requests(), requests);
    purpose_of_first("sign_in").await;
    server.clock.advance(Duration::from_secs(20));
    let read = message_when(&server, &message_id(&sent[0]), "accepted").await;
    assert_eq!(events(&read, "taken_over"), Vec::<Value>::new());
    assert_eq!(kinde.requests(), requests + 1);
    server.stop().await;
}
