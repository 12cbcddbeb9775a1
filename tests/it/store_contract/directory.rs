//! The directory: founded once, read as of one moment, changed under versions with a new revision each time.

use otpost::domain::business::{AutofillDomain, BusinessName, BusinessUrl};
use otpost::domain::environment::{Application, Connection, Environment, KeyRecord, SettingsKind};
use otpost::domain::id::{ApplicationId, AuditId, ConnectionId, EnvironmentId, KeyId};
use otpost::domain::locale::LanguageTag;
use otpost::domain::phone::Country;
use otpost::domain::random::OsRandom;
use otpost::domain::verification::Strategy;
use otpost::store::directory::{AuditEntry, Change, Expected, FirstEnvironment, SettingsRow};

use super::fixture::{SECOND, World, count, in_parallel, now};

pub(super) fn audit(environment: EnvironmentId) -> AuditEntry {
    AuditEntry {
        id: AuditId::time_ordered(&OsRandom, now()),
        environment_id: Some(environment),
        key_id: None,
        action: "environment.create".to_owned(),
        target: environment.to_string(),
        changes: r#"{"name":"Production"}"#.to_owned(),
        remote_address: Some("192.0.2.1".to_owned()),
        at: now(),
    }
}

pub fn first() -> FirstEnvironment {
    let environment = Environment {
        id: EnvironmentId::time_ordered(&OsRandom, now()),
        code: "default".to_owned(),
        name: "Production".to_owned(),
        business_name: BusinessName::parse("Acme").unwrap(),
        business_url: BusinessUrl::parse("https://acme.example.com").unwrap(),
        default_country: Some(Country::parse("au").unwrap()),
        default_locale: LanguageTag::parse("en").unwrap(),
        created_at: now(),
        updated_at: now(),
    };
    let connection = |strategy: Strategy| Connection {
        id: ConnectionId::unguessable(&OsRandom),
        environment_id: environment.id,
        strategy,
        name: strategy.to_string(),
    };
    let connections: Vec<_> = Strategy::ALL
        .iter()
        .map(|strategy| connection(*strategy))
        .collect();
    let application = Application {
        id: ApplicationId::time_ordered(&OsRandom, now()),
        environment_id: environment.id,
        name: "Web".to_owned(),
        autofill_domain: Some(AutofillDomain::parse("acme.example.com").unwrap()),
        connections: vec![connections[0].id],
        created_at: now(),
        updated_at: now(),
    };
    let key = |application_id, hash| KeyRecord {
        id: KeyId::unguessable(&OsRandom),
        application_id,
        name: "first".to_owned(),
        prefix: "otp_".to_owned(),
        last_four: "abcd".to_owned(),
        hash: [hash; 32],
        created_at: now(),
    };
    FirstEnvironment {
        audit: audit(environment.id),
        keys: vec![key(Some(application.id), 1), key(None, 2)],
        environment,
        connections,
        application,
        steps: Vec::new(),
    }
}

pub(super) fn settings(environment_id: EnvironmentId, document: &str) -> SettingsRow {
    SettingsRow {
        environment_id,
        kind: SettingsKind::Sms,
        document: document.to_owned(),
        updated_at: now(),
    }
}

