//! Changes that are made together, as of one revision.

use sqlx::{PgConnection, query_file};

use super::change::{clear_settings, write_application, write_environment, write_settings};
use super::first::{insert_application, insert_connections, insert_environment};
use super::{raise_revision, write_audit_entry};
use crate::store::directory::{Expected, Step, Write};

/// Takes the steps if nobody has changed the directory since.
pub(super) async fn change(
    connection: &mut PgConnection,
    on: i64,
    steps: &[Step],
) -> Result<bool, sqlx::Error> {
    // Whoever changes the directory waits for this lock, so that what was planned stays true.
    let row = query_file!("src/store/postgres/sql/lock_revision.sql")
        .fetch_one(&mut *connection)
        .await?;
    if row.revision != on {
        return Ok(false);
    }
    raise_revision(connection).await?;
    take(connection, steps).await?;
    Ok(true)
}

/// Takes the steps in a transaction that holds the lock of the revision.
pub(super) async fn take(connection: &mut PgConnection, steps: &[Step]) -> Result<(), sqlx::Error> {
    for step in steps {
        write(connection, &step.write).await?;
        write_audit_entry(connection, &step.audit).await?;
    }
    Ok(())
}

async fn write(connection: &mut PgConnection, write: &Write) -> Result<(), sqlx::Error> {
    match write {
        Write::NewEnvironment {
            environment,
            connections,
        } => {
            insert_environment(connection, environment).await?;
            insert_connections(connection, connections, environment.created_at).await
        }
        Write::Environment(environment) => {
            found(write_environment(connection, environment, Expected::Any).await?)
        }
        Write::NewApplication(application) => insert_application(connection, application).await,
        Write::Application(application) => {
            found(write_application(connection, application, Expected::Any).await?)
        }
        Write::Switch {
            application,
            connection: switched,
            on: true,
        } => {
            query_file!("src/store/postgres/sql/switch_on.sql", application.0, switched.0)
                .execute(connection)
                .await?;
            Ok(())
        }
        Write::Switch {
            application,
            connection: switched,
            on: false,
        } => {
            query_file!("src/store/postgres/sql/switch_off.sql", application.0, switched.0)
                .execute(connection)
                .await?;
            Ok(())
        }
        Write::Settings { row, clears } => {
            found(write_settings(connection, row, Expected::Any).await?)?;
            if let Some(kind) = clears {
                clear_settings(connection, row, *kind).await?;
            }
            Ok(())
        }
    }
}

fn found(version: Option<i64>) -> Result<(), sqlx::Error> {
    version.map(drop).ok_or(sqlx::Error::RowNotFound)
}
