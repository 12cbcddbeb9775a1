//! Taking messages from the outbox: each by exactly one process, and again when that one has died.

use std::collections::HashSet;

use otpost::domain::message::Channel;
use otpost::store::outbox::{Claimed, Lease, Outcome, Queue, Settled, StoredPayload};

use super::fixture::{MINUTE, SECOND, World, accepted, in_parallel, lease, now, quota};

const EMAIL: Queue = Queue::Code(Channel::Email);

async fn claim(world: &World, at: otpost::domain::time::Timestamp) -> (Lease, Vec<Claimed>) {
    let lease = lease(at + 15 * SECOND);
    let claimed = world.claim_due(EMAIL, at, lease, 100).await.unwrap();
    (lease, claimed)
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_workers_get_each_message_exactly_once() {
    let world = World::new().await;
    let mut made = HashSet::new();
    for user in 0..100 {
        made.insert(world.issued(user).await.message.id);
    }
    let due = now() + 15 * SECOND;
    let shares = in_parallel((0..8).map(|_| {
        let store = world.database.store();
        async move {
            let mut share = Vec::new();
            loop {
                let taken = store
                    .claim_due(EMAIL, due, lease(due + 15 * SECOND), 5)
                    .await
                    .unwrap();
                assert!(taken.len() <= 5);
                if taken.is_empty() {
                    return share;
                }
                share.extend(taken.into_iter().map(|claimed| claimed.message_id));
            }
        }
    }))
    .await;
    let taken: Vec<_> = shares.into_iter().flatten().collect();
    assert_eq!(taken.len(), 100);
    assert_eq!(taken.into_iter().collect::<HashSet<_>>(), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_its_makers_until_the_lease_ends() {
    let world = World::new().await;
    let mut new = world.verification(1, now());
    new.message.quota = Some(quota(10));
    let new = world.issue_as_is(new).await;
    let (_, early) = claim(&world, now() + 14 * SECOND).await;
    assert!(early.is_empty());
    let (held, taken) = claim(&world, now() + 15 * SECOND).await;
    let [claimed] = &taken[..] else {
        panic!("{taken:?}")
    };
    assert_eq!(claimed.message_id, new.message.id);
    let StoredPayload::Code(payload) = &claimed.payload else {
        panic!("{claimed:?}")
    };
    assert_eq!(**payload, world.found(new.id).await);
    assert_eq!(claimed.attempts, 0);
    assert!(claimed.possible_duplicate);
    assert!(!claimed.taken_over_before);
    assert!(claimed.holds_quota);
    // The former holder comes late, and is told.
    let late = world
        .settle(world.settlement(new.message.id, accepted()))
        .await
        .unwrap();
    assert_eq!(late, Settled::LeaseLost);
    let mut settlement = world.settlement(new.message.id, accepted());
    settlement.token = held.token;
    assert_eq!(world.settle(settlement).await.unwrap(), Settled::Recorded);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_due_messages_are_taken_first() {
    let world = World::new().await;
    let mut made = Vec::new();
    for age in [3, 1, 2] {
        let new = world.verification(1, now() - age * MINUTE);
        made.push(world.issue_as_is(new).await.message.id);
    }
    let taken = world
        .claim_due(EMAIL, now(), lease(now() + MINUTE), 2)
        .await
        .unwrap();
    let taken: Vec<_> = taken.iter().map(|claimed| claimed.message_id).collect();
    assert_eq!(taken, [made[0], made[2]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_anybodys_at_its_time_and_no_duplicate() {
    let world = World::new().await;
    let message = world.issued(1).await.message.id;
    world.settled(message, Outcome::RetryAt(now() + 5 * SECOND)).await;
    assert!(claim(&world, now() + 4 * SECOND).await.1.is_empty());
    let (_, taken) = claim(&world, now() + 5 * SECOND).await;
    assert_eq!((taken.len(), taken[0].attempts), (1, 1));
    assert!(!taken[0].possible_duplicate);
    assert!(!taken[0].holds_quota);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_sender_is_asked_under_the_same_lease() {
    let world = World::new().await;
    let message = world.issued(1).await.message.id;
    world
        .settled(
            message,
            Outcome::NextSender {
                lease_until: now() + MINUTE,
            },
        )
        .await;
    assert!(claim(&world, now() + 30 * SECOND).await.1.is_empty());
    world.settled(message, accepted()).await;
    assert!(claim(&world, now() + 2 * MINUTE).await.1.is_empty());
    let history = world
        .find_message(world.environment, message)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(history.attempts.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_taken_over_is_marked_with_the_first_time() {
    let world = World::new().await;
    let message = world.issued(1).await.message.id;
    let history = || async {
        let found = world.find_message(world.environment, message).await.unwrap();
        found.unwrap()
    };
    assert_eq!(history().await.taken_over_at, None);
    let (_, first) = claim(&world, now() + 20 * SECOND).await;
    assert!(first[0].possible_duplicate && !first[0].taken_over_before);
    let (_, second) = claim(&world, now() + 40 * SECOND).await;
    assert!(second[0].possible_duplicate && second[0].taken_over_before);
    assert_eq!(history().await.taken_over_at, Some(now() + 20 * SECOND));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_messages_of_the_channel_asked_for_are_taken() {
    let world = World::new().await;
    world.issued(1).await;
    let due = now() + 15 * SECOND;
    let texts = world
        .claim_due(Queue::Code(Channel::Sms), due, lease(due + MINUTE), 10)
        .await;
    assert!(texts.unwrap().is_empty());
    assert_eq!(claim(&world, due).await.1.len(), 1);
}
