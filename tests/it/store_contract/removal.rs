//! What a removal takes at once, and what goes after it in batches, with what is made for it meanwhile.

use otpost::domain::id::EnvironmentId;
use otpost::domain::random::OsRandom;
use otpost::domain::time::Timestamp;
use otpost::store::directory::{Kind, Step};
use otpost::store::message::MessageFilter;
use otpost::store::outbox::Queue;
use otpost::store::{REMOVAL_GRACE, SharedStore};

use super::directory::{audit, environment, some_environment, taken};
use super::fixture::{MINUTE, SECOND, World, in_parallel, ip_key, lease, now, quota};
use crate::support::tables::Tables;

/// A world with another environment beside its own, in which 25 users wait for their codes.
async fn crowded() -> World {
    let world = World::new().await;
    let steps = vec![
        environment(some_environment(), "default"),
        environment(world.environment, "crowded"),
    ];
    taken(&world, steps).await;
    for user in 0..25 {
        let mut new = world.verification(user, now());
        new.ip_key = Some(ip_key(user));
        new.message.quota = Some(quota(1_000));
        world.issue_as_is(new).await;
    }
    world
}

async fn remove(world: &World) {
    let id = world.environment;
    let removal = Step::Remove {
        kind: Kind::Environment,
        id: id.0,
        environment_id: Some(id),
    };
    taken(world, vec![removal, Step::Audit(audit(id))]).await;
}

/// Clears as long as there is something to look after; answers in how many batches.
async fn clear(store: &SharedStore, at: Timestamp) -> u32 {
    let mut batches = 0;
    while store.clear_removed(at, 10).await.unwrap() {
        batches += 1;
    }
    batches
}

async fn left(world: &World) -> Vec<String> {
    let mut tables = Tables::of(&world.database).await;
    let id = world.environment.to_string();
    let held = tables.holding("environment_id", &id).await;
    held.into_keys()
        .filter(|table| !["audit_entries", "records"].contains(&table.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_and_what_waits_go_at_once_and_the_rest_in_batches() {
    let world = crowded().await;
    assert_eq!(world.count_pending(world.environment, now()).await.unwrap(), 25);
    assert!(!world.clear_removed(now(), 10).await.unwrap());
    remove(&world).await;
    assert_eq!(world.count_pending(world.environment, now()).await.unwrap(), 0);
    let mut tables = Tables::of(&world.database).await;
    assert_eq!(tables.count("verifications", "sealed_code IS NOT NULL").await, 0);
    assert_eq!(
        tables
            .count("messages", "due_at IS NOT NULL OR lease_token IS NOT NULL")
            .await,
        0
    );
    let late = now() + MINUTE;
    for queue in Queue::ALL {
        let claimed = world.claim_due(queue, late, lease(late + MINUTE), 100).await;
        assert!(claimed.unwrap().is_empty());
    }
    assert_eq!(tables.count("verifications", "1 = 1").await, 25);
    assert_eq!(
        clear(&world, now()).await,
        4,
        "10, 10, 5, and a look that finds nothing"
    );
    assert_eq!(left(&world).await, Vec::<String>::new());
    assert_eq!(tables.count("verifications", "1 = 1").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_that_did_not_know_has_made_is_found_by_a_second_look() {
    let world = crowded().await;
    remove(&world).await;
    clear(&world, now()).await;
    let late = world.verification(1, now() + SECOND);
    world.issue_as_is(late).await;
    assert_eq!(
        clear(&world, now() + MINUTE).await,
        0,
        "nobody looks before it is time"
    );
    assert!(!left(&world).await.is_empty());
    let end = now() + REMOVAL_GRACE;
    assert_eq!(clear(&world, end).await, 2);
    assert_eq!(left(&world).await, Vec::<String>::new());
    let mut tables = Tables::of(&world.database).await;
    assert_eq!(tables.count("removals", "1 = 1").await, 0);
    assert_eq!(clear(&world, end + REMOVAL_GRACE).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_clear_at_once_leave_the_neighbours_alone() {
    let world = crowded().await;
    let neighbour = EnvironmentId::time_ordered(&OsRandom, now());
    let mut kept = world.verification(1, now());
    kept.environment_id = neighbour;
    world.issue_as_is(kept.clone()).await;
    remove(&world).await;
    in_parallel((0..8).map(|_| {
        let store = world.database.store();
        async move { clear(&store, now()).await }
    }))
    .await;
    // A process that found another one at work has gone on without waiting.
    clear(&world, now()).await;
    assert_eq!(left(&world).await, Vec::<String>::new());
    let stays = world.found(kept.id).await;
    assert_eq!(stays.sealed_recipient, kept.sealed_recipient);
    let listed = world
        .list_messages(neighbour, MessageFilter::default(), 10)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
}