pub(super) async fn founded(world: &World) -> FirstEnvironment {
    let first = first();
    assert!(world.database.found(first.clone()).await.unwrap());
    first
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_that_found_at_once_exactly_one_does() {
    let world = World::new().await;
    let founded = in_parallel((0..8).map(|_| {
        let store = world.database.store();
        async move { store.found(first()).await.unwrap() }
    }))
    .await;
    assert_eq!(count(&founded, |founded| *founded), 1);
    let rows = world.load_directory().await.unwrap();
    assert_eq!((rows.environments.len(), rows.applications.len()), (1, 1));
    assert_eq!((rows.connections.len(), rows.keys.len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_founded_is_read_back() {
    let world = World::new().await;
    let before = world.revision().await.unwrap();
    let mut first = founded(&world).await;
    let mut rows = world.load_directory().await.unwrap();
    assert_eq!(rows.revision, before + 1);
    assert_eq!(rows.environments[0].row, first.environment);
    assert_eq!(rows.environments[0].version, 1);
    assert_eq!(rows.applications[0].row, first.application);
    assert_eq!(rows.applications[0].version, 1);
    assert_eq!(rows.settings, []);
    first.connections.sort_by_key(|connection| connection.id);
    rows.connections.sort_by_key(|connection| connection.id);
    assert_eq!(rows.connections, first.connections);
    first.keys.sort_by_key(|key| key.id);
    rows.keys.sort_by_key(|key| key.id);
    assert_eq!(rows.keys, first.keys);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_raises_the_revision() {
    let world = World::new().await;
    let first = founded(&world).await;
    let id = first.environment.id;
    let mut seen = vec![world.revision().await.unwrap()];
    let environment = Environment {
        name: "Live".to_owned(),
        ..first.environment
    };
    world
        .update_environment(environment, Expected::Any, audit(id))
        .await
        .unwrap();
    seen.push(world.revision().await.unwrap());
    let application = Application {
        name: "App".to_owned(),
        ..first.application
    };
    world
        .update_application(application, Expected::Any, audit(id))
        .await
        .unwrap();
    seen.push(world.revision().await.unwrap());
    world
        .put_settings(settings(id, "{}"), Expected::Any, audit(id))
        .await
        .unwrap();
    seen.push(world.revision().await.unwrap());
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
    // What is refused does not.
    let refused = world
        .put_settings(settings(id, "{}"), Expected::Version(9), audit(id))
        .await
        .unwrap();
    assert_eq!(refused, Change::VersionMismatch);
    assert_eq!(Some(&world.revision().await.unwrap()), seen.last());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_changed_only_by_who_saw_its_version() {
    let world = World::new().await;
    let first = founded(&world).await;
    let id = first.environment.id;
    let changed = Environment {
        business_name: BusinessName::parse("Acme Ltd").unwrap(),
        default_country: None,
        updated_at: now() + SECOND,
        ..first.environment
    };
    let update = async |environment: &Environment, expected| {
        world
            .update_environment(environment.clone(), expected, audit(id))
            .await
            .unwrap()
    };
    assert_eq!(
        update(&changed, Expected::Version(1)).await,
        Change::Made { version: 2 }
    );
    assert_eq!(
        update(&changed, Expected::Version(1)).await,
        Change::VersionMismatch
    );
    assert_eq!(update(&changed, Expected::Any).await, Change::Made { version: 3 });
    let rows = world.load_directory().await.unwrap();
    assert_eq!(
        (rows.environments[0].version, &rows.environments[0].row),
        (3, &changed)
    );
    let stranger = Environment {
        id: EnvironmentId::unguessable(&OsRandom),
        ..changed
    };
    assert_eq!(update(&stranger, Expected::Any).await, Change::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applications_connections_stay_when_it_is_changed() {
    let world = World::new().await;
    let first = founded(&world).await;
    let id = first.environment.id;
    let changed = Application {
        name: "Shop".to_owned(),
        autofill_domain: None,
        connections: vec![],
        updated_at: now() + SECOND,
        ..first.application.clone()
    };
    let update = async |application: &Application, expected| {
        world
            .update_application(application.clone(), expected, audit(id))
            .await
            .unwrap()
    };
    assert_eq!(
        update(&changed, Expected::Version(1)).await,
        Change::Made { version: 2 }
    );
    assert_eq!(
        update(&changed, Expected::Version(1)).await,
        Change::VersionMismatch
    );
    let rows = world.load_directory().await.unwrap();
    let expected = Application {
        connections: first.application.connections,
        ..changed.clone()
    };
    assert_eq!(
        (rows.applications[0].version, &rows.applications[0].row),
        (2, &expected)
    );
    let stranger = Application {
        id: ApplicationId::unguessable(&OsRandom),
        ..changed
    };
    assert_eq!(update(&stranger, Expected::Any).await, Change::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_were_never_written_have_version_none() {
    let world = World::new().await;
    let id = founded(&world).await.environment.id;
    let put = async |document: &str, expected| {
        world
            .put_settings(settings(id, document), expected, audit(id))
            .await
            .unwrap()
    };
    assert_eq!(put("{}", Expected::Version(1)).await, Change::VersionMismatch);
    assert_eq!(
        put(r#"{"fallback":true}"#, Expected::Version(0)).await,
        Change::Made { version: 1 }
    );
    assert_eq!(put("{}", Expected::Version(0)).await, Change::VersionMismatch);
    assert_eq!(
        put(r#"{"fallback":false}"#, Expected::Version(1)).await,
        Change::Made { version: 2 }
    );
    let rows = world.load_directory().await.unwrap();
    assert_eq!(rows.settings.len(), 1);
    assert_eq!(rows.settings[0].version, 2);
    assert_eq!(rows.settings[0].row.kind, SettingsKind::Sms);
    let document: serde_json::Value = serde_json::from_str(&rows.settings[0].row.document).unwrap();
    assert_eq!(document, serde_json::json!({"fallback": false}));
    let nowhere = settings(EnvironmentId::unguessable(&OsRandom), "{}");
    let outcome = world
        .put_settings(nowhere, Expected::Any, audit(id))
        .await
        .unwrap();
    assert_eq!(outcome, Change::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_changes_of_one_version_exactly_one_is_made() {
    let world = World::new().await;
    let id = founded(&world).await.environment.id;
    let changes = in_parallel((0..20).map(|_| {
        let store = world.database.store();
        async move {
            store
                .put_settings(settings(id, "{}"), Expected::Version(0), audit(id))
                .await
                .unwrap()
        }
    }))
    .await;
    assert_eq!(
        count(&changes, |change| *change == Change::Made { version: 1 }),
        1
    );
    assert_eq!(count(&changes, |change| *change == Change::VersionMismatch), 19);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_used_are_remembered_without_a_new_revision() {
    let world = World::new().await;
    let first = founded(&world).await;
    let before = world.revision().await.unwrap();
    let keys = first.keys.iter().map(|key| key.id).collect();
    world.touch_keys(keys, now()).await.unwrap();
    world.touch_keys(vec![], now()).await.unwrap();
    assert_eq!(world.revision().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_cleared_with_another_is_empty_and_of_a_new_version() {
    let world = World::new().await;
    let id = founded(&world).await.environment.id;
    let of = |kind, document| SettingsRow {
        kind,
        ..settings(id, document)
    };
    let texts = of(SettingsKind::Content, r#"{"de":{}}"#);
    world
        .put_settings(texts.clone(), Expected::Any, audit(id))
        .await
        .unwrap();
    let held = async || {
        let rows = world.load_directory().await.unwrap().settings;
        let of_kind = |kind| {
            let found = rows.iter().find(|found| found.row.kind == kind)?;
            Some((found.version, found.row.document.replace(' ', "")))
        };
        (of_kind(SettingsKind::Email), of_kind(SettingsKind::Content))
    };
    let off = of(SettingsKind::Email, r#"{"a":1}"#);
    let clear =
        |expected| world.put_settings_and_clear(off.clone(), SettingsKind::Content, expected, audit(id));
    let refused = clear(Expected::Version(7)).await.unwrap();
    assert_eq!(refused, Change::VersionMismatch);
    assert_eq!(held().await, (None, Some((1, r#"{"de":{}}"#.to_owned()))));
    assert_eq!(
        clear(Expected::Version(0)).await.unwrap(),
        Change::Made { version: 1 }
    );
    let cleared = (Some((1, r#"{"a":1}"#.to_owned())), Some((2, "{}".to_owned())));
    assert_eq!(held().await, cleared);
    // A change made of what was there before finds another version.
    let late = world.put_settings(texts, Expected::Version(1), audit(id)).await;
    assert_eq!(late.unwrap(), Change::VersionMismatch);
    assert_eq!(clear(Expected::Any).await.unwrap(), Change::Made { version: 2 });
    assert_eq!(held().await.1, Some((3, "{}".to_owned())));
}
