//! What the first start writes into an empty database.

use sqlx::{PgConnection, query_file};

use super::{raise_revision, together, write_audit_entry};
use crate::domain::business::AutofillDomain;
use crate::domain::country::Country;
use crate::domain::environment::{Application, Connection, Environment, KeyRecord};
use crate::domain::time::Timestamp;
use crate::store::directory::FirstEnvironment;

pub(super) async fn found(
    connection: &mut PgConnection,
    first: &FirstEnvironment,
) -> Result<bool, sqlx::Error> {
    // The lock of the revision's row: whoever comes second sees what the first has written.
    query_file!("src/store/postgres/sql/lock_installation.sql")
        .fetch_one(&mut *connection)
        .await?;
    let row = query_file!("src/store/postgres/sql/founded.sql")
        .fetch_one(&mut *connection)
        .await?;
    if row.founded {
        return Ok(false);
    }
    raise_revision(connection).await?;
    insert_environment(connection, &first.environment).await?;
    insert_connections(connection, &first.connections, first.environment.created_at).await?;
    insert_application(connection, &first.application).await?;
    for key in &first.keys {
        insert_key(connection, key).await?;
    }
    write_audit_entry(connection, &first.audit).await?;
    together::take(connection, &first.steps).await?;
    Ok(true)
}

pub(super) async fn insert_environment(
    connection: &mut PgConnection,
    environment: &Environment,
) -> Result<(), sqlx::Error> {
    query_file!(
        "src/store/postgres/sql/insert_environment.sql",
        environment.id.0,
        environment.code,
        environment.name,
        environment.business_name.as_str(),
        environment.business_url.as_str(),
        environment.default_country.as_ref().map(Country::as_str),
        environment.default_locale.as_str(),
        environment.created_at.to_offset_date_time(),
        environment.updated_at.to_offset_date_time(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_connections(
    connection: &mut PgConnection,
    connections: &[Connection],
    created_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = connections.iter().map(|one| one.id.0).collect();
    let environments: Vec<_> = connections.iter().map(|one| one.environment_id.0).collect();
    let strategies: Vec<_> = connections
        .iter()
        .map(|one| one.strategy.as_str().to_owned())
        .collect();
    let names: Vec<_> = connections.iter().map(|one| one.name.clone()).collect();
    query_file!(
        "src/store/postgres/sql/insert_connections.sql",
        &ids,
        &environments,
        &strategies,
        &names,
        created_at.to_offset_date_time(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_application(
    connection: &mut PgConnection,
    application: &Application,
) -> Result<(), sqlx::Error> {
    query_file!(
        "src/store/postgres/sql/insert_application.sql",
        application.id.0,
        application.environment_id.0,
        application.name,
        application.autofill_domain.as_ref().map(AutofillDomain::as_str),
        application.created_at.to_offset_date_time(),
        application.updated_at.to_offset_date_time(),
    )
    .execute(&mut *connection)
    .await?;
    let connections: Vec<_> = application.connections.iter().map(|id| id.0).collect();
    query_file!(
        "src/store/postgres/sql/insert_application_connections.sql",
        application.id.0,
        &connections,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_key(connection: &mut PgConnection, key: &KeyRecord) -> Result<(), sqlx::Error> {
    query_file!(
        "src/store/postgres/sql/insert_api_key.sql",
        key.id.0,
        key.application_id.map(|id| id.0),
        key.name,
        key.prefix,
        key.last_four,
        &key.hash[..],
        key.created_at.to_offset_date_time(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
