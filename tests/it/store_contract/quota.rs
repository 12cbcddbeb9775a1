//! Monthly counters: the test quota, and what is reserved and released by itself.

use otpost::store::outbox::{MonthlyCounter, MonthlyLimit};
use otpost::store::verification::{Issue, SendRefusal};

use super::fixture::{World, accepted, count, failed, in_parallel, issue_in_parallel, now, quota};

fn fallback(limit: u32) -> MonthlyLimit {
    MonthlyLimit {
        counter: MonthlyCounter::Fallback,
        month: now().month_start(),
        limit,
    }
}

async fn used(world: &World, limit: MonthlyLimit) -> u32 {
    world
        .used(world.environment, limit.counter, limit.month)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_parallel_sends_on_a_quota_of_ten_exactly_ten_are_made() {
    let world = World::new().await;
    let all = (0..100).map(|user| {
        let mut new = world.verification(user, now());
        new.message.quota = Some(quota(10));
        new
    });
    let outcomes = issue_in_parallel(&world, all.collect()).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 10);
    let refused = Issue::Refused(SendRefusal::QuotaExhausted);
    assert_eq!(count(&outcomes, |outcome| *outcome == refused), 90);
    assert_eq!(used(&world, quota(10)).await, 10);
    assert_eq!(world.count_pending(world.environment, now()).await.unwrap(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_of_none_refuses_the_first_send() {
    let world = World::new().await;
    let mut new = world.verification(1, now());
    new.message.quota = Some(quota(0));
    assert_eq!(
        world.issue(new).await.unwrap(),
        Issue::Refused(SendRefusal::QuotaExhausted)
    );
    assert_eq!(used(&world, quota(0)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_gives_its_place_back_and_an_accepted_one_keeps_it() {
    let world = World::new().await;
    let mut messages = Vec::new();
    for user in 0..2 {
        let mut new = world.verification(user, now());
        new.message.quota = Some(quota(10));
        messages.push(world.issue_as_is(new).await.message.id);
    }
    world.settled(messages[0], failed()).await;
    assert_eq!(used(&world, quota(10)).await, 1);
    world.settled(messages[1], accepted()).await;
    assert_eq!(used(&world, quota(10)).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn places_reserved_in_parallel_never_exceed_the_limit() {
    let world = World::new().await;
    let reserved = in_parallel((0..50).map(|_| {
        let (store, environment) = (world.database.store(), world.environment);
        async move { store.reserve(environment, fallback(7)).await.unwrap() }
    }))
    .await;
    assert_eq!(count(&reserved, |reserved| *reserved), 7);
    assert_eq!(used(&world, fallback(7)).await, 7);
    assert_eq!(used(&world, quota(7)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_place_can_be_reserved_again_and_no_counter_falls_below_none() {
    let world = World::new().await;
    assert!(world.reserve(world.environment, fallback(1)).await.unwrap());
    assert!(!world.reserve(world.environment, fallback(1)).await.unwrap());
    for _ in 0..3 {
        world.release(world.environment, fallback(1)).await.unwrap();
    }
    assert_eq!(used(&world, fallback(1)).await, 0);
    assert!(world.reserve(world.environment, fallback(1)).await.unwrap());
    assert!(!world.reserve(world.environment, fallback(1)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_month_begins_at_none() {
    let world = World::new().await;
    let next = MonthlyLimit {
        month: now().next_month_start(),
        ..fallback(1)
    };
    assert!(world.reserve(world.environment, fallback(1)).await.unwrap());
    assert!(world.reserve(world.environment, next).await.unwrap());
    assert_eq!(used(&world, next).await, 1);
}
