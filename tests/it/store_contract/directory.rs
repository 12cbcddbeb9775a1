//! The directory: records put and removed by whole steps, on what was seen of them, and read as of one revision.

use std::collections::BTreeSet;

use otpost::domain::id::{AuditId, EnvironmentId, KeyId};
use otpost::domain::random::{OsRandom, unguessable_id};
use otpost::store::audit::AuditEntry;
use otpost::store::directory::{Commit, Kind, Record, Step, StoredRecord};
use otpost::store::{REMOVED_RECORDS_KEPT, SharedStore};
use uuid::Uuid;

use super::fixture::{DAY, MINUTE, SECOND, World, count, in_parallel, now};

pub(super) fn audit(environment: EnvironmentId) -> AuditEntry {
    AuditEntry {
        id: AuditId::time_ordered(&OsRandom, now()),
        environment_id: Some(environment),
        key_id: None,
        key_name: None,
        action: "environment.create".to_owned(),
        target: environment.to_string(),
        changes: r#"{"name":"Production"}"#.to_owned(),
        remote_address: Some("192.0.2.1".to_owned()),
        at: now(),
    }
}

/// An environment that nobody has.
pub(super) fn some_environment() -> EnvironmentId {
    EnvironmentId::time_ordered(&OsRandom, now())
}

/// The environment's own record, under a code.
pub(super) fn environment(id: EnvironmentId, code: &str) -> Step {
    Step::Put(Record {
        unique_name: Some(format!("environment {code}")),
        ..record(Kind::Environment, id.0, Some(id), code)
    })
}

/// A record of this kind, whose document says `says`.
fn record(kind: Kind, id: Uuid, environment_id: Option<EnvironmentId>, says: &str) -> Record {
    Record {
        kind,
        id,
        environment_id,
        document: format!("{{\"says\":\"{says}\"}}"),
        unique_name: None,
    }
}

/// A settings document of the environment.
pub(super) fn settings(id: EnvironmentId, says: &str) -> Step {
    Step::Put(record(Kind::Sms, id.0, Some(id), says))
}

fn administrator(id: KeyId) -> Step {
    Step::Put(record(Kind::Key, id.0, None, "key"))
}

fn removal(kind: Kind, id: Uuid, environment_id: Option<EnvironmentId>) -> Step {
    Step::Remove {
        kind,
        id,
        environment_id,
    }
}

/// Takes steps on what there is.
pub(super) async fn taken(store: &SharedStore, steps: Vec<Step>) -> i64 {
    let on = store.revision().await.unwrap();
    assert_eq!(store.commit(on, now(), steps).await.unwrap(), Commit::Committed);
    on + 1
}

/// What was read: kind, what the document says, `None` for a removed one, and the revision.
async fn read(store: &SharedStore, since: i64) -> BTreeSet<(String, Option<String>, i64)> {
    let loaded = store.load(since).await.unwrap();
    let says = |record: &StoredRecord| {
        let document: serde_json::Value = serde_json::from_str(record.document.as_deref()?).unwrap();
        Some(document["says"].as_str().unwrap().to_owned())
    };
    let records = loaded.records.iter();
    records
        .map(|record| (record.kind.clone(), says(record), record.revision))
        .collect()
}

