//! The audit log: read page by page, and never changed.

use otpost::domain::id::{AuditId, EnvironmentId, KeyId};
use otpost::domain::random::OsRandom;
use otpost::store::audit::{AuditEntry, AuditScope};
use otpost::store::directory::Step;

use super::directory::{settings, taken};
use super::fixture::{DAY, SECOND, World, now};

/// Writes an entry, with a change of no matter.
async fn write(world: &World, at: EnvironmentId, number: u32, of: Option<EnvironmentId>) -> AuditEntry {
    let entry = AuditEntry {
        id: AuditId::time_ordered(&OsRandom, now() + number * SECOND),
        environment_id: of,
        key_id: Some(KeyId::unguessable(&OsRandom)),
        key_name: number.is_multiple_of(2).then(|| format!("key {number}")),
        action: format!("change.{number}"),
        target: "any".to_owned(),
        changes: format!("{{\"number\":{number}}}"),
        remote_address: Some("192.0.2.1".to_owned()),
        at: now() + number * SECOND,
    };
    taken(world, vec![settings(at, "any"), Step::Audit(entry.clone())]).await;
    entry
}

fn read(stored: Vec<AuditEntry>) -> Vec<AuditEntry> {
    let without_spaces = |stored: AuditEntry| AuditEntry {
        // Postgres writes JSON its own way.
        changes: stored.changes.replace(' ', ""),
        ..stored
    };
    stored.into_iter().map(without_spaces).collect()
}

async fn pages(world: &World, scope: AuditScope, limit: u32) -> Vec<AuditEntry> {
    let mut all: Vec<AuditEntry> = Vec::new();
    loop {
        let before = all.last().map(|entry| entry.id);
        let page = world.list_audit_entries(scope, before, limit).await.unwrap();
        assert!(page.len() <= limit as usize);
        if page.is_empty() {
            return all;
        }
        all.extend(read(page));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_read_page_by_page_newest_first_and_each_environment_sees_its_own() {
    let world = World::new().await;
    let (here, elsewhere) = (world.environment, EnvironmentId::unguessable(&OsRandom));
    let (mut ours, mut theirs, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=20 {
        let of = match number % 3 {
            0 => Some(elsewhere),
            1 => Some(here),
            _ => None,
        };
        let entry = write(&world, here, number, of).await;
        match of {
            Some(of) if of == here => ours.insert(0, entry.clone()),
            Some(_) => theirs.insert(0, entry.clone()),
            None => {}
        }
        all.insert(0, entry);
    }
    assert_eq!(pages(&world, AuditScope::Environment(here), 3).await, ours);
    assert_eq!(pages(&world, AuditScope::Environment(elsewhere), 4).await, theirs);
    assert_eq!(pages(&world, AuditScope::Installation, 5).await, all);
    // The cursor of another environment's entry is a moment like any other.
    let before = Some(theirs[2].id);
    let page = world
        .list_audit_entries(AuditScope::Environment(here), before, 100)
        .await
        .unwrap();
    let older: Vec<_> = ours.into_iter().filter(|entry| Some(entry.id) < before).collect();
    assert_eq!(read(page), older);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_entry_is_changed_or_removed_not_even_by_upkeep() {
    let world = World::new().await;
    write(&world, world.environment, 1, Some(world.environment)).await;
    let before = pages(&world, AuditScope::Installation, 100).await;
    let mut tries = vec![
        "UPDATE audit_entries SET action = 'nothing'".to_owned(),
        "UPDATE audit_entries SET key_id = NULL WHERE action = 'change.1'".to_owned(),
        "DELETE FROM audit_entries".to_owned(),
        "DELETE FROM audit_entries WHERE action = 'change.1'".to_owned(),
    ];
    if !world.database.is_postgres() {
        tries.push(
            "INSERT OR REPLACE INTO audit_entries SELECT id, NULL, NULL, NULL, 'nothing', '', '{}', NULL, at FROM audit_entries"
                .to_owned(),
        );
    }
    for statement in tries {
        let refused = world.database.run(statement.clone()).await.unwrap_err();
        assert!(
            refused.to_string().contains("append-only"),
            "{statement}: {refused}"
        );
    }
    let ages_later = now() + 10_000 * DAY;
    while world.remove_old(ages_later, ages_later, 1_000).await.unwrap() > 0 {}
    assert_eq!(pages(&world, AuditScope::Installation, 100).await, before);
}
