//! Settling: what each outcome leaves behind, and what a message that nobody accepted gives back.

use otpost::domain::message::{FailureCode, MessageStatus, MessageSummary, Provider};
use otpost::domain::random::{OsRandom, unguessable_id};
use otpost::store::outbox::{Outcome, Settled, Settlement};
use otpost::store::verification::{Issue, SendLimits};

use super::fixture::{
    HOUR, MINUTE, SECOND, WIDE, World, accepted, attempt, count, failed, in_parallel, ip_key, now, quota,
};

async fn summary_after(outcome: Outcome) -> MessageSummary {
    let world = World::new().await;
    let new = world.issued(1).await;
    world.settled(new.message.id, outcome).await;
    let stored = world.found(new.id).await;
    let history = world
        .find_message(world.environment, new.message.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(history.message.summary, stored.verification.message);
    assert_eq!(history.message.updated_at, now() + SECOND);
    stored.verification.message
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_message_names_who_has_it() {
    let summary = summary_after(accepted()).await;
    assert_eq!(summary.status, MessageStatus::Accepted);
    assert_eq!(
        (summary.provider, summary.fallback),
        (Some(Provider::Twilio), false)
    );
    assert_eq!(summary.error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_message_names_who_may_have_it() {
    let unknown = Outcome::Unknown {
        provider: Provider::Kinde,
        fallback: true,
    };
    let summary = summary_after(unknown).await;
    assert_eq!(summary.status, MessageStatus::Unknown);
    assert_eq!(
        (summary.provider, summary.fallback),
        (Some(Provider::Kinde), true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_says_why() {
    let summary = summary_after(failed()).await;
    assert_eq!(summary.status, MessageStatus::Failed);
    assert_eq!(summary.provider, None);
    assert_eq!(summary.error.unwrap().code, FailureCode::RecipientRejected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_message_says_so_without_an_attempt() {
    let world = World::new().await;
    let new = world.issued(1).await;
    let settlement = Settlement {
        attempt: None,
        ..world.settlement(new.message.id, Outcome::Expired)
    };
    assert_eq!(world.settle(settlement).await.unwrap(), Settled::Recorded);
    let history = world
        .find_message(world.environment, new.message.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(history.message.summary.status, MessageStatus::Expired);
    assert_eq!(history.attempts, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_lease_changes_nothing() {
    let world = World::new().await;
    let new = world.issued(1).await;
    let before = world
        .find_message(world.environment, new.message.id)
        .await
        .unwrap();
    for outcome in [accepted(), failed(), Outcome::RetryAt(now()), Outcome::Expired] {
        let mut settlement = world.settlement(new.message.id, outcome);
        settlement.token = unguessable_id(&OsRandom);
        assert_eq!(world.settle(settlement).await.unwrap(), Settled::LeaseLost);
    }
    let after = world
        .find_message(world.environment, new.message.id)
        .await
        .unwrap();
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_settlements_exactly_one_is_recorded() {
    let world = World::new().await;
    let new = world.issued(1).await;
    let outcomes = in_parallel((0..20).map(|_| {
        let mut settlement = world.settlement(new.message.id, accepted());
        settlement.attempt = Some(attempt());
        let store = world.database.store();
        async move { store.settle(settlement).await.unwrap() }
    }))
    .await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Settled::Recorded), 1);
    let history = world
        .find_message(world.environment, new.message.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(history.attempts.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_gives_back_the_recipients_places_and_not_the_addresss() {
    let world = World::new().await;
    let limits = SendLimits {
        per_hour: 1,
        per_day: 1,
        ip_per_hour: 2,
        ..WIDE
    };
    let new = || {
        let mut new = world.verification(1, now() + 2 * SECOND);
        new.limits = limits;
        new.ip_key = Some(ip_key(1));
        new
    };
    for outcome in [failed(), Outcome::Expired] {
        let new = world.issue_as_is(new()).await;
        let mut settlement = world.settlement(new.message.id, outcome);
        settlement.now = now() + 3 * SECOND;
        assert_eq!(world.settle(settlement).await.unwrap(), Settled::Recorded);
    }
    let third = world.issue(new()).await.unwrap();
    assert!(
        matches!(third, Issue::Refused(_)),
        "the address has had its two: {third:?}"
    );
    let mut from_elsewhere = new();
    from_elsewhere.ip_key = None;
    world.issue_as_is(from_elsewhere).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_given_back_only_to_the_window_that_counted_it() {
    let world = World::new().await;
    let limits = SendLimits { per_hour: 1, ..WIDE };
    let at = |at| {
        let mut new = world.verification(1, at);
        new.limits = limits;
        new
    };
    let first = world.issue_as_is(at(now())).await;
    let later = now() + HOUR;
    world.issue_as_is(at(later)).await;
    let mut settlement = world.settlement(first.message.id, failed());
    settlement.now = later + MINUTE;
    assert_eq!(world.settle(settlement).await.unwrap(), Settled::Recorded);
    let outcome = world.issue(at(later + 2 * MINUTE)).await.unwrap();
    assert!(matches!(outcome, Issue::Refused(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_gives_its_quota_back_once() {
    let world = World::new().await;
    let mut messages = Vec::new();
    for user in 0..3 {
        let mut new = world.verification(user, now());
        new.message.quota = Some(quota(10));
        messages.push(world.issue_as_is(new).await.message.id);
    }
    world.settled(messages[0], Outcome::RetryAt(now())).await;
    world.settled(messages[1], Outcome::Expired).await;
    let used = async || {
        world
            .used(world.environment, quota(0).counter, quota(0).month)
            .await
            .unwrap()
    };
    assert_eq!(used().await, 2);
    let again = world
        .settle(world.settlement(messages[1], failed()))
        .await
        .unwrap();
    assert_eq!(again, Settled::LeaseLost);
    assert_eq!(used().await, 2);
}
