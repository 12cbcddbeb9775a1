//! Changes that are made together, as of one revision.

use sqlx::SqliteConnection;

use super::change::{clear_settings, write_application, write_environment, write_settings};
use super::first::{insert_application, insert_connection, insert_environment};
use super::{raise_revision, revision, write_audit_entry};
use crate::store::directory::{Step, Write};
use crate::store::sqlite::{StoreError, fault};

/// Takes the steps if nobody has changed the directory since.
pub(super) async fn change(db: &mut SqliteConnection, on: i64, steps: Vec<Step>) -> Result<bool, StoreError> {
    if revision(db).await? != on {
        return Ok(false);
    }
    take(db, &steps).await?;
    raise_revision(db).await?;
    Ok(true)
}

/// Takes the steps.
pub(super) async fn take(db: &mut SqliteConnection, steps: &[Step]) -> Result<(), StoreError> {
    for step in steps {
        write(db, &step.write).await?;
        write_audit_entry(db, &step.audit).await?;
    }
    Ok(())
}

async fn write(db: &mut SqliteConnection, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::NewEnvironment {
            environment,
            connections,
        } => {
            insert_environment(db, environment).await?;
            for connection in connections {
                insert_connection(db, connection, environment.created_at).await?;
            }
            Ok(())
        }
        Write::Environment(environment) => write_environment(db, environment).await.map(drop),
        Write::NewApplication(application) => insert_application(db, application).await,
        Write::Application(application) => write_application(db, application).await.map(drop),
        Write::Switch {
            application,
            connection,
            on,
        } => {
            let statement = if *on {
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
            Ok(())
        }
        Write::Settings { row, clears } => {
            write_settings(db, row).await?;
            if let Some(kind) = clears {
                clear_settings(db, row.environment_id, *kind, row.updated_at).await?;
            }
            Ok(())
        }
    }
}
