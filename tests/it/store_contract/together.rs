//! Changes of the directory that are made together: all of them or none, and only on what they were planned on.

use otpost::domain::environment::{Application, Connection, Environment, SettingsKind};
use otpost::domain::id::{ApplicationId, AuditId, EnvironmentId};
use otpost::domain::random::OsRandom;
use otpost::store::SharedStore;
use otpost::store::directory::{AuditEntry, DirectoryRows, Expected, SettingsRow, Step, Write};

use super::directory::first;
use super::fixture::{count, in_parallel, now};
use crate::support::database::Database;

fn step(write: Write) -> Step {
    let audit = AuditEntry {
        id: AuditId::time_ordered(&OsRandom, now()),
        environment_id: None,
        key_id: None,
        action: "test".to_owned(),
        target: "test".to_owned(),
        changes: "{}".to_owned(),
        remote_address: None,
        at: now(),
    };
    Step { write, audit }
}

fn document(environment_id: EnvironmentId, kind: SettingsKind, document: &str) -> SettingsRow {
    SettingsRow {
        environment_id,
        kind,
        document: document.to_owned(),
        updated_at: now(),
    }
}

async fn founded() -> (Database, DirectoryRows) {
    let database = Database::fresh().await;
    assert!(database.found(first()).await.unwrap());
    let rows = database.load_directory().await.unwrap();
    (database, rows)
}

/// The environment with another name, as a step.
fn renamed(rows: &DirectoryRows, name: &str) -> Step {
    step(Write::Environment(Environment {
        name: name.to_owned(),
        ..rows.environments[0].row.clone()
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_every_kind_are_made_with_one_raise_of_the_revision() {
    let (database, before) = founded().await;
    let held = &before.environments[0].row;
    let environment = Environment {
        id: EnvironmentId::time_ordered(&OsRandom, now()),
        code: "staging".to_owned(),
        ..held.clone()
    };
    let connections = Connection::of_new_environment(&OsRandom, environment.id).to_vec();
    let made = Application {
        id: ApplicationId::time_ordered(&OsRandom, now()),
        environment_id: environment.id,
        name: "App".to_owned(),
        autofill_domain: None,
        connections: Vec::new(),
        created_at: now(),
        updated_at: now(),
    };
    let old = &before.applications[0].row;
    let (on, off) = (connections[1].id, old.connections[0]);
    let steps = vec![
        renamed(&before, "Live"),
        step(Write::NewEnvironment {
            environment: environment.clone(),
            connections: connections.clone(),
        }),
        step(Write::NewApplication(made.clone())),
        step(Write::Switch {
            application: made.id,
            connection: on,
            on: true,
        }),
        step(Write::Switch {
            application: old.id,
            connection: off,
            on: false,
        }),
        step(Write::Application(Application {
            name: "Shop".to_owned(),
            ..old.clone()
        })),
        step(Write::Settings {
            row: document(held.id, SettingsKind::Content, r#"{"en":{}}"#),
            clears: None,
        }),
        step(Write::Settings {
            row: document(held.id, SettingsKind::Email, "{}"),
            clears: Some(SettingsKind::Content),
        }),
    ];
    assert!(database.change_together(before.revision, steps).await.unwrap());

    let after = database.load_directory().await.unwrap();
    assert_eq!(after.revision, before.revision + 1);
    let names: Vec<_> = after
        .environments
        .iter()
        .map(|held| (held.row.name.as_str(), held.version))
        .collect();
    assert_eq!(names.len(), 2);
    assert!(
        names.contains(&("Live", 2)) && names.contains(&("Production", 1)),
        "{names:?}"
    );
    let application = |id| {
        let found = after.applications.iter().find(|held| held.row.id == id).unwrap();
        (
            found.row.name.as_str(),
            found.row.connections.clone(),
            found.version,
        )
    };
    assert_eq!(application(made.id), ("App", vec![on], 1));
    assert_eq!(application(old.id), ("Shop", vec![], 2));
    let settings: Vec<_> = after
        .settings
        .iter()
        .map(|held| (held.row.kind, held.row.document.as_str(), held.version))
        .collect();
    assert_eq!(settings.len(), 2);
    assert!(settings.contains(&(SettingsKind::Email, "{}", 1)), "{settings:?}");
    assert!(
        settings.contains(&(SettingsKind::Content, "{}", 2)),
        "{settings:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_on_a_directory_that_somebody_has_changed() {
    let (database, before) = founded().await;
    let held = before.environments[0].row.clone();
    let audit = step(Write::Environment(held.clone())).audit;
    database
        .update_environment(held, Expected::Any, audit)
        .await
        .unwrap();
    let steps = vec![renamed(&before, "Late")];
    assert!(!database.change_together(before.revision, steps).await.unwrap());
    let after = database.load_directory().await.unwrap();
    assert_eq!(
        (after.environments[0].row.name.as_str(), after.revision),
        ("Production", before.revision + 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_that_planned_on_the_same_directory_one_changes_it() {
    let (database, before) = founded().await;
    let made = in_parallel((0..8).map(|n| {
        let store: SharedStore = database.store();
        let steps = vec![renamed(&before, &format!("Name {n}"))];
        let on = before.revision;
        async move { store.change_together(on, steps).await.unwrap() }
    }))
    .await;
    assert_eq!(count(&made, |made| *made), 1);
    assert_eq!(database.revision().await.unwrap(), before.revision + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_of_them_fails_none_is_made() {
    let (database, before) = founded().await;
    let duplicate = step(Write::NewEnvironment {
        environment: Environment {
            id: EnvironmentId::time_ordered(&OsRandom, now()),
            ..before.environments[0].row.clone()
        },
        connections: Vec::new(),
    });
    let steps = vec![renamed(&before, "Half"), duplicate];
    database
        .change_together(before.revision, steps)
        .await
        .unwrap_err();
    let after = database.load_directory().await.unwrap();
    assert_eq!(
        (after.environments[0].row.name.as_str(), after.revision),
        ("Production", before.revision)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_founded_comes_with_its_changes_or_not_at_all() {
    let database = Database::fresh().await;
    let mut founding = first();
    let id = founding.environment.id;
    let good = step(Write::Settings {
        row: document(id, SettingsKind::Otp, r#"{"digits":8}"#),
        clears: None,
    });
    let bad = step(Write::Settings {
        row: document(EnvironmentId::unguessable(&OsRandom), SettingsKind::Otp, "{}"),
        clears: None,
    });
    founding.steps = vec![good.clone(), bad];
    database.found(founding.clone()).await.unwrap_err();
    assert_eq!(database.load_directory().await.unwrap().environments, []);
    founding.steps = vec![good];
    assert!(database.found(founding).await.unwrap());
    let rows = database.load_directory().await.unwrap();
    assert_eq!((rows.environments.len(), rows.settings.len()), (1, 1));
}
