//! What only a database server can do to the store: break connections, turn read-only, make operations wait for each
//! other. Runs where `OTPOST_TEST_POSTGRES_URL` names a server; on SQLite there is nothing to ask here.

use otpost::domain::id::MessageId;
use otpost::domain::random::{OsRandom, unguessable_id};
use otpost::domain::time::Timestamp;
use otpost::store::outbox::{MonthlyCounter, MonthlyLimit, Outcome, Settled, Settlement};
use otpost::store::verification::{
    Cancel, Check, Guess, Issue, NewSend, NewVerification, Resend, SendLimits, SendRefusal,
};
use otpost::store::{SharedStore, StoreError};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::store_contract::fixture::{
    HOUR, MINUTE, RIGHT, WIDE, WRONG, World, count, failed, in_parallel, ip_key, issue_in_parallel, now,
    quota, recipient,
};

mod broken_batch;
mod claims;
mod connections;
mod hot;
mod overlaps;

/// A world on Postgres with a connection beside the store's; `None` where the tests run on SQLite.
async fn on_postgres() -> Option<(World, PgConnection)> {
    let world = World::new().await;
    if !world.database.url().starts_with("postgres") {
        return None;
    }
    let beside = PgConnection::connect(world.database.url()).await.unwrap();
    Some((world, beside))
}

async fn number(beside: &mut PgConnection, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(beside).await.unwrap()
}

async fn run(beside: &mut PgConnection, statement: String) {
    sqlx::query(AssertSqlSafe(statement))
        .execute(beside)
        .await
        .unwrap();
}

const SENDS_IN_AN_HOUR_TO_RECIPIENTS: &str =
    "SELECT sum(hour_sends) FROM limit_counters WHERE key IN (SELECT recipient_key FROM verifications)";
/// They are counted of recipients alone.
const SENDS_IN_A_DAY: &str = "SELECT sum(day_sends) FROM limit_counters";
const SENDS_IN_AN_HOUR_FOR_ADDRESSES: &str =
    "SELECT sum(hour_sends) FROM limit_counters WHERE key IN (SELECT ip_key FROM verifications)";

#[tokio::test(flavor = "multi_thread")]
async fn sends_that_lose_the_last_place_of_the_quota_leave_no_trace_in_other_counters() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    let all = (0..100).map(|user| {
        let mut new = world.verification(user % 50, now());
        new.ip_key = Some(ip_key(user % 7));
        new.message.quota = Some(quota(10));
        new
    });
    let outcomes = issue_in_parallel(&world, all.collect()).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 10);
    let refused = Issue::Refused(SendRefusal::QuotaExhausted);
    assert_eq!(count(&outcomes, |outcome| *outcome == refused), 90);
    for statement in [
        SENDS_IN_AN_HOUR_TO_RECIPIENTS,
        SENDS_IN_A_DAY,
        SENDS_IN_AN_HOUR_FOR_ADDRESSES,
        "SELECT sum(used)::bigint FROM monthly_counters",
        "SELECT count(*) FROM verifications",
        "SELECT count(*) FROM messages",
        "SELECT sum(cardinality(message_ids)) FROM outbox",
        "SELECT sum(cardinality(verification_ids)) FROM expiries",
    ] {
        assert_eq!(number(&mut beside, statement).await, 10, "{statement}");
    }
}

/// One operation of each kind on an old verification, and a new one of the same recipient.
struct Operations {
    store: SharedStore,
    old: NewVerification,
    new: NewVerification,
    again: NewSend,
    guess: Guess,
    settlement: Settlement,
    at: Timestamp,
}

impl Operations {
    fn on(world: &World, old: &NewVerification, step: usize, at: Timestamp) -> Self {
        let mut new = world.verification(0, at);
        new.recipient_key = old.recipient_key;
        new.ip_key = old.ip_key;
        new.message.quota = Some(quota(1_000));
        let mut again = world.again(old, at);
        again.message.quota = Some(quota(1_000));
        let given_back = [failed(), Outcome::Expired][step / 6 % 2].clone();
        Self {
            store: world.database.store(),
            old: old.clone(),
            new,
            again,
            guess: world.guess(old.id, [RIGHT, WRONG][step / 2 % 2], at),
            settlement: world.settlement(old.message.id, given_back),
            at,
        }
    }

