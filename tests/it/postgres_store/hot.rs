//! How little a send and what becomes of it write: common updates touch no index, and a send makes few rows.

use std::collections::BTreeMap;

use otpost::store::SharedStore;
use otpost::store::verification::{Check, NewVerification};
use sqlx::{Connection as _, PgConnection};

use crate::store_contract::fixture::{RIGHT, WRONG, World, accepted, all_at_once, ip_key, now, quota};
use crate::support::wait::until;

/// What the server has counted of a table.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Written {
    inserted: i64,
    updated: i64,
    /// Of the updates, those that touched no index.
    hot: i64,
    /// Entries of all indexes for what was inserted.
    index_entries: i64,
}

/// By table, of all that was written so far. A server counts what a connection did when that ends, so nothing may be left open.
async fn written(world: &World) -> BTreeMap<String, Written> {
    let mut beside = PgConnection::connect(world.database.url()).await.unwrap();
    until("all connections have ended", async || {
        let others = "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let others: i64 = sqlx::query_scalar(others).fetch_one(&mut beside).await.unwrap();
        others == 0
    })
    .await;
    let rows: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT relname::text, n_tup_ins, n_tup_upd, n_tup_hot_upd,
                n_tup_ins * (SELECT count(*) FROM pg_index i WHERE i.indrelid = relid)
         FROM pg_stat_user_tables",
    )
    .fetch_all(&mut beside)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(table, inserted, updated, hot, index_entries)| {
            let written = Written {
                inserted,
                updated,
                hot,
                index_entries,
            };
            (table, written)
        })
        .collect()
}

/// What `work` writes, with a store of its own that is closed afterwards; tables that it leaves alone are left out.
async fn written_by<F>(world: &World, work: impl FnOnce(SharedStore) -> F) -> BTreeMap<String, Written>
where
    F: Future<Output = ()>,
{
    let before = written(world).await;
    let store = world.database.second_store().await;
    work(store.clone()).await;
    store.close().await;
    let mut after = written(world).await;
    for (table, written) in &mut after {
        let before = before.get(table).copied().unwrap_or_default();
        written.inserted -= before.inserted;
        written.updated -= before.updated;
        written.hot -= before.hot;
        written.index_entries -= before.index_entries;
    }
    after.retain(|_, written| *written != Written::default());
    after
}

async fn issued(world: &World, store: &SharedStore, users: std::ops::Range<u32>) -> Vec<NewVerification> {
    let all: Vec<_> = users.map(|user| world.verification(user, now())).collect();
    all_at_once(all.clone().into_iter().map(|new| {
        let store = store.clone();
        async move { store.issue(new).await.unwrap() }
    }))
    .await;
    all
}

/// What is guessed at in one batch was not made in one: users take their time.
fn every_fourth(all: Vec<NewVerification>) -> Vec<NewVerification> {
    all.into_iter().step_by(4).collect()
}

/// Where an index names what is updated, none is HOT. A few are not where rows of one page happen to be updated before what they leave
/// behind may be cleared away.
fn all_hot(written: &BTreeMap<String, Written>, tables: &[&str]) {
    assert_eq!(written.keys().collect::<Vec<_>>(), tables, "{written:?}");
    for (table, written) in written {
        assert_eq!((written.inserted, written.updated), (0, 100), "{table}");
        assert!(written.hot >= 90, "{table}: {written:?}");
    }
}

async fn outcomes_are_hot(world: &World, at_once: bool) {
    let (mut made, mut right, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    written_by(world, async |store| {
        made = issued(world, &store, 0..100).await;
        right = every_fourth(issued(world, &store, 100..500).await);
        wrong = every_fourth(issued(world, &store, 500..900).await);
    })
    .await;
    let settled = written_by(world, async |store| {
        let all = made.iter().map(|new| {
            let (store, settlement) = (store.clone(), world.settlement(new.message.id, accepted()));
            async move {
                store.settle(settlement).await.unwrap();
            }
        });
        carry_out(all, at_once).await;
    })
    .await;
    all_hot(&settled, &["messages"]);
    for (verifications, code, tables) in [
        (&right, RIGHT, &["verifications"][..]),
        (&wrong, WRONG, &["limit_counters", "verifications"]),
    ] {
        let guessed = written_by(world, async |store| {
            let all = verifications.iter().map(|new| {
                let (store, guess) = (store.clone(), world.guess(new.id, code, now()));
                async move {
                    let checked = store.check(guess).await.unwrap();
                    assert!(matches!(checked, Check::Verified(_) | Check::Incorrect { .. }));
                }
            });
            carry_out(all, at_once).await;
        })
        .await;
        all_hot(&guessed, tables);
    }
}

async fn carry_out<F>(all: impl Iterator<Item = F>, at_once: bool)
where
    F: Future<Output = ()> + Send + 'static,
{
    if at_once {
        all_at_once(all).await;
    } else {
        for one in all {
            one.await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_a_message_and_of_a_code_touches_no_index() {
    let Some(world) = closed_world().await else { return };
    outcomes_are_hot(&world, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_does_it_in_batches() {
    let Some(world) = closed_world().await else { return };
    outcomes_are_hot(&world, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_writes_five_rows_and_seven_entries_of_indexes_and_those_made_with_it_share_two() {
    let Some(world) = closed_world().await else { return };
    let sum = |written: &BTreeMap<String, Written>| {
        let of = |count: fn(&Written) -> i64| written.values().map(count).sum::<i64>();
        (
            of(|one| one.inserted),
            of(|one| one.index_entries),
            of(|one| one.updated),
        )
    };
    let single = written_by(&world, async |store| {
        store.issue(world.verification(1, now())).await.unwrap();
    })
    .await;
    assert_eq!(sum(&single), (5, 7, 0), "{single:?}");
    // The end user's address and the quota have a counter each, which all share.
    let counted = written_by(&world, async |store| {
        let mut new = world.verification(2, now());
        new.ip_key = Some(ip_key(1));
        new.message.quota = Some(quota(1_000));
        store.issue(new).await.unwrap();
    })
    .await;
    assert_eq!(sum(&counted), (7, 9, 0), "{counted:?}");
    let many = written_by(&world, async |store| {
        issued(&world, &store, 100..200).await;
    })
    .await;
    let batches = many["outbox"].inserted;
    assert_eq!(many["expiries"].inserted, batches);
    assert!(batches < 20, "a hundred at once came in {batches} batches");
    assert_eq!(sum(&many), (300 + 2 * batches, 500 + 2 * batches, 0), "{many:?}");
}

/// A world on Postgres whose own store is closed, so that nothing but the store in hand writes.
async fn closed_world() -> Option<World> {
    let world = World::new().await;
    if !world.database.is_postgres() {
        return None;
    }
    world.close().await;
    Some(world)
}