fn told(kind: &str, says: Option<&str>, revision: i64) -> (String, Option<String>, i64) {
    (kind.to_owned(), says.map(str::to_owned), revision)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_directory_has_a_revision_and_nothing_else() {
    let world = World::new().await;
    let loaded = world.load(0).await.unwrap();
    assert_eq!(loaded.revision, world.revision().await.unwrap());
    assert_eq!(loaded.records, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_is_read_with_the_revision_it_was_put_under() {
    let world = World::new().await;
    let (here, key) = (some_environment(), KeyId::unguessable(&OsRandom));
    let first = taken(
        &world,
        vec![
            environment(here, "here"),
            settings(here, "one"),
            administrator(key),
        ],
    )
    .await;
    let second = taken(&world, vec![settings(here, "two")]).await;
    assert_eq!(second, first + 1);
    let all = [
        told("environment", Some("here"), first),
        told("key", Some("key"), first),
        told("sms", Some("two"), second),
    ];
    assert_eq!(read(&world, 0).await, BTreeSet::from(all.clone()));
    assert_eq!(read(&world, first).await, BTreeSet::from([all[2].clone()]));
    assert_eq!(read(&world, second).await, BTreeSet::new());
    let loaded = world.load(second).await.unwrap();
    assert_eq!(loaded.revision, second);
    let stored = world.load(first).await.unwrap().records.remove(0);
    assert_eq!((stored.id, stored.environment_id), (here.0, Some(here)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_is_told_to_who_reads_what_is_newer_until_nobody_can_have_missed_it() {
    let world = World::new().await;
    let (here, key) = (some_environment(), KeyId::unguessable(&OsRandom));
    let before = taken(&world, vec![environment(here, "here"), administrator(key)]).await;
    world.touch_keys(vec![key], now()).await.unwrap();
    let after = taken(&world, vec![removal(Kind::Key, key.0, None)]).await;
    let stays = BTreeSet::from([told("environment", Some("here"), before)]);
    let gone = BTreeSet::from([told("key", None, after)]);
    assert_eq!(read(&world, 0).await, stays);
    assert_eq!(read(&world, before).await, gone);
    let end = now() + REMOVED_RECORDS_KEPT;
    assert_eq!(world.remove_old(now() - DAY, end, 100).await.unwrap(), 0);
    assert_eq!(read(&world, before).await, gone);
    assert!(world.remove_old(now() - DAY, end + SECOND, 100).await.unwrap() > 0);
    assert_eq!(read(&world, before).await, BTreeSet::new());
    assert_eq!(read(&world, 0).await, stays);
    assert!(world.last_uses(vec![key]).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_takes_all_its_records_with_it_and_no_others() {
    let world = World::new().await;
    let (here, there) = (some_environment(), some_environment());
    let steps = vec![
        environment(here, "here"),
        settings(here, "ours"),
        environment(there, "there"),
        settings(there, "theirs"),
        administrator(KeyId::unguessable(&OsRandom)),
    ];
    let before = taken(&world, steps).await;
    let after = taken(&world, vec![removal(Kind::Environment, here.0, Some(here))]).await;
    let stays = [
        told("environment", Some("there"), before),
        told("sms", Some("theirs"), before),
        told("key", Some("key"), before),
    ];
    assert_eq!(read(&world, 0).await, BTreeSet::from(stays));
    let gone = [told("environment", None, after), told("sms", None, after)];
    assert_eq!(read(&world, before).await, BTreeSet::from(gone));
    // Its code is free.
    taken(&world, vec![environment(some_environment(), "here")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_lands_only_on_what_was_seen_of_its_environment() {
    let world = World::new().await;
    let (here, there) = (some_environment(), some_environment());
    let on = taken(
        &world,
        vec![environment(here, "here"), environment(there, "there")],
    )
    .await;
    taken(&world, vec![settings(there, "theirs")]).await;
    // What was changed elsewhere does not matter.
    let ours = world.commit(on, now(), vec![settings(here, "ours")]);
    assert_eq!(ours.await.unwrap(), Commit::Committed);
    let revision = world.revision().await.unwrap();
    let late = vec![
        settings(here, "late"),
        removal(Kind::Environment, here.0, Some(here)),
    ];
    for step in late {
        let entry = Step::Audit(audit(here));
        let refused = world.commit(on, now(), vec![step, entry]).await.unwrap();
        assert_eq!(refused, Commit::Stale);
    }
    assert_eq!(world.revision().await.unwrap(), revision);
    assert!(
        read(&world, 0)
            .await
            .contains(&told("sms", Some("ours"), revision))
    );
    let together = vec![settings(there, "late"), settings(some_environment(), "new")];
    let refused = world.commit(on, now(), together).await.unwrap();
    assert_eq!(refused, Commit::Stale, "all of them or none");
    // Nobody has seen that it was removed.
    let on = revision;
    taken(&world, vec![removal(Kind::Environment, here.0, Some(here))]).await;
    let refused = world.commit(on, now(), vec![settings(here, "late")]).await;
    assert_eq!(refused.unwrap(), Commit::Stale);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_all_share_is_changed_only_by_who_has_seen_all_of_it() {
    let world = World::new().await;
    let ids = [some_environment(), some_environment()];
    let keys = [(); 2].map(|()| KeyId::unguessable(&OsRandom));
    let mut steps = vec![environment(ids[0], "0"), environment(ids[1], "1")];
    steps.extend(keys.map(administrator));
    let on = taken(&world, steps).await;
    // Of two that each see another one stay, the second would remove the last.
    for removals in [
        ids.map(|id| removal(Kind::Environment, id.0, Some(id))),
        keys.map(|key| removal(Kind::Key, key.0, None)),
    ] {
        let on = on.max(world.revision().await.unwrap());
        let [first, second] = removals;
        let first = world.commit(on, now(), vec![first]).await.unwrap();
        let second = world.commit(on, now(), vec![second]).await.unwrap();
        assert_eq!((first, second), (Commit::Committed, Commit::Stale));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_name_has_one_record() {
    let world = World::new().await;
    let on = world.revision().await.unwrap();
    let eight = in_parallel((0..8).map(|_| {
        let store = world.database.store();
        let id = some_environment();
        async move {
            let steps = vec![environment(id, "default"), Step::Audit(audit(id))];
            store.commit(on, now(), steps).await.unwrap()
        }
    }))
    .await;
    assert_eq!(count(&eight, |commit| *commit == Commit::Committed), 1);
    assert_eq!(count(&eight, |commit| *commit == Commit::Stale), 7);
    assert_eq!(read(&world, 0).await.len(), 1);
    // Whoever has it may keep it, and change it.
    let id = world.load(0).await.unwrap().records[0].environment_id.unwrap();
    taken(&world, vec![environment(id, "default")]).await;
    taken(&world, vec![environment(id, "other")]).await;
    taken(&world, vec![environment(some_environment(), "default")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_on_one_environment_one_is_taken_and_of_twenty_on_as_many_all_are() {
    let world = World::new().await;
    let ids: Vec<_> = (0..20).map(|_| some_environment()).collect();
    let steps = ids.iter().enumerate();
    let steps = steps.map(|(number, id)| environment(*id, &number.to_string()));
    let on = taken(&world, steps.collect()).await;
    let change = |id: EnvironmentId| {
        let store = world.database.store();
        async move { store.commit(on, now(), vec![settings(id, "mine")]).await.unwrap() }
    };
    let each = in_parallel(ids.iter().map(|id| change(*id))).await;
    assert_eq!(count(&each, |commit| *commit == Commit::Committed), 20);
    assert_eq!(world.revision().await.unwrap(), on + 20);
    let on = on + 20;
    let change = |id: EnvironmentId| {
        let store = world.database.store();
        async move { store.commit(on, now(), vec![settings(id, "mine")]).await.unwrap() }
    };
    let same = in_parallel((0..20).map(|_| change(ids[0]))).await;
    assert_eq!(count(&same, |commit| *commit == Commit::Committed), 1);
    assert_eq!(count(&same, |commit| *commit == Commit::Stale), 19);
    assert_eq!(world.revision().await.unwrap(), on + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_step_fails_none_is_taken() {
    let world = World::new().await;
    let here = some_environment();
    let entry = audit(here);
    let on = taken(
        &world,
        vec![environment(here, "here"), Step::Audit(entry.clone())],
    )
    .await;
    let twice = vec![settings(here, "half"), Step::Audit(entry)];
    world.commit(on, now(), twice).await.unwrap_err();
    assert_eq!(world.revision().await.unwrap(), on);
    assert_eq!(read(&world, on).await, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn that_keys_were_used_is_remembered_without_a_new_revision() {
    let world = World::new().await;
    let keys = [(); 3].map(|()| KeyId(unguessable_id(&OsRandom)));
    let before = world.revision().await.unwrap();
    world.touch_keys(vec![keys[1], keys[0]], now()).await.unwrap();
    world
        .touch_keys(vec![keys[0], keys[1]], now() + MINUTE)
        .await
        .unwrap();
    // Another process may tell later what it saw before.
    world.touch_keys(vec![keys[0]], now() + SECOND).await.unwrap();
    world.touch_keys(vec![], now()).await.unwrap();
    assert_eq!(world.revision().await.unwrap(), before);
    let uses = world.last_uses(keys.to_vec()).await.unwrap();
    assert_eq!(uses.len(), 2);
    assert_eq!(uses[&keys[0]], now() + MINUTE);
    assert!(world.last_uses(vec![]).await.unwrap().is_empty());
}
