//! Applications made and removed, and connections switched for them.

use sqlx::{PgConnection, query_file};

use super::change::version;
use super::first::insert_application;
use super::{lock_installation, raise_revision, write_audit_entry};
use crate::domain::environment::Application;
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId};
use crate::store::directory::{AuditEntry, Change, Expected, Removal, Switch};

pub(super) async fn create(
    connection: &mut PgConnection,
    application: &Application,
    audit: &AuditEntry,
) -> Result<Change, sqlx::Error> {
    lock_installation(connection).await?;
    let environment = query_file!(
        "src/store/postgres/sql/environment_exists.sql",
        application.environment_id.0
    )
    .fetch_one(&mut *connection)
    .await?;
    if !environment.there {
        return Ok(Change::NotFound);
    }
    raise_revision(connection).await?;
    insert_application(connection, application).await?;
    write_audit_entry(connection, audit).await?;
    Ok(Change::Made { version: 1 })
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    environment: EnvironmentId,
    id: ApplicationId,
    expected: Expected,
    audit: &AuditEntry,
) -> Result<Removal, sqlx::Error> {
    lock_installation(connection).await?;
    let held = query_file!(
        "src/store/postgres/sql/application_version.sql",
        id.0,
        environment.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(held) = held else {
        return Ok(Removal::NotFound);
    };
    if version(expected).is_some_and(|seen| seen != held.version) {
        return Ok(Removal::VersionMismatch);
    }
    let now = audit.at.to_offset_date_time();
    raise_revision(connection).await?;
    query_file!("src/store/postgres/sql/insert_removals.sql", id.0, now)
        .execute(&mut *connection)
        .await?;
    query_file!("src/store/postgres/sql/wipe_codes.sql", id.0, now)
        .execute(&mut *connection)
        .await?;
    query_file!("src/store/postgres/sql/lock_keys.sql", id.0)
        .fetch_all(&mut *connection)
        .await?;
    query_file!("src/store/postgres/sql/delete_application.sql", id.0)
        .execute(&mut *connection)
        .await?;
    write_audit_entry(connection, audit).await?;
    Ok(Removal::Removed)
}

pub(super) async fn switch(
    connection: &mut PgConnection,
    application: ApplicationId,
    switched: ConnectionId,
    on: bool,
    audit: &AuditEntry,
) -> Result<Switch, sqlx::Error> {
    lock_installation(connection).await?;
    let found = query_file!("src/store/postgres/sql/switchable.sql", application.0, switched.0)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(found) = found else {
        return Ok(Switch::NotFound);
    };
    if found.on == on {
        return Ok(Switch::Unchanged);
    }
    raise_revision(connection).await?;
    if on {
        query_file!("src/store/postgres/sql/switch_on.sql", application.0, switched.0)
            .execute(&mut *connection)
            .await?;
    } else {
        query_file!("src/store/postgres/sql/switch_off.sql", application.0, switched.0)
            .execute(&mut *connection)
            .await?;
    }
    write_audit_entry(connection, audit).await?;
    Ok(Switch::Switched)
}
