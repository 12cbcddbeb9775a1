//! Resending: the same code on a schedule, its life not extended, its guesses not reset.

use otpost::domain::id::ApplicationId;
use otpost::domain::message::MessageStatus;
use otpost::domain::random::OsRandom;
use otpost::store::message::MessageFilter;
use otpost::store::verification::{Cancel, LimitName, NewSend, Resend, SendLimits, SendRefusal};

use super::fixture::{
    DAY, HOUR, SECOND, WIDE, World, accepted, count, failed, in_parallel, ip_key, now, quota,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_carries_the_same_code_and_extends_nothing() {
    let world = World::new().await;
    let first = world.issued(1).await;
    world.guess_wrong(first.id, now()).await;
    let before = world.found(first.id).await;
    let again = world.again(&first, now() + 30 * SECOND);
    let Resend::Resent(resent) = world.resend(again.clone()).await.unwrap() else {
        panic!("the wait is over");
    };
    assert_eq!(*resent, world.found(first.id).await);
    assert_eq!(resent.sealed_code, before.sealed_code);
    assert_eq!(resent.verification.expires_at, before.verification.expires_at);
    assert_eq!(resent.verification.wrong_guesses, 1);
    assert_eq!(resent.verification.sends, 2);
    assert_eq!(resent.verification.message.id, again.message.id);
    assert_eq!(resent.verification.message.status, MessageStatus::Queued);
    assert_eq!(resent.sealed_recipient, before.sealed_recipient);
}

#[tokio::test(flavor = "multi_thread")]
async fn resends_wait_as_scheduled_and_end_at_the_last_message() {
    let world = World::new().await;
    let new = world.issued(1).await;
    let mut at = now();
    // The second message may follow after 30 s; the waits after it are the second and third, and the third repeats.
    for wait in [30, 60, 120, 120] {
        let resend_at = at + wait * SECOND;
        let early = world.resend(world.again(&new, resend_at - SECOND)).await.unwrap();
        assert_eq!(early, Resend::TooSoon { resend_at });
        let outcome = world.resend(world.again(&new, resend_at)).await.unwrap();
        assert!(matches!(outcome, Resend::Resent(_)), "{outcome:?}");
        at = resend_at;
    }
    let outcome = world.resend(world.again(&new, at + SECOND)).await.unwrap();
    assert_eq!(outcome, Resend::LimitReached);
    assert_eq!(world.found(new.id).await.verification.sends, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_resends_exactly_one_is_made() {
    let world = World::new().await;
    let new = world.issued(1).await;
    let at = now() + 30 * SECOND;
    let outcomes = in_parallel((0..20).map(|_| {
        let (store, again) = (world.database.store(), world.again(&new, at));
        async move { store.resend(again).await.unwrap() }
    }))
    .await;
    assert_eq!(
        count(&outcomes, |outcome| matches!(outcome, Resend::Resent(_))),
        1
    );
    assert_eq!(
        count(&outcomes, |outcome| matches!(outcome, Resend::TooSoon { .. })),
        19
    );
    let listed = world
        .list_messages(world.environment, MessageFilter::default(), 100)
        .await
        .unwrap();
    assert_eq!(listed.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_counts_against_the_limits_of_recipient_address_and_month() {
    let world = World::new().await;
    let mut first = world.verification(1, now());
    first.ip_key = Some(ip_key(1));
    first.message.quota = Some(quota(1));
    let new = world.issue_as_is(first).await;
    let at = now() + 30 * SECOND;
    let refused = async |change: fn(&mut NewSend)| {
        let mut again = world.again(&new, at);
        change(&mut again);
        match world.resend(again).await.unwrap() {
            Resend::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    };
    let throttled = |limit, resets_at| SendRefusal::Throttled { limit, resets_at };
    assert_eq!(
        refused(|again| again.limits = SendLimits { per_hour: 1, ..WIDE }).await,
        throttled(LimitName::RecipientHour, now() + HOUR)
    );
    assert_eq!(
        refused(|again| again.limits = SendLimits { per_day: 1, ..WIDE }).await,
        throttled(LimitName::RecipientDay, now() + DAY)
    );
    assert_eq!(
        refused(|again| again.limits = SendLimits {
            ip_per_hour: 1,
            ..WIDE
        })
        .await,
        throttled(LimitName::IpHour, now() + HOUR)
    );
    assert_eq!(
        refused(|again| again.message.quota = Some(quota(1))).await,
        SendRefusal::QuotaExhausted
    );
    let untouched = world.found(new.id).await.verification;
    assert_eq!((untouched.sends, untouched.resend_at), (1, at));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_may_be_resent_at_once() {
    let world = World::new().await;
    let first = world.issued(1).await;
    let settled_at = now() + SECOND;
    world.settled(first.message.id, failed()).await;
    assert_eq!(world.found(first.id).await.verification.resend_at, settled_at);
    let outcome = world.resend(world.again(&first, settled_at)).await.unwrap();
    assert!(matches!(outcome, Resend::Resent(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_message_keeps_its_wait() {
    let world = World::new().await;
    let first = world.issued(1).await;
    world.settled(first.message.id, accepted()).await;
    let outcome = world
        .resend(world.again(&first, now() + 2 * SECOND))
        .await
        .unwrap();
    assert_eq!(
        outcome,
        Resend::TooSoon {
            resend_at: first.resend_at
        }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_not_sent_again() {
    let world = World::new().await;
    let at = now() + 30 * SECOND;
    let resend = async |again: NewSend| world.resend(again).await.unwrap();

    let new = world.issued(1).await;
    let mut elsewhere = world.again(&new, at);
    elsewhere.application_id = ApplicationId::unguessable(&OsRandom);
    assert_eq!(resend(elsewhere).await, Resend::NotFound);
    let mut off = world.again(&new, at);
    off.enabled_connections.clear();
    assert_eq!(resend(off).await, Resend::ConnectionDisabled);
    assert_eq!(resend(world.again(&new, now() + HOUR)).await, Resend::Expired);
    world.guess_right(new.id, now()).await;
    assert_eq!(resend(world.again(&new, at)).await, Resend::AlreadyVerified);

    let canceled = world.issued(1).await;
    let outcome = world.cancel(world.application, canceled.id, now()).await.unwrap();
    assert!(matches!(outcome, Cancel::Canceled(_)));
    assert_eq!(resend(world.again(&canceled, at)).await, Resend::Canceled);

    let locked = world.issued(1).await;
    for _ in 0..5 {
        world.guess_wrong(locked.id, now()).await;
    }
    assert_eq!(resend(world.again(&locked, at)).await, Resend::Locked);
}
