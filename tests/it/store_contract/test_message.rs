//! Test messages: counted against every limit or none, with their entry in the audit log, also when many come at once.

use otpost::domain::id::AuditId;
use otpost::domain::random::OsRandom;
use otpost::domain::time::Timestamp;
use otpost::store::audit::AuditEntry;
use otpost::store::test_message::{NewTest, TestCount};
use otpost::store::verification::{Issue, LimitName, SendRefusal};

use super::fixture::{DAY, HOUR, MINUTE, SECOND, World, count, in_parallel, now, quota, recipient};

/// A test that meets no limit, to number `user`, at `at`.
fn test(world: &World, user: u32, at: Timestamp) -> NewTest {
    NewTest {
        environment_id: world.environment,
        recipient_key: world.key(&recipient(user)),
        per_minute: 1_000,
        per_hour: 1_000,
        per_day: 1_000,
        quota: None,
        at,
    }
}

async fn count_test(world: &World, test: NewTest) -> TestCount {
    world.count_test(test.clone(), audit(&test)).await.unwrap()
}

fn audit(test: &NewTest) -> AuditEntry {
    AuditEntry {
        id: AuditId::time_ordered(&OsRandom, test.at),
        environment_id: Some(test.environment_id),
        key_id: None,
        key_name: None,
        action: "settings.sms.test".to_owned(),
        target: test.environment_id.to_string(),
        changes: "{}".to_owned(),
        remote_address: None,
        at: test.at,
    }
}

async fn count_at_once(world: &World, tests: Vec<NewTest>) -> Vec<TestCount> {
    in_parallel(tests.into_iter().map(|test| {
        let store = world.database.store();
        async move { store.count_test(test.clone(), audit(&test)).await.unwrap() }
    }))
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_tests_at_once_as_many_are_counted_as_each_limit_allows() {
    let world = World::new().await;
    let resets_at = now() + MINUTE;
    let narrow = (0..50).map(|user| NewTest {
        per_minute: 10,
        ..test(&world, user, now())
    });
    let counts = count_at_once(&world, narrow.collect()).await;
    assert_eq!(count(&counts, |one| *one == TestCount::Counted), 10);
    assert_eq!(count(&counts, |one| *one == TestCount::TooMany { resets_at }), 40);

    let later = now() + MINUTE;
    let narrow = (0..50).map(|_| NewTest {
        per_hour: 7,
        ..test(&world, 100, later)
    });
    let counts = count_at_once(&world, narrow.collect()).await;
    assert_eq!(count(&counts, |one| *one == TestCount::Counted), 7);
    let full = TestCount::Refused(SendRefusal::Throttled {
        limit: LimitName::RecipientHour,
        resets_at: later + HOUR,
    });
    assert_eq!(count(&counts, |one| *one == full), 43);

    let narrow = (200..250).map(|user| NewTest {
        quota: Some(quota(5)),
        ..test(&world, user, later)
    });
    let counts = count_at_once(&world, narrow.collect()).await;
    assert_eq!(count(&counts, |one| *one == TestCount::Counted), 5);
    let exhausted = TestCount::Refused(SendRefusal::QuotaExhausted);
    assert_eq!(count(&counts, |one| *one == exhausted), 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_test_takes_no_place_anywhere() {
    let world = World::new().await;
    let refused = NewTest {
        per_minute: 1,
        per_hour: 1,
        quota: Some(quota(0)),
        ..test(&world, 1, now())
    };
    for _ in 0..3 {
        let outcome = count_test(&world, refused.clone()).await;
        assert_eq!(outcome, TestCount::Refused(SendRefusal::QuotaExhausted));
    }
    let allowed = NewTest {
        quota: None,
        ..refused
    };
    assert_eq!(count_test(&world, allowed).await, TestCount::Counted);
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_and_codes_are_counted_together_and_the_limit_that_lasts_longest_is_told() {
    let world = World::new().await;
    let mut new = world.verification(1, now());
    new.limits.per_hour = 2;
    assert_eq!(world.issue(new.clone()).await.unwrap(), Issue::Issued);
    let narrow = NewTest {
        per_hour: 2,
        per_day: 2,
        ..test(&world, 1, now() + SECOND)
    };
    assert_eq!(count_test(&world, narrow.clone()).await, TestCount::Counted);
    let refused = TestCount::Refused(SendRefusal::Throttled {
        limit: LimitName::RecipientDay,
        resets_at: now() + DAY,
    });
    assert_eq!(count_test(&world, narrow).await, refused);
    let mut again = world.verification(1, now() + SECOND);
    again.limits.per_hour = 2;
    let hour = Issue::Refused(SendRefusal::Throttled {
        limit: LimitName::RecipientHour,
        resets_at: now() + HOUR,
    });
    assert_eq!(world.issue(again).await.unwrap(), hour);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_back_is_the_recipients_and_the_quotas_place() {
    let world = World::new().await;
    let narrow = NewTest {
        per_minute: 2,
        per_hour: 1,
        per_day: 1,
        quota: Some(quota(1)),
        ..test(&world, 1, now())
    };
    for _ in 0..2 {
        assert_eq!(count_test(&world, narrow.clone()).await, TestCount::Counted);
        world.refund_test(narrow.clone(), now() + SECOND).await.unwrap();
    }
    let limit = quota(1);
    let used = world.used(world.environment, limit.counter, limit.month).await;
    assert_eq!(used.unwrap(), 0);
    let resets_at = now() + MINUTE;
    assert_eq!(
        count_test(&world, narrow.clone()).await,
        TestCount::TooMany { resets_at }
    );
    let later = NewTest {
        at: resets_at,
        ..narrow
    };
    assert_eq!(count_test(&world, later).await, TestCount::Counted);
}
