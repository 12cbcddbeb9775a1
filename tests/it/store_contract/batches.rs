//! Operations that come at once, so that they are carried out in batches, over one store and over two on one database: each ends as if
//! they had come one after another.

use futures_util::future::join_all;
use otpost::domain::message::MessageStatus;
use otpost::domain::verification::VerificationStatus;
use otpost::store::SharedStore;
use otpost::store::outbox::{Outcome, Settled};
use otpost::store::verification::{Check, Issue, LimitName, NewVerification, SendLimits, SendRefusal};

use super::fixture::{
    DAY, HOUR, RIGHT, SECOND, WIDE, WRONG, World, accepted, all_at_once, count, failed, ip_key, now, quota,
};
use super::idempotency::keyed_request;

/// A world with a second store on its database.
async fn two_stores() -> (World, [SharedStore; 2]) {
    let world = World::new().await;
    let stores = [world.database.store(), world.database.second_store().await];
    (world, stores)
}

/// Issues all at once, every other one through the second store.
async fn issue_all(stores: &[SharedStore; 2], all: impl IntoIterator<Item = NewVerification>) -> Vec<Issue> {
    all_at_once(all.into_iter().zip(stores.iter().cycle()).map(|(new, store)| {
        let store = store.clone();
        async move { store.issue(new).await.unwrap() }
    }))
    .await
}

