//! Applications made and removed, and connections switched for them.

use sqlx::{Row, SqliteConnection};

use super::change::matches;
use super::first::insert_application;
use super::{record_change, removal};
use crate::domain::environment::Application;
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId};
use crate::store::directory::{AuditEntry, Change, Expected, Removal, Switch};
use crate::store::sqlite::{StoreError, fault};

pub(super) async fn create(
    db: &mut SqliteConnection,
    application: Application,
    audit: AuditEntry,
) -> Result<Change, StoreError> {
    let environment = sqlx::query("SELECT 1 FROM environments WHERE id = ?1")
        .bind(application.environment_id.0)
        .fetch_optional(&mut *db)
        .await
        .map_err(fault)?;
    if environment.is_none() {
        return Ok(Change::NotFound);
    }
    insert_application(db, &application).await?;
    record_change(db, &audit).await?;
    Ok(Change::Made { version: 1 })
}

pub(super) async fn delete(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    id: ApplicationId,
    expected: Expected,
    audit: AuditEntry,
) -> Result<Removal, StoreError> {
    let held = sqlx::query("SELECT version FROM applications WHERE id = ?1 AND environment_id = ?2")
        .bind(id.0)
        .bind(environment.0)
        .fetch_optional(&mut *db)
        .await
        .map_err(fault)?;
    let Some(held) = held else {
        return Ok(Removal::NotFound);
    };
    if !matches(expected, held.try_get("version").map_err(fault)?) {
        return Ok(Removal::VersionMismatch);
    }
    removal::begin(db, id.0, audit.at).await?;
    sqlx::query("DELETE FROM applications WHERE id = ?1")
        .bind(id.0)
        .execute(&mut *db)
        .await
        .map_err(fault)?;
    record_change(db, &audit).await?;
    Ok(Removal::Removed)
}

pub(super) async fn switch(
    db: &mut SqliteConnection,
    application: ApplicationId,
    connection: ConnectionId,
    on: bool,
    audit: AuditEntry,
) -> Result<Switch, StoreError> {
    let found = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM application_connections WHERE application_id = ?1 AND connection_id = ?2) AS is_on
         FROM applications a JOIN connections c ON c.environment_id = a.environment_id WHERE a.id = ?1 AND c.id = ?2",
    )
    .bind(application.0)
    .bind(connection.0)
    .fetch_optional(&mut *db)
    .await
    .map_err(fault)?;
    let Some(found) = found else {
        return Ok(Switch::NotFound);
    };
    let was_on: bool = found.try_get("is_on").map_err(fault)?;
    if was_on == on {
        return Ok(Switch::Unchanged);
    }
    let statement = if on {
        "INSERT INTO application_connections (application_id, connection_id) VALUES (?1, ?2)"
    } else {
        "DELETE FROM application_connections WHERE application_id = ?1 AND connection_id = ?2"
    };
    sqlx::query(statement)
        .bind(application.0)
        .bind(connection.0)
        .execute(&mut *db)
        .await
        .map_err(fault)?;
    record_change(db, &audit).await?;
    Ok(Switch::Switched)
}
