//! What the first start writes into an empty database.

use sqlx::SqliteConnection;

use super::{record_change, together};
use crate::domain::business::AutofillDomain;
use crate::domain::environment::{Application, Connection, Environment, KeyRecord};
use crate::domain::phone::Country;
use crate::domain::time::Timestamp;
use crate::store::directory::FirstEnvironment;
use crate::store::sqlite::{StoreError, fault};

pub(super) async fn found(db: &mut SqliteConnection, first: FirstEnvironment) -> Result<bool, StoreError> {
    let already = sqlx::query("SELECT 1 FROM environments LIMIT 1")
        .fetch_optional(&mut *db)
        .await
        .map_err(fault)?;
    if already.is_some() {
        return Ok(false);
    }
    insert_environment(db, &first.environment).await?;
    for connection in &first.connections {
        insert_connection(db, connection, first.environment.created_at).await?;
    }
    insert_application(db, &first.application).await?;
    for key in &first.keys {
        insert_key(db, key).await?;
    }
    record_change(db, &first.audit).await?;
    together::take(db, &first.steps).await?;
    Ok(true)
}

pub(super) async fn insert_environment(
    db: &mut SqliteConnection,
    environment: &Environment,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO environments (id, code, name, business_name, business_url, default_country, default_locale,
                                   created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .bind(environment.id.0)
    .bind(environment.code.as_str())
    .bind(environment.name.as_str())
    .bind(environment.business_name.as_str())
    .bind(environment.business_url.as_str())
    .bind(environment.default_country.as_ref().map(Country::as_str))
    .bind(environment.default_locale.as_str())
    .bind(environment.created_at.unix_micros())
    .bind(environment.updated_at.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

pub(super) async fn insert_connection(
    db: &mut SqliteConnection,
    connection: &Connection,
    created_at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO connections (id, environment_id, strategy, name, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .bind(connection.id.0)
    .bind(connection.environment_id.0)
    .bind(connection.strategy.as_str())
    .bind(connection.name.as_str())
    .bind(created_at.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

pub(super) async fn insert_application(
    db: &mut SqliteConnection,
    application: &Application,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO applications (id, environment_id, name, autofill_domain, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(application.id.0)
    .bind(application.environment_id.0)
    .bind(application.name.as_str())
    .bind(application.autofill_domain.as_ref().map(AutofillDomain::as_str))
    .bind(application.created_at.unix_micros())
    .bind(application.updated_at.unix_micros())
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    for connection in &application.connections {
        sqlx::query("INSERT INTO application_connections (application_id, connection_id) VALUES (?1, ?2)")
            .bind(application.id.0)
            .bind(connection.0)
            .execute(&mut *db)
            .await
            .map_err(fault)?;
    }
    Ok(())
}

pub(super) async fn insert_key(db: &mut SqliteConnection, key: &KeyRecord) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO api_keys (id, application_id, name, prefix, last_four, hash, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(key.id.0)
    .bind(key.application_id.map(|id| id.0))
    .bind(key.name.as_str())
    .bind(key.prefix.as_str())
    .bind(key.last_four.as_str())
    .bind(&key.hash[..])
    .bind(key.created_at.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}
