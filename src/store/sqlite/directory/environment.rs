//! Environments made and removed. A removal takes everything that is secret or waits at once; what may be much is noted down
//! and goes in batches.

use sqlx::{Row, SqliteConnection};

use super::change::matches;
use super::first::{insert_connection, insert_environment};
use super::{record_change, removal};
use crate::domain::environment::{Connection, Environment};
use crate::domain::id::EnvironmentId;
use crate::store::directory::{AuditEntry, Change, Expected, Removal};
use crate::store::sqlite::verification::count_pending;
use crate::store::sqlite::{StoreError, fault};

pub(super) async fn create(
    db: &mut SqliteConnection,
    environment: Environment,
    connections: Vec<Connection>,
    audit: AuditEntry,
) -> Result<Change, StoreError> {
    let taken = sqlx::query("SELECT 1 FROM environments WHERE code = ?1")
        .bind(environment.code.as_str())
        .fetch_optional(&mut *db)
        .await
        .map_err(fault)?;
    if taken.is_some() {
        return Ok(Change::Conflict);
    }
    insert_environment(db, &environment).await?;
    for connection in &connections {
        insert_connection(db, connection, environment.created_at).await?;
    }
    record_change(db, &audit).await?;
    Ok(Change::Made { version: 1 })
}

pub(super) async fn delete(
    db: &mut SqliteConnection,
    id: EnvironmentId,
    expected: Expected,
    force: bool,
    audit: AuditEntry,
) -> Result<Removal, StoreError> {
    let standing = sqlx::query(
        "SELECT version, (SELECT count(*) FROM environments) AS environments FROM environments WHERE id = ?1",
    )
    .bind(id.0)
    .fetch_optional(&mut *db)
    .await
    .map_err(fault)?;
    let Some(standing) = standing else {
        return Ok(Removal::NotFound);
    };
    if !matches(expected, standing.try_get("version").map_err(fault)?) {
        return Ok(Removal::VersionMismatch);
    }
    let environments: i64 = standing.try_get("environments").map_err(fault)?;
    if environments < 2 {
        return Ok(Removal::Last);
    }
    let verifications = count_pending(db, id, audit.at).await?;
    if verifications > 0 && !force {
        return Ok(Removal::Pending { verifications });
    }
    removal::begin(db, id.0, audit.at).await?;
    sqlx::query(
        "DELETE FROM outbox WHERE message_id IN
             (SELECT o.message_id FROM outbox o JOIN messages m ON m.id = o.message_id WHERE m.environment_id = ?1)",
    )
    .bind(id.0)
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    sqlx::query("DELETE FROM environments WHERE id = ?1")
        .bind(id.0)
        .execute(&mut *db)
        .await
        .map_err(fault)?;
    record_change(db, &audit).await?;
    Ok(Removal::Removed)
}