fn throttled(limit: LimitName, resets_at: otpost::domain::time::Timestamp) -> Issue {
    Issue::Refused(SendRefusal::Throttled { limit, resets_at })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_sends_at_once_meet_each_limit_exactly() {
    let (world, stores) = two_stores().await;
    let limits = SendLimits {
        per_hour: 10,
        ip_per_hour: 30,
        ..WIDE
    };
    let to_one = (0..100).map(|_| NewVerification {
        limits,
        ..world.verification(1, now())
    });
    let outcomes = issue_all(&stores, to_one).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 10);
    let full = throttled(LimitName::RecipientHour, now() + HOUR);
    assert_eq!(count(&outcomes, |outcome| *outcome == full), 90);

    let from_one = (100..200).map(|user| NewVerification {
        limits,
        ip_key: Some(ip_key(1)),
        ..world.verification(user, now())
    });
    let outcomes = issue_all(&stores, from_one).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 30);
    let full = throttled(LimitName::IpHour, now() + HOUR);
    assert_eq!(count(&outcomes, |outcome| *outcome == full), 70);

    let on_one_quota = (200..300).map(|user| {
        let mut new = world.verification(user, now());
        new.message.quota = Some(quota(20));
        new
    });
    let outcomes = issue_all(&stores, on_one_quota).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 20);
    let exhausted = Issue::Refused(SendRefusal::QuotaExhausted);
    assert_eq!(count(&outcomes, |outcome| *outcome == exhausted), 80);
    let used = world
        .used(world.environment, quota(0).counter, quota(0).month)
        .await;
    assert_eq!(used.unwrap(), 20);
    assert_eq!(world.count_pending(world.environment, now()).await.unwrap(), 60);
    stores[1].close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_rush_of_many_each_recipient_has_its_own_limit_and_no_others() {
    let (world, stores) = two_stores().await;
    let limits = SendLimits { per_day: 2, ..WIDE };
    let all = (0..192).map(|n| NewVerification {
        limits,
        ..world.verification(n % 48, now())
    });
    let outcomes = issue_all(&stores, all).await;
    for user in 0..48 {
        let theirs: Vec<_> = outcomes.iter().skip(user).step_by(48).collect();
        assert_eq!(count(&theirs, |outcome| **outcome == Issue::Issued), 2, "{user}");
        let full = throttled(LimitName::RecipientDay, now() + DAY);
        assert_eq!(count(&theirs, |outcome| **outcome == full), 2, "{user}");
    }
    stores[1].close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_guesses_and_a_right_one_at_once_end_in_the_order_of_their_arrival() {
    let world = World::new().await;
    for place in 0..6_usize {
        // Two verifications of one recipient, whose guesses come through each other.
        let both = [world.issued(1).await.id, world.issued(1).await.id];
        let guesses = (0..6).flat_map(|n| {
            let code = if n == place { RIGHT } else { WRONG };
            both.map(|id| world.check(world.guess(id, code, now())))
        });
        // Polled in their order, and each stands in the queue from then on.
        let outcomes: Vec<_> = join_all(guesses).await.into_iter().map(Result::unwrap).collect();
        for verification in 0..2 {
            let outcomes: Vec<_> = outcomes.iter().skip(verification).step_by(2).collect();
            for (n, outcome) in outcomes.iter().enumerate() {
                let as_expected = match outcome {
                    Check::Incorrect { guesses_left } => n < place && usize::from(*guesses_left) == 4 - n,
                    Check::Verified(_) => n == place && place < 5,
                    Check::AlreadyVerified => n > place,
                    Check::Locked => place == 5 && n == 5,
                    _ => false,
                };
                assert!(as_expected, "{place}: {outcomes:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_320_wrong_guesses_at_once_over_two_stores_five_are_counted() {
    let (world, stores) = two_stores().await;
    let id = world.issued(1).await.id;
    let guesses = (0..320).zip(stores.iter().cycle()).map(|(_, store)| {
        let (store, guess) = (store.clone(), world.guess(id, WRONG, now()));
        async move { store.check(guess).await.unwrap() }
    });
    let outcomes = all_at_once(guesses).await;
    let mut left: Vec<u8> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Check::Incorrect { guesses_left } => Some(*guesses_left),
            _ => None,
        })
        .collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
    assert_eq!(count(&outcomes, |outcome| *outcome == Check::Locked), 315);
    let found = world.found(id).await.verification;
    assert_eq!(
        (found.wrong_guesses, found.status(now())),
        (5, VerificationStatus::Locked)
    );
    // Of the recipient they were counted as often.
    let other = world.issued(1).await.id;
    let mut guess = world.guess(other, RIGHT, now());
    guess.guesses_per_day = 5;
    assert_eq!(
        world.check(guess.clone()).await.unwrap(),
        Check::RecipientLocked { until: now() + DAY }
    );
    guess.guesses_per_day = 6;
    assert!(matches!(world.check(guess).await.unwrap(), Check::Verified(_)));
    stores[1].close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_settled_twice_at_once_changes_once() {
    let (world, stores) = two_stores().await;
    let used = async || {
        let used = world
            .used(world.environment, quota(0).counter, quota(0).month)
            .await;
        used.unwrap()
    };
    let mut messages = Vec::new();
    for user in 0..20 {
        let mut new = world.verification(user, now());
        new.message.quota = Some(quota(1_000));
        messages.push(world.issue_as_is(new).await);
    }
    assert_eq!(used().await, 20);
    let settlements = messages.iter().flat_map(|new| {
        let outcomes = [
            accepted(),
            failed(),
            Outcome::Expired,
            Outcome::RetryAt(now() + SECOND),
        ];
        outcomes.map(|outcome| world.settlement(new.message.id, outcome))
    });
    let outcomes = all_at_once(settlements.zip(stores.iter().cycle()).map(|(settlement, store)| {
        let store = store.clone();
        async move { store.settle(settlement).await.unwrap() }
    }))
    .await;
    let mut kept = 0;
    for (outcomes, new) in outcomes.chunks(4).zip(&messages) {
        assert_eq!(
            count(outcomes, |outcome| *outcome == Settled::Recorded),
            1,
            "{outcomes:?}"
        );
        let recorded = outcomes
            .iter()
            .position(|outcome| *outcome == Settled::Recorded)
            .unwrap();
        let history = world
            .find_message(world.environment, new.message.id)
            .await
            .unwrap()
            .unwrap();
        let statuses = [
            MessageStatus::Accepted,
            MessageStatus::Failed,
            MessageStatus::Expired,
            MessageStatus::Queued,
        ];
        assert_eq!(history.message.summary.status, statuses[recorded]);
        assert_eq!(history.attempts.len(), 1);
        kept += u32::from([0, 3].contains(&recorded));
    }
    assert_eq!(used().await, kept, "each place is given back once, or stays");
    stores[1].close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_copies_of_keyed_requests_at_once_over_two_stores_one_each_is_made() {
    let (world, stores) = two_stores().await;
    let copies = (0..120_u8).map(|n| {
        let request = keyed_request(n % 8, n % 8);
        let mut new = NewVerification {
            id: request.verification_id(),
            body_hash: Some(request.body_hash),
            ip_key: Some(ip_key(1)),
            ..world.verification(u32::from(n % 8), now())
        };
        new.message.quota = Some(quota(1_000));
        new
    });
    let outcomes = issue_all(&stores, copies).await;
    for key in 0..8 {
        let copies: Vec<_> = outcomes.iter().skip(key).step_by(8).collect();
        assert_eq!(count(&copies, |outcome| **outcome == Issue::Issued), 1);
        assert_eq!(count(&copies, |outcome| **outcome == Issue::Repeated), 14);
    }
    let used = world
        .used(world.environment, quota(0).counter, quota(0).month)
        .await;
    assert_eq!(used.unwrap(), 8);
    // The address has had eight.
    for (ip_per_hour, issued) in [(8, false), (9, true)] {
        let mut new = world.verification(100, now());
        new.ip_key = Some(ip_key(1));
        new.limits = SendLimits { ip_per_hour, ..WIDE };
        assert_eq!(world.issue(new).await.unwrap() == Issue::Issued, issued);
    }
    stores[1].close().await;
}
