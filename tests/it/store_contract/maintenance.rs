//! Maintenance: wiping codes that have died, and removing what nobody needs any more.

use otpost::domain::id::MessageId;
use otpost::domain::message::Channel;
use otpost::domain::random::OsRandom;
use otpost::domain::time::SystemClock;
use otpost::store::message::MessageFilter;
use otpost::store::outbox::{MonthlyCounter, Queue, Settled};
use otpost::store::verification::{Check, Issue, Resend, SendLimits};
use otpost::store::write_health::Effect;

use super::fixture::{DAY, HOUR, MINUTE, SECOND, WIDE, World, accepted, ip_key, lease, now, quota};
use crate::support::wait::let_pass;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_its_time_and_a_file_has_none() {
    let world = World::new().await;
    let sample = world.probe(&SystemClock).await.unwrap();
    assert_eq!(sample.is_some(), world.database.is_postgres());
    if let Some(sample) = sample {
        assert!(sample.asked.wall - 5 * SECOND < sample.there);
        assert!(sample.there < sample.answered.wall + 5 * SECOND);
        assert!(sample.asked.monotonic <= sample.answered.monotonic);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_can_be_tried_again_and_again() {
    let world = World::new().await;
    for _ in 0..3 {
        world.probe_writing().await.unwrap();
        assert!(world.write_health().check().is_ok());
    }
}

/// On one thread, so that time can be let pass.
#[tokio::test]
async fn what_finds_nothing_to_write_is_no_proof_that_writing_works() {
    let world = World::new().await;
    let pending = world.issued(1).await;
    let verified = world.issued(2).await;
    world.guess_right(verified.id, now()).await;
    let fails = || world.write_health().note_failure(Effect::Writes);
    fails();
    let_pass(5 * SECOND).await;
    let id = MessageId::unguessable(&OsRandom);
    let settlement = world.settlement(id, accepted());
    assert_eq!(world.settle(settlement).await.unwrap(), Settled::LeaseLost);
    let mut again = world.verification(1, now());
    again.limits = SendLimits { per_hour: 1, ..WIDE };
    assert!(matches!(world.issue(again).await.unwrap(), Issue::Refused(_)));
    let resend = world.again(&verified, now() + 30 * SECOND);
    assert_eq!(world.resend(resend).await.unwrap(), Resend::AlreadyVerified);
    assert!(matches!(
        world.guess_right(verified.id, now()).await,
        Check::AlreadyVerified
    ));
    world.wipe_expired_codes(now(), 10).await.unwrap();
    assert!(world.write_health().check().is_err());

    world.guess_wrong(pending.id, now()).await;
    assert!(world.write_health().check().is_ok());
    fails();
    let_pass(5 * SECOND).await;
    assert!(world.write_health().check().is_err());
    world.probe_writing().await.unwrap();
    assert!(world.write_health().check().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_have_died_are_wiped_batch_by_batch() {
    let world = World::new().await;
    let mut made = Vec::new();
    for user in 0..5 {
        made.push(world.issued(user).await);
    }
    let fresh = world.issue_as_is(world.verification(9, now() + MINUTE)).await;
    let at = now() + 10 * MINUTE;
    let wiped = async || {
        let mut wiped = 0;
        for new in &made {
            wiped += usize::from(world.found(new.id).await.sealed_code.is_none());
        }
        wiped
    };
    assert_eq!(world.wipe_expired_codes(at - SECOND, 3).await.unwrap(), 0);
    for expected in [3, 5] {
        assert!(world.wipe_expired_codes(at, 3).await.unwrap() > 0);
        assert_eq!(wiped().await, expected);
    }
    assert_eq!(world.wipe_expired_codes(at, 3).await.unwrap(), 0);
    assert!(world.found(fresh.id).await.sealed_code.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_verifications_are_counted() {
    let world = World::new().await;
    let verified = world.issued(1).await.id;
    world.issued(2).await;
    world.guess_right(verified, now()).await;
    let pending = async |at| world.count_pending(world.environment, at).await.unwrap();
    assert_eq!(pending(now()).await, 1);
    assert_eq!(pending(now() + 10 * MINUTE).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_is_removed_and_the_rest_stays() {
    let world = World::new().await;
    let mut new = world.verification(1, now());
    new.message.quota = Some(quota(10));
    new.ip_key = Some(ip_key(1));
    let old = world.issue_as_is(new).await;
    world.settled(old.message.id, accepted()).await;
    world.issue_as_is(world.verification(2, now() + SECOND)).await;
    let recent_at = now() + 40 * DAY;
    let recent = world.issue_as_is(world.verification(3, recent_at)).await;

    let before = now() + DAY;
    let mut removed = 0;
    loop {
        match world.remove_old(before, recent_at, 1).await.unwrap() {
            0 => break,
            some => removed += some,
        }
    }
    // Of each send a verification and a message at least, and one attempt.
    assert!(removed >= 5, "{removed}");
    assert_eq!(world.find(world.application, old.id).await.unwrap(), None);
    assert_eq!(
        world
            .find_message(world.environment, old.message.id)
            .await
            .unwrap(),
        None
    );
    let counter = MonthlyCounter::TestQuota;
    assert_eq!(
        world
            .used(world.environment, counter, quota(0).month)
            .await
            .unwrap(),
        0
    );
    let left = world
        .list_messages(world.environment, MessageFilter::default(), 10)
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    assert!(world.find(world.application, recent.id).await.unwrap().is_some());
    assert_eq!(
        world
            .claim_due(
                Queue::Code(Channel::Email),
                recent_at + HOUR,
                lease(recent_at + 2 * HOUR),
                10
            )
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_still_stands_is_not_removed() {
    let world = World::new().await;
    let mut first = world.verification(1, now());
    first.limits.per_day = 1;
    let mut second = world.verification(1, now() + 2 * HOUR);
    second.limits.per_day = 1;
    world.issue_as_is(first).await;
    world.remove_old(now(), now() + 2 * HOUR, 100).await.unwrap();
    let outcome = world.issue(second).await.unwrap();
    assert!(
        matches!(outcome, otpost::store::verification::Issue::Refused(_)),
        "{outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_step_removes_more_counters_than_it_is_told() {
    let world = World::new().await;
    let later = now() + 2 * DAY;
    for user in 1..=20 {
        let at = if user % 2 == 0 { now() } else { later };
        world.issue_as_is(world.verification(user, at)).await;
    }
    let mut steps = Vec::new();
    for _ in 0..10 {
        steps.push(world.remove_old(now() - DAY, later, 4).await.unwrap());
    }
    assert!(steps.iter().all(|removed| *removed <= 4), "{steps:?}");
    assert_eq!(steps.iter().sum::<u64>(), 10, "{steps:?}");
}
