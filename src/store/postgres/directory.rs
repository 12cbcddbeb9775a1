//! The directory: every change writes its audit entry and raises the revision in the same transaction. The revision is raised
//! first, and its row's lock puts changes one behind the other.

use async_trait::async_trait;
use sqlx::{PgConnection, query_file};

use super::{PostgresStore, StoreError, fault};
use crate::domain::environment::{Application, Connection, Environment, SettingsKind};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use crate::domain::keyring::{Fingerprints, GenerationId, KeysFit, KnownKeys};
use crate::domain::time::Timestamp;
use crate::store::Directory;
use crate::store::directory::{
    AuditEntry, Change, DirectoryRows, Expected, FirstEnvironment, KeyNeeds, Removal, SettingsRow, Step,
    Switch,
};

mod application;
mod change;
mod environment;
mod first;
mod key;
mod keys;
mod load;
mod together;

#[async_trait]
impl Directory for PostgresStore {
    async fn revision(&self) -> Result<i64, StoreError> {
        let mut lent = self.lend_for_reading().await?;
        let row = lent
            .ask(async |connection| {
                query_file!("src/store/postgres/sql/revision.sql")
                    .fetch_one(connection)
                    .await
            })
            .await?;
        Ok(row.revision)
    }

    async fn load_directory(&self) -> Result<DirectoryRows, StoreError> {
        let mut lent = self.lend_for_reading().await?;
        lent.snapshot(async |transaction| load::fetch(transaction).await)
            .await?
            .rows()
    }

    async fn found(&self, first: FirstEnvironment) -> Result<bool, StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| first::found(transaction, &first).await)
            .await
            .map_err(fault::of)
    }

    async fn create_environment(
        &self,
        environment: Environment,
        connections: Vec<Connection>,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        let mut lent = self.lend().await?;
        let made = lent
            .transact(async |transaction| {
                environment::create(transaction, &environment, &connections, &audit).await
            })
            .await;
        change::outcome(made)
    }

    async fn delete_environment(
        &self,
        id: EnvironmentId,
        expected: Expected,
        force: bool,
        audit: AuditEntry,
    ) -> Result<Removal, StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| environment::delete(transaction, id, expected, force, &audit).await)
            .await
            .map_err(fault::of)
    }

    async fn update_environment(
        &self,
        environment: Environment,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        let mut lent = self.lend().await?;
        let changed = lent
            .transact(async |transaction| {
                change::update_environment(transaction, &environment, expected, &audit).await
            })
            .await;
        change::outcome(changed)
    }

    async fn create_application(
        &self,
        application: Application,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| application::create(transaction, &application, &audit).await)
            .await
            .map_err(fault::of)
    }

    async fn delete_application(
        &self,
        environment: EnvironmentId,
        id: ApplicationId,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Removal, StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| {
            application::delete(transaction, environment, id, expected, &audit).await
        })
        .await
        .map_err(fault::of)
    }

    async fn switch_connection(
        &self,
        application: ApplicationId,
        connection: ConnectionId,
        on: bool,
        audit: AuditEntry,
    ) -> Result<Switch, StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| {
            application::switch(transaction, application, connection, on, &audit).await
        })
        .await
        .map_err(fault::of)
    }

    async fn update_application(
        &self,
        application: Application,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        let mut lent = self.lend().await?;
        let changed = lent
            .transact(async |transaction| {
                change::update_application(transaction, &application, expected, &audit).await
            })
            .await;
        change::outcome(changed)
    }

    async fn put_settings(
        &self,
        row: SettingsRow,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        let mut lent = self.lend().await?;
        let changed = lent
            .transact(async |transaction| change::put_settings(transaction, &row, expected, &audit).await)
            .await;
        change::outcome(changed)
    }

    async fn put_settings_and_clear(
        &self,
        row: SettingsRow,
        cleared: SettingsKind,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        let mut lent = self.lend().await?;
        let changed = lent
            .transact(async |transaction| {
                let change = change::put_settings(transaction, &row, expected, &audit).await?;
                change::clear_settings(transaction, &row, cleared).await?;
                Ok(change)
            })
            .await;
        change::outcome(changed)
    }

    async fn change_together(&self, on: i64, steps: Vec<Step>) -> Result<bool, StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| together::change(transaction, on, &steps).await)
            .await
            .map_err(fault::of)
    }

    async fn touch_keys(&self, keys: Vec<KeyId>, now: Timestamp) -> Result<(), StoreError> {
        let mut lent = self.lend().await?;
        let ids: Vec<_> = keys.iter().map(|id| id.0).collect();
        lent.ask(async |connection| {
            query_file!(
                "src/store/postgres/sql/touch_keys.sql",
                &ids,
                now.to_offset_date_time()
            )
            .execute(connection)
            .await
        })
        .await?;
        Ok(())
    }

    async fn fit_keys(&self, keys: Fingerprints, now: Timestamp) -> Result<KeysFit, StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| keys::fit(transaction, &keys, now).await)
            .await
            .map_err(fault::of)?
    }

    async fn known_keys(&self) -> Result<KnownKeys, StoreError> {
        let mut lent = self.lend_for_reading().await?;
        lent.ask(async |connection| keys::known_keys(connection).await)
            .await?
    }

    async fn key_needs(&self) -> Result<KeyNeeds, StoreError> {
        let mut lent = self.lend_for_reading().await?;
        lent.ask(async |connection| keys::key_needs(connection).await)
            .await
    }

    async fn forget_keys(&self, generations: Vec<GenerationId>) -> Result<(), StoreError> {
        let ids: Vec<_> = generations.into_iter().map(GenerationId::get).collect();
        let mut lent = self.lend().await?;
        lent.ask(async |connection| {
            query_file!("src/store/postgres/sql/forget_keys.sql", &ids)
                .execute(connection)
                .await
        })
        .await?;
        Ok(())
    }
}

/// The lock that puts changes one behind the other: what is read after it is as the last change has left it.
async fn lock_installation(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    query_file!("src/store/postgres/sql/lock_installation.sql")
        .fetch_one(connection)
        .await?;
    Ok(())
}

async fn raise_revision(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    query_file!("src/store/postgres/sql/raise_revision.sql")
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn write_audit_entry(
    connection: &mut PgConnection,
    audit: &AuditEntry,
) -> Result<(), sqlx::Error> {
    query_file!(
        "src/store/postgres/sql/insert_audit_entry.sql",
        audit.id.0,
        audit.environment_id.map(|id| id.0),
        audit.key_id.map(|id| id.0),
        audit.action,
        audit.target,
        audit.changes,
        audit.remote_address.as_deref(),
        audit.at.to_offset_date_time(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
