//! A change of the directory, inside the writer's transaction, so that to look and to write is one step.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::revision;
use crate::domain::time::Timestamp;
use crate::store::audit::AuditEntry;
use crate::store::directory::{Commit, Kind, Record, Step};
use crate::store::sqlite::StoreError;
use crate::store::sqlite::bulk::ids_in;

/// Takes the steps.
pub(super) async fn take(
    db: &mut SqliteConnection,
    on: i64,
    at: Timestamp,
    steps: Vec<Step>,
) -> Result<Commit, StoreError> {
    for step in &steps {
        if is_overtaken(db, on, step).await? {
            return Ok(Commit::Stale);
        }
    }
    sqlx::query("UPDATE installation SET revision = revision + 1 WHERE id = 1")
        .execute(&mut *db)
        .await?;
    let revision = revision(db).await?;
    for step in &steps {
        match step {
            Step::Put(record) => put(db, record, revision, at).await?,
            Step::Remove { kind, id, .. } => remove(db, *kind, *id, revision, at).await?,
            Step::Audit(entry) => write_audit_entry(db, entry).await?,
        }
    }
    Ok(Commit::Committed)
}

/// Whether somebody has changed what the step changes, or has the record's name.
async fn is_overtaken(db: &mut SqliteConnection, on: i64, step: &Step) -> Result<bool, StoreError> {
    let newer = sqlx::query(
        "SELECT 1 FROM records
         WHERE revision > ?1 AND (environment_id = ?2 OR (?3 AND (environment_id IS NULL OR kind = 'environment')))
         LIMIT 1",
    )
    .bind(on)
    .bind(step.environment_id().map(|id| id.0))
    .bind(step.is_shared());
    if newer.fetch_optional(&mut *db).await?.is_some() {
        return Ok(true);
    }
    let Step::Put(record) = step else {
        return Ok(false);
    };
    let other = sqlx::query("SELECT 1 FROM records WHERE unique_name = ?1 AND NOT (kind = ?2 AND id = ?3)")
        .bind(record.unique_name.as_deref())
        .bind(record.kind.as_str())
        .bind(record.id);
    Ok(other.fetch_optional(db).await?.is_some())
}

async fn put(
    db: &mut SqliteConnection,
    record: &Record,
    revision: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let statement = sqlx::query(
        "INSERT INTO records (kind, id, environment_id, document, unique_name, revision, written_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (kind, id) DO UPDATE SET
             document = excluded.document, unique_name = excluded.unique_name,
             revision = excluded.revision, written_at = excluded.written_at",
    )
    .bind(record.kind.as_str())
    .bind(record.id)
    .bind(record.environment_id.map(|id| id.0))
    .bind(record.document.as_str())
    .bind(record.unique_name.as_deref())
    .bind(revision)
    .bind(at.unix_micros());
    statement.execute(db).await?;
    Ok(())
}

/// Removes a record, and with an environment all of its records.
async fn remove(
    db: &mut SqliteConnection,
    kind: Kind,
    id: Uuid,
    revision: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let now = at.unix_micros();
    let records = sqlx::query(
        "UPDATE records SET document = NULL, unique_name = NULL, revision = ?3, written_at = ?4
         WHERE document IS NOT NULL AND ((kind = ?1 AND id = ?2) OR (?1 = 'environment' AND environment_id = ?2))",
    );
    let records = records.bind(kind.as_str()).bind(id).bind(revision).bind(now);
    records.execute(&mut *db).await?;
    if !matches!(kind, Kind::Environment | Kind::Application) {
        return Ok(());
    }
    // Of an environment and its applications, or of one application.
    let removals = sqlx::query(
        "INSERT OR IGNORE INTO removals (owner_id, removed_at, due_at)
         SELECT ?1, ?2, ?2
         UNION SELECT id, ?2, ?2 FROM records WHERE kind = 'application' AND environment_id = ?1",
    );
    removals.bind(id).bind(now).execute(&mut *db).await?;
    if kind == Kind::Environment {
        // What is not due for anybody is dropped when its entry in the outbox is looked at. The plus keeps the planner from walking
        // over all messages of the environment.
        let outbox = concat!(
            ids_in!("outbox", "message_ids", "true"),
            "UPDATE messages SET due_at = NULL, lease_token = NULL
             WHERE id IN (SELECT id FROM ids) AND +environment_id = ?1 AND status = 'queued'"
        );
        sqlx::query(outbox).bind(id).execute(&mut *db).await?;
        let notifications = "UPDATE notifications SET sealed_data = NULL
            WHERE sealed_data IS NOT NULL AND environment_id = ?1";
        sqlx::query(notifications).bind(id).execute(&mut *db).await?;
    }
    let codes = sqlx::query(concat!(
        ids_in!("expiries", "verification_ids", "true"),
        "UPDATE verifications
         SET sealed_code = NULL, canceled_at = CASE WHEN expires_at > ?2 THEN ?2 END
         WHERE id IN (SELECT id FROM ids) AND sealed_code IS NOT NULL AND (environment_id = ?1 OR application_id = ?1)"
    ));
    codes.bind(id).bind(now).execute(db).await?;
    Ok(())
}

pub(in crate::store::sqlite) async fn write_audit_entry(
    db: &mut SqliteConnection,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let statement = sqlx::query(
        "INSERT INTO audit_entries
             (id, environment_id, key_id, key_name, action, target, changes, remote_address, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(entry.id.0)
    .bind(entry.environment_id.map(|id| id.0))
    .bind(entry.key_id.map(|id| id.0))
    .bind(entry.key_name.as_deref())
    .bind(entry.action.as_str())
    .bind(entry.target.as_str())
    .bind(entry.changes.as_str())
    .bind(entry.remote_address.as_deref())
    .bind(entry.at.unix_micros());
    statement.execute(db).await?;
    Ok(())
}
