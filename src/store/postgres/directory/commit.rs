//! A change of the directory: all steps in few statements, whatever their number.

use sqlx::{PgConnection, query_file};
use time::OffsetDateTime;
use uuid::Uuid;

use super::lock_installation;
use crate::domain::time::Timestamp;
use crate::store::audit::AuditEntry;
use crate::store::directory::{Commit, Kind, Record, Step};

/// Takes the steps. Removals come first, for they free unique names.
pub(super) async fn take(
    connection: &mut PgConnection,
    on: i64,
    at: Timestamp,
    steps: &[Step],
) -> Result<Commit, sqlx::Error> {
    lock_installation(connection).await?;
    let environments: Vec<Uuid> = steps
        .iter()
        .filter_map(|step| Some(step.environment_id()?.0))
        .collect();
    let is_shared = steps.iter().any(Step::is_shared);
    let raised = query_file!(
        "src/store/postgres/sql/raise_revision.sql",
        on,
        &environments,
        is_shared
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(raised) = raised else {
        return Ok(Commit::Stale);
    };
    let (revision, at) = (raised.revision, at.to_offset_date_time());
    let (mut puts, mut entries) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Put(record) => puts.push(record),
            Step::Remove { kind, id, .. } => remove(connection, *kind, *id, revision, at).await?,
            Step::Audit(entry) => entries.push(entry),
        }
    }
    put(connection, &puts, revision, at).await?;
    write_audit_entries(connection, &entries).await?;
    Ok(Commit::Committed)
}

async fn put(
    connection: &mut PgConnection,
    records: &[&Record],
    revision: i64,
    at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    if records.is_empty() {
        return Ok(());
    }
    let kinds: Vec<_> = records.iter().map(|one| one.kind.as_str().to_owned()).collect();
    let ids: Vec<_> = records.iter().map(|one| one.id).collect();
    let environments: Vec<_> = records
        .iter()
        .map(|one| one.environment_id.map(|id| id.0))
        .collect();
    let documents: Vec<_> = records.iter().map(|one| one.document.clone()).collect();
    let names: Vec<_> = records.iter().map(|one| one.unique_name.clone()).collect();
    query_file!(
        "src/store/postgres/sql/put_records.sql",
        &kinds,
        &ids,
        &environments as &[Option<Uuid>],
        &documents,
        &names as &[Option<String>],
        revision,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn remove(
    connection: &mut PgConnection,
    kind: Kind,
    id: Uuid,
    revision: i64,
    at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    query_file!(
        "src/store/postgres/sql/remove_records.sql",
        kind.as_str(),
        id,
        revision,
        at
    )
    .execute(&mut *connection)
    .await?;
    if !matches!(kind, Kind::Environment | Kind::Application) {
        return Ok(());
    }
    query_file!("src/store/postgres/sql/insert_removals.sql", id, at)
        .execute(&mut *connection)
        .await?;
    if kind == Kind::Environment {
        // In the order of all who lock both: the outbox, then verifications.
        query_file!("src/store/postgres/sql/stop_sending.sql", id)
            .execute(&mut *connection)
            .await?;
        query_file!("src/store/postgres/sql/wipe_notifications.sql", id)
            .execute(&mut *connection)
            .await?;
    }
    query_file!("src/store/postgres/sql/wipe_codes.sql", id, at)
        .execute(connection)
        .await?;
    Ok(())
}

pub(in crate::store::postgres) async fn write_audit_entries(
    connection: &mut PgConnection,
    entries: &[&AuditEntry],
) -> Result<(), sqlx::Error> {
    let all = || entries.iter();
    let ids: Vec<_> = all().map(|entry| entry.id.0).collect();
    let environments: Vec<_> = all().map(|entry| entry.environment_id.map(|id| id.0)).collect();
    let keys: Vec<_> = all().map(|entry| entry.key_id.map(|id| id.0)).collect();
    let key_names: Vec<_> = all().map(|entry| entry.key_name.clone()).collect();
    let actions: Vec<_> = all().map(|entry| entry.action.clone()).collect();
    let targets: Vec<_> = all().map(|entry| entry.target.clone()).collect();
    let changes: Vec<_> = all().map(|entry| entry.changes.clone()).collect();
    let addresses: Vec<_> = all().map(|entry| entry.remote_address.clone()).collect();
    let times: Vec<_> = all().map(|entry| entry.at.to_offset_date_time()).collect();
    query_file!(
        "src/store/postgres/sql/insert_audit_entries.sql",
        &ids,
        &environments as &[Option<Uuid>],
        &keys as &[Option<Uuid>],
        &key_names as &[Option<String>],
        &actions,
        &targets,
        &changes,
        &addresses as &[Option<String>],
        &times,
    )
    .execute(connection)
    .await?;
    Ok(())
}
