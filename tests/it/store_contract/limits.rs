//! The limits of a recipient and of an end user's address: exact under parallel sends, and all or nothing.

use otpost::domain::limit;
use otpost::store::message::MessageFilter;
use otpost::store::verification::{Check, Issue, LimitName, NewVerification, SendLimits, SendRefusal};

use super::fixture::{
    DAY, HOUR, KEYS, MINUTE, SECOND, WIDE, WRONG, World, count, in_parallel, ip_key, issue_in_parallel, now,
    quota, recipient,
};

fn limited(mut new: NewVerification, limits: SendLimits) -> NewVerification {
    new.limits = limits;
    new
}

fn from_address(mut new: NewVerification, limits: SendLimits) -> NewVerification {
    new.ip_key = Some(ip_key(1));
    limited(new, limits)
}

fn throttled(limit: LimitName, resets_at: otpost::domain::time::Timestamp) -> Issue {
    Issue::Refused(SendRefusal::Throttled { limit, resets_at })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_an_hour_is_exact_under_parallel_sends() {
    let world = World::new().await;
    let limits = SendLimits { per_hour: 10, ..WIDE };
    let all = (0..50)
        .map(|_| limited(world.verification(1, now()), limits))
        .collect();
    let outcomes = issue_in_parallel(&world, all).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 10);
    let refused = throttled(LimitName::RecipientHour, now() + HOUR);
    assert_eq!(count(&outcomes, |outcome| *outcome == refused), 40);
    assert_eq!(world.count_pending(world.environment, now()).await.unwrap(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_day_is_exact_under_parallel_sends() {
    let world = World::new().await;
    let limits = SendLimits { per_day: 20, ..WIDE };
    let all = (0..50)
        .map(|_| limited(world.verification(1, now()), limits))
        .collect();
    let outcomes = issue_in_parallel(&world, all).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 20);
    let refused = throttled(LimitName::RecipientDay, now() + DAY);
    assert_eq!(count(&outcomes, |outcome| *outcome == refused), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_an_address_is_exact_over_many_recipients() {
    let world = World::new().await;
    let limits = SendLimits {
        ip_per_hour: 30,
        ..WIDE
    };
    let all = (0..50)
        .map(|user| from_address(world.verification(user, now()), limits))
        .collect();
    let outcomes = issue_in_parallel(&world, all).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 30);
    let refused = throttled(LimitName::IpHour, now() + HOUR);
    assert_eq!(count(&outcomes, |outcome| *outcome == refused), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn recipients_do_not_share_limits_and_neither_do_environments() {
    let world = World::new().await;
    let limits = SendLimits { per_hour: 1, ..WIDE };
    world
        .issue_as_is(limited(world.verification(1, now()), limits))
        .await;
    world
        .issue_as_is(limited(world.verification(2, now()), limits))
        .await;
    let mut elsewhere = limited(world.verification(1, now()), limits);
    elsewhere.environment_id = otpost::domain::id::EnvironmentId(uuid::Uuid::max());
    elsewhere.recipient_key = limit::recipient_key(&KEYS, elsewhere.environment_id, &recipient(1));
    world.issue_as_is(elsewhere).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_counts_and_makes_nothing() {
    let world = World::new().await;
    let limits = SendLimits {
        per_hour: 2,
        ip_per_hour: 5,
        ..WIDE
    };
    let new = |user| {
        let mut new = from_address(world.verification(user, now()), limits);
        new.message.quota = Some(quota(100));
        new
    };
    let outcomes = issue_in_parallel(&world, (0..20).map(|_| new(1)).collect()).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 2);
    let refused = new(1);
    assert!(matches!(
        world.issue(refused.clone()).await.unwrap(),
        Issue::Refused(_)
    ));
    assert_eq!(world.find(world.application, refused.id).await.unwrap(), None);
    assert_eq!(
        world
            .find_message(world.environment, refused.message.id)
            .await
            .unwrap(),
        None
    );
    let listed = world
        .list_messages(world.environment, MessageFilter::default(), 100)
        .await
        .unwrap();
    assert_eq!(listed.len(), 2);
    let used = world
        .used(world.environment, quota(0).counter, quota(0).month)
        .await
        .unwrap();
    assert_eq!(used, 2);
    // The address has had two of its five, so three others get theirs.
    let outcomes = issue_in_parallel(&world, (2..12).map(new).collect()).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_restarts_when_it_has_ended() {
    let world = World::new().await;
    let limits = SendLimits {
        per_hour: 1,
        per_day: 2,
        ..WIDE
    };
    let at = |at| limited(world.verification(1, at), limits);
    world.issue_as_is(at(now())).await;
    let refused = throttled(LimitName::RecipientHour, now() + HOUR);
    assert_eq!(world.issue(at(now() + HOUR - SECOND)).await.unwrap(), refused);
    world.issue_as_is(at(now() + HOUR)).await;
    let refused = throttled(LimitName::RecipientDay, now() + DAY);
    assert_eq!(world.issue(at(now() + 3 * HOUR)).await.unwrap(), refused);
    world.issue_as_is(at(now() + DAY)).await;
    // The new hour began then, and not when the last one ended.
    let refused = throttled(LimitName::RecipientHour, now() + DAY + HOUR);
    assert_eq!(world.issue(at(now() + DAY + 59 * MINUTE)).await.unwrap(), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_addresses_window_restarts_when_it_has_ended() {
    let world = World::new().await;
    let limits = SendLimits {
        ip_per_hour: 1,
        ..WIDE
    };
    world
        .issue_as_is(from_address(world.verification(1, now()), limits))
        .await;
    let at = now() + 30 * MINUTE;
    let refused = throttled(LimitName::IpHour, now() + HOUR);
    assert_eq!(
        world
            .issue(from_address(world.verification(2, at), limits))
            .await
            .unwrap(),
        refused
    );
    world
        .issue_as_is(from_address(world.verification(2, now() + HOUR), limits))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_limits_the_one_that_lasts_longest_is_told() {
    let world = World::new().await;
    let limits = SendLimits {
        per_hour: 1,
        per_day: 1,
        ip_per_hour: 1,
        ..WIDE
    };
    world
        .issue_as_is(from_address(world.verification(1, now()), limits))
        .await;
    let mut again = from_address(world.verification(1, now()), limits);
    again.message.quota = Some(quota(0));
    let refused = throttled(LimitName::RecipientDay, now() + DAY);
    assert_eq!(world.issue(again).await.unwrap(), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_recipient_is_told_before_any_limit() {
    let world = World::new().await;
    let first = world.issued(1).await;
    let mut guess = world.guess(first.id, WRONG, now());
    guess.guesses_per_day = 1;
    assert!(matches!(
        world.check(guess).await.unwrap(),
        Check::Incorrect { .. }
    ));
    let limits = SendLimits {
        per_hour: 1,
        guesses_per_day: 1,
        ..WIDE
    };
    let locked = Issue::Refused(SendRefusal::RecipientLocked { until: now() + DAY });
    assert_eq!(
        world
            .issue(limited(world.verification(1, now()), limits))
            .await
            .unwrap(),
        locked
    );
    let later = now() + DAY;
    world
        .issue_as_is(limited(world.verification(1, later), limits))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_limits() {
    let world = World::new().await;
    let second = world.database.second_store().await;
    let limits = SendLimits { per_hour: 10, ..WIDE };
    let outcomes = in_parallel((0..40).map(|number| {
        let store = if number % 2 == 0 {
            world.database.store()
        } else {
            second.clone()
        };
        let new = limited(world.verification(1, now()), limits);
        async move { store.issue(new).await.unwrap() }
    }))
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 10);
    second.close().await;
}