    /// Answers how many sends were made, and how many had their places given back.
    async fn run(self, step: usize) -> (i64, i64) {
        let Self { store, old, at, .. } = self;
        match step % 6 {
            0 => (
                i64::from(store.issue(self.new).await.unwrap() == Issue::Issued),
                0,
            ),
            1 => {
                let resent = store.resend(self.again).await.unwrap();
                (i64::from(matches!(resent, Resend::Resent(_))), 0)
            }
            2 => {
                let settled = store.settle(self.settlement).await.unwrap();
                (0, i64::from(settled == Settled::Recorded))
            }
            3 => {
                let canceled = store.cancel(old.application_id, old.id, at).await.unwrap();
                assert_ne!(canceled, Cancel::NotFound);
                (0, 0)
            }
            _ => {
                assert_ne!(store.check(self.guess).await.unwrap(), Check::NotFound);
                (0, 0)
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_operations_at_once_on_few_recipients_wait_for_each_other_in_one_order() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    let mut made = Vec::new();
    for number in 0..60 {
        let mut new = world.verification(number % 3, now());
        new.ip_key = Some(ip_key(number % 2));
        new.message.quota = Some(quota(1_000));
        made.push(world.issue_as_is(new).await);
    }
    let steps = (0..360).map(|step| Operations::on(&world, &made[step / 6], step, now() + MINUTE).run(step));
    let done = in_parallel(steps.collect::<Vec<_>>()).await;
    let sent = 60 + done.iter().map(|(sent, _)| sent).sum::<i64>();
    let left = sent - done.iter().map(|(_, given_back)| given_back).sum::<i64>();
    assert!(left < sent && sent > 60, "{sent} {left}");
    for (statement, expected) in [
        (SENDS_IN_AN_HOUR_TO_RECIPIENTS, left),
        (SENDS_IN_A_DAY, left),
        ("SELECT sum(used)::bigint FROM monthly_counters", left),
        (SENDS_IN_AN_HOUR_FOR_ADDRESSES, sent),
    ] {
        assert_eq!(number(&mut beside, statement).await, expected, "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_shows_no_recipient() {
    let Some((world, _)) = on_postgres().await else {
        return;
    };
    let made = world.issued(1).await;
    let assert_hidden = |shown: &str| {
        let (key, sealed) = (
            hex::encode(made.recipient_key),
            hex::encode(&made.sealed_recipient),
        );
        let recipient = recipient(1);
        for secret in [recipient.address(), &made.masked_recipient, &key, &sealed] {
            assert!(!shown.contains(secret), "{shown}");
        }
    };
    let error = world.issue(made.clone()).await.unwrap_err();
    let shown = format!("{error:?} {error}");
    assert_hidden(&shown);
    let mut broken = world.verification(1, now());
    broken.masked_recipient.push('\0');
    let error = world.issue(broken).await.unwrap_err();
    let shown = format!("{error:?} {error}");
    assert!(matches!(error, StoreError::Statement(_)), "{shown}");
    assert_hidden(&shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guess_at_a_recipient_without_counters_is_counted_in_new_ones() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    let ids = [
        world.issued(1).await.id,
        world.issued(1).await.id,
        world.issued(1).await.id,
    ];
    run(&mut beside, "DELETE FROM limit_counters".to_owned()).await;
    let guesses = ids.into_iter().cycle().take(15).map(|id| {
        let mut guess = world.guess(id, WRONG, now());
        guess.guesses_per_day = 5;
        let store = world.database.store();
        async move { store.check(guess).await.unwrap() }
    });
    let outcomes = in_parallel(guesses.collect::<Vec<_>>()).await;
    assert_eq!(
        count(&outcomes, |outcome| matches!(outcome, Check::Incorrect { .. })),
        5
    );
    assert_eq!(
        number(&mut beside, "SELECT sum(wrong_guesses) FROM limit_counters").await,
        5
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_removed_page_by_page_from_anywhere_in_their_table() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    for user in 0..40 {
        // Half of them are still needed.
        let at = if user < 20 { now() } else { now() + 30 * HOUR };
        world.issue_as_is(world.verification(user, at)).await;
    }
    let mut calls = 0;
    while number(&mut beside, "SELECT count(*) FROM limit_counters").await > 20 {
        let removed = world.remove_old(now(), now() + 31 * HOUR, 3).await.unwrap();
        assert!(removed <= 3, "{removed}");
        calls += 1;
        assert!(calls < 20);
    }
    let mut limited = world.verification(21, now() + 31 * HOUR);
    limited.limits = SendLimits { per_day: 1, ..WIDE };
    assert!(matches!(world.issue(limited).await.unwrap(), Issue::Refused(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counter_other_than_the_quota_is_not_given_back_to_it() {
    let Some((world, _)) = on_postgres().await else {
        return;
    };
    let mut new = world.verification(1, now());
    new.message.id = MessageId(unguessable_id(&OsRandom));
    new.message.quota = Some(MonthlyLimit {
        counter: MonthlyCounter::Fallback,
        ..quota(10)
    });
    let made = world.issue_as_is(new).await;
    world.reserve(world.environment, quota(10)).await.unwrap();
    world.settled(made.message.id, failed()).await;
    for counter in [MonthlyCounter::TestQuota, MonthlyCounter::Fallback] {
        assert_eq!(
            world
                .used(world.environment, counter, quota(0).month)
                .await
                .unwrap(),
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_takes_new_room_on_the_disk_proves_that_there_is_some() {
    const SIZE: &str = "SELECT pg_relation_size('write_probes')";
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    for _ in 0..5 {
        world.probe_writing().await.unwrap();
    }
    // The pages of former probes are empty now, and the disk might be full.
    run(&mut beside, "VACUUM write_probes".to_owned()).await;
    let before = number(&mut beside, SIZE).await;
    world.probe_writing().await.unwrap();
    assert!(number(&mut beside, SIZE).await > before);
}
