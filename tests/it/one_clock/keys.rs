//! What rests on the keys of a process whose clock is off.

use std::sync::Arc;
use std::time::Duration;

use otpost::app::StartError;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::HOUR;
use crate::support::carriers::{own_twilio, save_sms};
use crate::support::clocks::MachineClock;
use crate::support::test_server::{ServerOptions, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn no_keys_go_by_the_word_of_a_clock_that_is_off() {
    let server = TestServer::start().await;
    if !server.place.database().is_postgres() {
        // A file has no clock that a machine's could disagree with.
        return;
    }
    // Replaced so lately that a process may not have come to the new ones, and an hour later not any more.
    server.place.rotate_keys_in_the_past(Duration::from_mins(30));
    for ahead in [HOUR, -HOUR, 3] {
        let machine = Arc::new(MachineClock::default());
        machine.set_ahead(ahead);
        let refused = server.place.prune_keys_by(machine).await.err().unwrap();
        assert!(matches!(refused, StartError::ClockIsOff), "{ahead}: {refused}");
        assert_eq!(server.place.prune_keys().await.plan.kept.len(), 2, "{ahead}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_by_a_clock_that_is_off_remembers_its_keys_with_the_right_time() {
    let server = TestServer::start().await;
    for (generation, ahead) in [(2, HOUR), (3, -HOUR)] {
        server.place.rotate_keys(Duration::ZERO);
        let machine = Arc::new(MachineClock::default());
        machine.set_ahead(ahead);
        let off = server
            .replica(ServerOptions::default().on_a_machine(&machine))
            .await;
        if server.place.database().is_postgres() {
            let seen_now = format!(
                "UPDATE key_generations SET first_seen_at = first_seen_at
                 WHERE key_id = {generation} AND abs(extract(epoch FROM now() - first_seen_at)) < 600"
            );
            assert_eq!(server.place.database().run(seen_now).await.unwrap(), 1, "{ahead}");
        }
        off.stop().await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_sealed_anew_once_a_clock_that_was_off_at_the_start_agrees() {
    let server = TestServer::start().await;
    save_sms(&server, own_twilio(&json!({}))).await;
    server.place.rotate_keys_in_the_past(Duration::from_hours(2));
    let machine = Arc::new(MachineClock::default());
    machine.set_ahead(HOUR);
    let off = server
        .replica(ServerOptions::default().on_a_machine(&machine))
        .await;
    if server.place.database().is_postgres() {
        assert!(off.maintenance.round(&CancellationToken::new()).await.is_err());
        assert_eq!(off.resealed().await, 0);
    }
    machine.set_ahead(0);
    off.is_resealed().await;
    for server in [off, server] {
        server.stop().await;
    }
}
