//! What becomes of operations when connections break, turn read-only, or all wait for a lock.

use std::sync::Arc;
use std::time::Duration;

use otpost::store::verification::{Check, Issue, Resend};
use otpost::store::{SharedStore, StoreError};
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{number, on_postgres, run};
use crate::store_contract::fixture::{MINUTE, WRONG, issue_in_parallel, now};
use crate::support::wait::until;

/// The connections to the database other than the one that asks.
pub const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity
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

/// Carries out a send until it is told what came of it.
fn come_again<F>(
    store: SharedStore,
    send: impl Fn(SharedStore) -> F + Send + 'static,
) -> JoinHandle<Result<bool, StoreError>>
where
    F: Future<Output = Result<bool, StoreError>> + Send,
{
    tokio::spawn(async move {
        loop {
            match send(Arc::clone(&store)).await {
                Err(StoreError::Unavailable(_)) => {}
                outcome => return outcome,
            }
        }
    })
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
    let free = world.issued(0).await;
    let mut held = Vec::new();
    for user in 1..=6 {
        held.push(world.issued(user).await);
    }
    let mut transaction = beside.begin().await.unwrap();
    sqlx::query("SELECT FROM limit_counters WHERE key <> $1 FOR UPDATE")
        .bind(&free.recipient_key[..])
        .execute(&mut *transaction)
        .await
        .unwrap();
    // More of them than the store has connections. None waits for ever, so each comes again.
    let waiting: Vec<_> = (1..)
        .zip(&held)
        .flat_map(|(user, held)| {
            let (new, again) = (world.verification(user, now()), world.again(held, now() + MINUTE));
            [
                come_again(world.database.store(), move |store| {
                    let new = new.clone();
                    async move { store.issue(new).await.map(|issued| issued == Issue::Issued) }
                }),
                come_again(world.database.store(), move |store| {
                    let again = again.clone();
                    async move {
                        store
                            .resend(again)
                            .await
                            .map(|resent| matches!(resent, Resend::Resent(_)))
                    }
                }),
            ]
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
        assert!(waiting.await.unwrap().unwrap());
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
