//! Changes of one row each, refused when somebody else has changed it since the caller last saw it. A refusal is an error inside
//! the transaction, so that nothing of it stays, and an outcome outside.

use std::error::Error;

use sqlx::{PgConnection, query_file};

use super::{raise_revision, write_audit_entry};
use crate::domain::business::AutofillDomain;
use crate::domain::country::Country;
use crate::domain::environment::{Application, Environment, SettingsKind};
use crate::store::directory::{AuditEntry, Change, Expected, SettingsRow};
use crate::store::postgres::{StoreError, fault};

/// A change that was not made.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the change is refused: {0:?}")]
struct Refused(Change);

impl From<Refused> for sqlx::Error {
    fn from(refused: Refused) -> Self {
        Self::AnyDriverError(Box::new(refused))
    }
}

/// What came of a change whose transaction has ended.
pub(super) fn outcome(changed: Result<Change, sqlx::Error>) -> Result<Change, StoreError> {
    let error = match changed {
        Ok(change) => return Ok(change),
        Err(error) => error,
    };
    if fault::is_violation_of(&error, "environments_code_unique") {
        return Ok(Change::Conflict);
    }
    if let sqlx::Error::AnyDriverError(source) = &error
        && let Some(Refused(change)) = (&**source as &(dyn Error + 'static)).downcast_ref()
    {
        return Ok(*change);
    }
    Err(fault::of(error))
}

pub(super) async fn update_environment(
    connection: &mut PgConnection,
    environment: &Environment,
    expected: Expected,
    audit: &AuditEntry,
) -> Result<Change, sqlx::Error> {
    raise_revision(connection).await?;
    let Some(version) = write_environment(connection, environment, expected).await? else {
        let row = query_file!("src/store/postgres/sql/environment_exists.sql", environment.id.0)
            .fetch_one(connection)
            .await?;
        return Err(refused(row.there).into());
    };
    write_audit_entry(connection, audit).await?;
    Ok(Change::Made { version })
}

pub(super) async fn update_application(
    connection: &mut PgConnection,
    application: &Application,
    expected: Expected,
    audit: &AuditEntry,
) -> Result<Change, sqlx::Error> {
    raise_revision(connection).await?;
    let Some(version) = write_application(connection, application, expected).await? else {
        let row = query_file!(
            "src/store/postgres/sql/application_exists.sql",
            application.id.0,
            application.environment_id.0,
        )
        .fetch_one(connection)
        .await?;
        return Err(refused(row.there).into());
    };
    write_audit_entry(connection, audit).await?;
    Ok(Change::Made { version })
}

pub(super) async fn put_settings(
    connection: &mut PgConnection,
    row: &SettingsRow,
    expected: Expected,
    audit: &AuditEntry,
) -> Result<Change, sqlx::Error> {
    raise_revision(connection).await?;
    let environment = query_file!(
        "src/store/postgres/sql/environment_exists.sql",
        row.environment_id.0
    )
    .fetch_one(&mut *connection)
    .await?;
    if !environment.there {
        return Err(Refused(Change::NotFound).into());
    }
    let version = write_settings(connection, row, expected).await?;
    let version = version.ok_or(Refused(Change::VersionMismatch))?;
    write_audit_entry(connection, audit).await?;
    Ok(Change::Made { version })
}

/// Answers the new version; `None` where there is no row of that version.
pub(super) async fn write_environment(
    connection: &mut PgConnection,
    environment: &Environment,
    expected: Expected,
) -> Result<Option<i64>, sqlx::Error> {
    let updated = query_file!(
        "src/store/postgres/sql/update_environment.sql",
        environment.id.0,
        environment.code,
        environment.name,
        environment.business_name.as_str(),
        environment.business_url.as_str(),
        environment.default_country.as_ref().map(Country::as_str),
        environment.default_locale.as_str(),
        environment.updated_at.to_offset_date_time(),
        version(expected),
    )
    .fetch_optional(connection)
    .await?;
    Ok(updated.map(|row| row.version))
}

/// See [`write_environment`].
pub(super) async fn write_application(
    connection: &mut PgConnection,
    application: &Application,
    expected: Expected,
) -> Result<Option<i64>, sqlx::Error> {
    let updated = query_file!(
        "src/store/postgres/sql/update_application.sql",
        application.id.0,
        application.environment_id.0,
        application.name,
        application.autofill_domain.as_ref().map(AutofillDomain::as_str),
        application.updated_at.to_offset_date_time(),
        version(expected),
    )
    .fetch_optional(connection)
    .await?;
    Ok(updated.map(|row| row.version))
}

/// See [`write_environment`].
pub(super) async fn write_settings(
    connection: &mut PgConnection,
    row: &SettingsRow,
    expected: Expected,
) -> Result<Option<i64>, sqlx::Error> {
    let put = query_file!(
        "src/store/postgres/sql/put_settings.sql",
        row.environment_id.0,
        row.kind.as_str(),
        row.document,
        row.updated_at.to_offset_date_time(),
        version(expected),
    )
    .fetch_optional(connection)
    .await?;
    Ok(put.map(|row| row.version))
}

/// Leaves nothing in the document `cleared`, with the change of `row`.
pub(super) async fn clear_settings(
    connection: &mut PgConnection,
    row: &SettingsRow,
    cleared: SettingsKind,
) -> Result<(), sqlx::Error> {
    query_file!(
        "src/store/postgres/sql/clear_settings.sql",
        row.environment_id.0,
        cleared.as_str(),
        row.updated_at.to_offset_date_time(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) fn version(expected: Expected) -> Option<i64> {
    match expected {
        Expected::Any => None,
        Expected::Version(version) => Some(version),
    }
}

/// Why no row was changed.
fn refused(is_there: bool) -> Refused {
    Refused(if is_there {
        Change::VersionMismatch
    } else {
        Change::NotFound
    })
}
