//! What only a database server can do to the store: break connections, turn read-only, make operations wait for each
//! other. Runs where `OTPOST_TEST_POSTGRES_URL` names a server; on SQLite there is nothing to ask here.

use std::time::Duration;

use otpost::domain::id::MessageId;
use otpost::domain::random::{OsRandom, unguessable_id};
use otpost::domain::time::Timestamp;
use otpost::store::outbox::{MonthlyCounter, MonthlyLimit, Outcome, Settled, Settlement};
use otpost::store::verification::{
    Cancel, Check, Guess, Issue, NewSend, NewVerification, Resend, SendLimits, SendRefusal,
};
use otpost::store::{SharedStore, StoreError};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::time::Instant;

use crate::store_contract::fixture::{
    HOUR, MINUTE, RIGHT, WIDE, WRONG, World, count, failed, in_parallel, issue_in_parallel, now, quota,
};
use crate::support::wait::until;

mod claims;

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

#[tokio::test(flavor = "multi_thread")]
async fn sends_that_lose_the_last_place_of_the_quota_leave_no_trace_in_other_counters() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    let all = (0..100).map(|user| {
        let mut new = world.verification(user % 50, now());
        new.ip_key = Some(format!("192.0.2.{}", user % 7));
        new.message.quota = Some(quota(10));
        new
    });
    let outcomes = issue_in_parallel(&world, all.collect()).await;
    assert_eq!(count(&outcomes, |outcome| *outcome == Issue::Issued), 10);
    let refused = Issue::Refused(SendRefusal::QuotaExhausted);
    assert_eq!(count(&outcomes, |outcome| *outcome == refused), 90);
    for statement in [
        "SELECT sum(hour_sends) FROM recipients",
        "SELECT sum(day_sends) FROM recipients",
        "SELECT sum(hour_sends) FROM end_user_addresses",
        "SELECT sum(used)::bigint FROM monthly_counters",
        "SELECT count(*) FROM verifications",
        "SELECT count(*) FROM messages",
        "SELECT count(*) FROM outbox",
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
        new.recipient = old.recipient.clone();
        new.ip_key.clone_from(&old.ip_key);
        new.message.quota = Some(quota(1_000));
        let mut again = world.again(old.id, at);
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
        new.ip_key = Some(format!("192.0.2.{}", number % 2));
        new.message.quota = Some(quota(1_000));
        made.push(world.issue_as_is(new).await);
    }
    let steps = (0..360).map(|step| Operations::on(&world, &made[step / 6], step, now() + MINUTE).run(step));
    let done = in_parallel(steps.collect::<Vec<_>>()).await;
    let sent = 60 + done.iter().map(|(sent, _)| sent).sum::<i64>();
    let left = sent - done.iter().map(|(_, given_back)| given_back).sum::<i64>();
    assert!(left < sent && sent > 60, "{sent} {left}");
    for (statement, expected) in [
        ("SELECT sum(day_sends) FROM recipients", left),
        ("SELECT sum(used)::bigint FROM monthly_counters", left),
        ("SELECT sum(hour_sends) FROM end_user_addresses", sent),
    ] {
        assert_eq!(number(&mut beside, statement).await, expected, "{statement}");
    }
}

/// The connections to the database other than the one that asks.
const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread")]
async fn one_broken_connection_makes_the_others_be_asked_before_they_are_used() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    until("several connections stand", async || {
        let all = (0..50).map(|user| world.verification(user, now()));
        issue_in_parallel(&world, all.collect()).await;
        number(&mut beside, OTHERS).await > 2
    })
    .await;
    number(
        &mut beside,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    until("they have ended", async || number(&mut beside, OTHERS).await == 0).await;
    let first = world.issue(world.verification(100, now())).await;
    assert!(matches!(first, Err(StoreError::Unavailable(_))), "{first:?}");
    for user in 101..111 {
        world.issue_as_is(world.verification(user, now())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_a_server_that_only_reads_is_not_used_again() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    let name: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&mut beside)
        .await
        .unwrap();
    run(
        &mut beside,
        format!("ALTER DATABASE {name} SET default_transaction_read_only = on"),
    )
    .await;
    let store = world.database.second_store().await;
    // Only connections made from here on may write again.
    run(
        &mut beside,
        format!("ALTER DATABASE {name} RESET default_transaction_read_only"),
    )
    .await;
    let refused = store.issue(world.verification(1, now())).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(
        store.issue(world.verification(1, now())).await.unwrap(),
        Issue::Issued
    );
}

/// Of a store's eight connections, two are kept for checking codes.
const FOR_SENDS: i64 = 6;

/// How long a request may take, and its caller waits.
const REQUEST: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn sends_that_wait_for_a_lock_do_not_keep_codes_from_being_checked() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    let (held, free) = (world.issued(1).await, world.issued(2).await);
    let mut transaction = beside.begin().await.unwrap();
    sqlx::query("SELECT FROM recipients WHERE recipient_key = $1 FOR UPDATE")
        .bind(held.recipient.key())
        .execute(&mut *transaction)
        .await
        .unwrap();
    // More of them than the store has connections. None waits for ever, so each comes again.
    let waiting: Vec<_> = (0..12)
        .map(|_| {
            let (store, new) = (world.database.store(), world.verification(1, now()));
            tokio::spawn(async move {
                loop {
                    match store.issue(new.clone()).await {
                        Err(StoreError::Unavailable(_)) => {}
                        issued => return issued,
                    }
                }
            })
        })
        .collect();
    let mut third = PgConnection::connect(world.database.url()).await.unwrap();
    until("all connections that sends may have wait", async || {
        let waiting = "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'";
        number(&mut third, waiting).await == FOR_SENDS
    })
    .await;
    let checked = world.guess_right(free.id, now()).await;
    assert!(matches!(checked, Check::Verified(_)), "{checked:?}");
    transaction.rollback().await.unwrap();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().unwrap(), Issue::Issued);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_gives_up_on_a_lock_before_its_caller_does() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    let held = world.issued(1).await;
    let mut transaction = beside.begin().await.unwrap();
    sqlx::query("SELECT FROM verifications WHERE id = $1 FOR UPDATE")
        .bind(held.id.0)
        .execute(&mut *transaction)
        .await
        .unwrap();
    let began = Instant::now();
    let outcome = world.check(world.guess(held.id, WRONG, now())).await;
    assert!(began.elapsed() < REQUEST, "{:?}", began.elapsed());
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    transaction.rollback().await.unwrap();
    assert_eq!(
        world.guess_wrong(held.id, now()).await,
        Check::Incorrect { guesses_left: 4 }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_shows_no_recipient() {
    let Some((world, _)) = on_postgres().await else {
        return;
    };
    let made = world.issued(1).await;
    let error = world.issue(made.clone()).await.unwrap_err();
    let shown = format!("{error:?} {error}");
    assert!(!shown.contains(&made.recipient.key()), "{shown}");
    let mut broken = world.verification(1, now());
    broken.message.decision = "no JSON".to_owned();
    let error = world.issue(broken).await.unwrap_err();
    let shown = format!("{error:?} {error}");
    assert!(matches!(error, StoreError::Statement(_)), "{shown}");
    assert!(!shown.contains(&made.recipient.key()), "{shown}");
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
    run(&mut beside, "DELETE FROM recipients".to_owned()).await;
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
        number(&mut beside, "SELECT sum(wrong_guesses) FROM recipients").await,
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
    while number(&mut beside, "SELECT count(*) FROM recipients").await > 20 {
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
