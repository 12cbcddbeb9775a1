//! Changes of one row each, refused when somebody else has changed it since the caller last saw it.

use sqlx::{Row, SqliteConnection};

use super::record_change;
use crate::domain::business::AutofillDomain;
use crate::domain::environment::{Application, Environment, SettingsKind};
use crate::domain::id::EnvironmentId;
use crate::domain::phone::Country;
use crate::domain::time::Timestamp;
use crate::store::directory::{AuditEntry, Change, Expected, SettingsRow};
use crate::store::sqlite::{StoreError, fault};

pub(super) async fn update_environment(
    db: &mut SqliteConnection,
    environment: Environment,
    expected: Expected,
    audit: AuditEntry,
) -> Result<Change, StoreError> {
    let found = sqlx::query(
        "SELECT version, EXISTS (SELECT 1 FROM environments WHERE code = ?2 AND id <> ?1) AS is_taken
         FROM environments WHERE id = ?1",
    )
    .bind(environment.id.0)
    .bind(environment.code.as_str())
    .fetch_optional(&mut *db)
    .await
    .map_err(fault)?;
    let Some(found) = found else {
        return Ok(Change::NotFound);
    };
    let version: i64 = found.try_get("version").map_err(fault)?;
    if !matches(expected, version) {
        return Ok(Change::VersionMismatch);
    }
    if found.try_get("is_taken").map_err(fault)? {
        return Ok(Change::Conflict);
    }
    let version = write_environment(db, &environment).await?;
    record_change(db, &audit).await?;
    Ok(Change::Made { version })
}

pub(super) async fn update_application(
    db: &mut SqliteConnection,
    application: Application,
    expected: Expected,
    audit: AuditEntry,
) -> Result<Change, StoreError> {
    let found = sqlx::query("SELECT version FROM applications WHERE id = ?1 AND environment_id = ?2")
        .bind(application.id.0)
        .bind(application.environment_id.0)
        .fetch_optional(&mut *db)
        .await
        .map_err(fault)?;
    let Some(found) = found else {
        return Ok(Change::NotFound);
    };
    let version: i64 = found.try_get("version").map_err(fault)?;
    if !matches(expected, version) {
        return Ok(Change::VersionMismatch);
    }
    let version = write_application(db, &application).await?;
    record_change(db, &audit).await?;
    Ok(Change::Made { version })
}

pub(super) async fn put_settings(
    db: &mut SqliteConnection,
    row: SettingsRow,
    expected: Expected,
    audit: AuditEntry,
) -> Result<Change, StoreError> {
    let found = sqlx::query(
        "SELECT coalesce(s.version, 0) AS version
         FROM environments e LEFT JOIN settings s ON s.environment_id = e.id AND s.kind = ?2 WHERE e.id = ?1",
    )
    .bind(row.environment_id.0)
    .bind(row.kind.as_str())
    .fetch_optional(&mut *db)
    .await
    .map_err(fault)?;
    let Some(found) = found else {
        return Ok(Change::NotFound);
    };
    let version: i64 = found.try_get("version").map_err(fault)?;
    if !matches(expected, version) {
        return Ok(Change::VersionMismatch);
    }
    let version = write_settings(db, &row).await?;
    record_change(db, &audit).await?;
    Ok(Change::Made { version })
}

/// Answers the new version.
pub(super) async fn write_environment(
    db: &mut SqliteConnection,
    environment: &Environment,
) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "UPDATE environments SET code = ?2, name = ?3, business_name = ?4, business_url = ?5, default_country = ?6,
                                 default_locale = ?7, version = version + 1, updated_at = ?8
         WHERE id = ?1 RETURNING version",
    )
    .bind(environment.id.0)
    .bind(environment.code.as_str())
    .bind(environment.name.as_str())
    .bind(environment.business_name.as_str())
    .bind(environment.business_url.as_str())
    .bind(environment.default_country.as_ref().map(Country::as_str))
    .bind(environment.default_locale.as_str())
    .bind(environment.updated_at.unix_micros())
    .fetch_one(db)
    .await
    .map_err(fault)?;
    row.try_get("version").map_err(fault)
}

/// See [`write_environment`].
pub(super) async fn write_application(
    db: &mut SqliteConnection,
    application: &Application,
) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "UPDATE applications SET name = ?2, autofill_domain = ?3, version = version + 1, updated_at = ?4
         WHERE id = ?1 RETURNING version",
    )
    .bind(application.id.0)
    .bind(application.name.as_str())
    .bind(application.autofill_domain.as_ref().map(AutofillDomain::as_str))
    .bind(application.updated_at.unix_micros())
    .fetch_one(db)
    .await
    .map_err(fault)?;
    row.try_get("version").map_err(fault)
}

/// See [`write_environment`].
pub(super) async fn write_settings(db: &mut SqliteConnection, row: &SettingsRow) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "INSERT INTO settings (environment_id, kind, document, updated_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (environment_id, kind) DO UPDATE SET
             document = excluded.document, version = version + 1, updated_at = excluded.updated_at
         RETURNING version",
    )
    .bind(row.environment_id.0)
    .bind(row.kind.as_str())
    .bind(row.document.as_str())
    .bind(row.updated_at.unix_micros())
    .fetch_one(db)
    .await
    .map_err(fault)?;
    row.try_get("version").map_err(fault)
}

/// Leaves nothing in the document.
pub(super) async fn clear_settings(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    cleared: SettingsKind,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO settings (environment_id, kind, document, updated_at) VALUES (?1, ?2, '{}', ?3)
         ON CONFLICT (environment_id, kind) DO UPDATE SET
             document = excluded.document, version = version + 1, updated_at = excluded.updated_at",
    )
    .bind(environment.0)
    .bind(cleared.as_str())
    .bind(now.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

pub(super) async fn put_settings_and_clear(
    db: &mut SqliteConnection,
    row: SettingsRow,
    cleared: SettingsKind,
    expected: Expected,
    audit: AuditEntry,
) -> Result<Change, StoreError> {
    let (environment, now) = (row.environment_id, row.updated_at);
    let change = put_settings(db, row, expected, audit).await?;
    if let Change::Made { .. } = change {
        clear_settings(db, environment, cleared, now).await?;
    }
    Ok(change)
}

/// Version 0 is that of a row which was never written.
pub(super) fn matches(expected: Expected, version: i64) -> bool {
    match expected {
        Expected::Any => true,
        Expected::Version(seen) => seen == version,
    }
}
