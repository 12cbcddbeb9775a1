//! Which keys go, and which stay.

use std::sync::Arc;
use std::time::Duration;

use otpost::app;
use otpost::domain::keyring::GenerationId;
use otpost::domain::time::{Clock as _, SystemClock};
use serde_json::json;

use super::HOUR;
use crate::support::carriers::{AUTH_TOKEN, number, own_twilio, save_sms};
use crate::support::test_server::{ServerOptions, TestServer};

fn generations(ids: &[i32]) -> Vec<GenerationId> {
    ids.iter().map(|id| GenerationId::new(*id).unwrap()).collect()
}

/// What `otpost keys prune` drops.
async fn pruned(server: &TestServer) -> Vec<GenerationId> {
    let pruned = server.place.prune_keys().await;
    let kept: Vec<_> = pruned
        .plan
        .kept
        .iter()
        .map(|(id, reason)| format!("{id}: {reason}"))
        .collect();
    assert_eq!(
        pruned.backup.is_some(),
        !pruned.plan.dropped.is_empty(),
        "{kept:?}"
    );
    pruned.plan.dropped.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_when_nothing_stored_needs_them_and_only_then() {
    let server = TestServer::start().await;
    let (pending, code) = server.sent_code(&number(1)).await;
    assert_eq!(pruned(&server).await, []);
    // In use for an hour already, so that only what is stored keeps the old ones.
    server.place.rotate_keys_in_the_past(2 * HOUR);
    let rotated = server.replica(ServerOptions::default()).await;
    assert_eq!(pruned(&server).await, [], "a code is pending");
    rotated.verify(&pending, &code).await.expect(200);
    assert_eq!(pruned(&server).await, [], "its recipient is kept");
    let later = server.clock.now() + Duration::from_secs(1);
    while server
        .place
        .database()
        .remove_old(later, later, 100)
        .await
        .unwrap()
        > 0
    {}
    assert_eq!(pruned(&server).await, generations(&[1]));
    assert_eq!(pruned(&server).await, []);
    let after = server.replica(ServerOptions::default()).await;
    // A process that was left behind still writes under what has gone: refused, and not counted as wrong.
    let (late, code) = server.sent_code(&number(2)).await;
    after
        .verify(&late, &code)
        .await
        .expect_problem(503, "service_unavailable");
    assert_eq!(after.read(&late).await["attempts_left"], 5);
    for server in [after, rotated, server] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_secrets_are_sealed_anew_before_their_old_keys_go() {
    let server = TestServer::start().await;
    save_sms(&server, own_twilio(&json!({}))).await;
    server.place.rotate_keys_in_the_past(2 * HOUR);
    assert_eq!(pruned(&server).await, generations(&[1]));
    let after = server.replica(ServerOptions::default()).await;
    let snapshot = after.services.directory.current();
    let account = snapshot
        .environments()
        .next()
        .unwrap()
        .sms
        .row
        .twilio
        .clone()
        .unwrap();
    assert_eq!(account.auth_token.unwrap().expose(), AUTH_TOKEN);
    for server in [after, server] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_replaced_lately_stay_and_so_do_those_to_come() {
    let server = TestServer::start().await;
    server.place.rotate_keys(Duration::ZERO);
    server.place.rotate_keys(HOUR);
    let pruning = server.place.prune_keys().await;
    assert!(pruning.plan.dropped.is_empty());
    let kept: Vec<_> = pruning.plan.kept.iter().map(|(id, _)| *id).collect();
    assert_eq!(kept, generations(&[3, 2, 1]));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_not_pruned_by_the_word_of_another_database() {
    let (server, other) = (TestServer::start().await, TestServer::start().await);
    server.place.rotate_keys_in_the_past(2 * HOUR);
    let config = server
        .place
        .configuration_with_database(other.place.database().url());
    let refused = app::prune_keys(&config, Arc::new(SystemClock))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(refused, app::StartError::KeysDoNotFit { .. }),
        "{refused}"
    );
    for server in [other, server] {
        server.stop().await;
    }
}
