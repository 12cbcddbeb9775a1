//! Environments made and removed. A removal takes everything that is secret or waits at once; what may be much is noted down
//! and goes in batches.

use sqlx::{PgConnection, query_file};

use super::change::version;
use super::first::{insert_connections, insert_environment};
use super::{lock_installation, raise_revision, write_audit_entry};
use crate::domain::environment::{Connection, Environment};
use crate::domain::id::EnvironmentId;
use crate::store::directory::{AuditEntry, Change, Expected, Removal};

pub(super) async fn create(
    connection: &mut PgConnection,
    environment: &Environment,
    connections: &[Connection],
    audit: &AuditEntry,
) -> Result<Change, sqlx::Error> {
    raise_revision(connection).await?;
    insert_environment(connection, environment).await?;
    insert_connections(connection, connections, environment.created_at).await?;
    write_audit_entry(connection, audit).await?;
    Ok(Change::Made { version: 1 })
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    id: EnvironmentId,
    expected: Expected,
    force: bool,
    audit: &AuditEntry,
) -> Result<Removal, sqlx::Error> {
    lock_installation(connection).await?;
    if let Some(refused) = refusal(connection, id, expected, force, audit).await? {
        return Ok(refused);
    }
    let now = audit.at.to_offset_date_time();
    raise_revision(connection).await?;
    query_file!("src/store/postgres/sql/insert_removals.sql", id.0, now)
        .execute(&mut *connection)
        .await?;
    // In the order of all who lock both: the outbox, then verifications.
    query_file!("src/store/postgres/sql/empty_outbox.sql", id.0)
        .execute(&mut *connection)
        .await?;
    query_file!("src/store/postgres/sql/wipe_codes.sql", id.0, now)
        .execute(&mut *connection)
        .await?;
    query_file!("src/store/postgres/sql/lock_keys.sql", id.0)
        .fetch_all(&mut *connection)
        .await?;
    query_file!("src/store/postgres/sql/delete_environment.sql", id.0)
        .execute(&mut *connection)
        .await?;
    write_audit_entry(connection, audit).await?;
    Ok(Removal::Removed)
}

/// Why it stays.
async fn refusal(
    connection: &mut PgConnection,
    id: EnvironmentId,
    expected: Expected,
    force: bool,
    audit: &AuditEntry,
) -> Result<Option<Removal>, sqlx::Error> {
    let standing = query_file!("src/store/postgres/sql/environment_standing.sql", id.0)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(standing) = standing else {
        return Ok(Some(Removal::NotFound));
    };
    if version(expected).is_some_and(|seen| seen != standing.version) {
        return Ok(Some(Removal::VersionMismatch));
    }
    if standing.environments < 2 {
        return Ok(Some(Removal::Last));
    }
    if force {
        return Ok(None);
    }
    let now = audit.at.to_offset_date_time();
    let row = query_file!("src/store/postgres/sql/count_pending.sql", id.0, now)
        .fetch_one(connection)
        .await?;
    let verifications = u64::try_from(row.pending).unwrap_or(0);
    Ok((verifications > 0).then_some(Removal::Pending { verifications }))
}
