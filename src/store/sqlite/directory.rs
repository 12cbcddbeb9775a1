//! The directory: every change writes its audit entry and raises the revision in the same transaction.

use async_trait::async_trait;
use sqlx::{Row, SqliteConnection};

use super::{SqliteStore, StoreError, fault};
use crate::domain::environment::{Application, Connection, Environment, SettingsKind};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, KeyId};
use crate::domain::keyring::{Fingerprints, GenerationId, KeysFit, KnownKeys};
use crate::domain::time::Timestamp;
use crate::store::directory::{
    AuditEntry, Change, Directory, DirectoryRows, Expected, FirstEnvironment, KeyNeeds, Removal, SettingsRow,
    Step, Switch,
};

mod application;
mod change;
mod environment;
mod first;
mod key;
mod keys;
mod load;
mod removal;
mod together;

#[async_trait]
impl Directory for SqliteStore {
    async fn revision(&self) -> Result<i64, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(fault)?;
        revision(&mut connection).await
    }

    async fn load_directory(&self) -> Result<DirectoryRows, StoreError> {
        // One transaction reads one moment.
        let mut transaction = self.readers.begin().await.map_err(fault)?;
        load::load(&mut transaction).await
    }

    async fn found(&self, first: FirstEnvironment) -> Result<bool, StoreError> {
        self.writer
            .write(move |db| Box::pin(first::found(db, first)))
            .await
    }

    async fn create_environment(
        &self,
        environment: Environment,
        connections: Vec<Connection>,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        self.writer
            .write(move |db| Box::pin(environment::create(db, environment, connections, audit)))
            .await
    }

    async fn delete_environment(
        &self,
        id: EnvironmentId,
        expected: Expected,
        force: bool,
        audit: AuditEntry,
    ) -> Result<Removal, StoreError> {
        self.writer
            .write(move |db| Box::pin(environment::delete(db, id, expected, force, audit)))
            .await
    }

    async fn update_environment(
        &self,
        environment: Environment,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        self.writer
            .write(move |db| Box::pin(change::update_environment(db, environment, expected, audit)))
            .await
    }

    async fn create_application(
        &self,
        application: Application,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        self.writer
            .write(move |db| Box::pin(application::create(db, application, audit)))
            .await
    }

    async fn delete_application(
        &self,
        environment: EnvironmentId,
        id: ApplicationId,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Removal, StoreError> {
        self.writer
            .write(move |db| Box::pin(application::delete(db, environment, id, expected, audit)))
            .await
    }

    async fn switch_connection(
        &self,
        application: ApplicationId,
        connection: ConnectionId,
        on: bool,
        audit: AuditEntry,
    ) -> Result<Switch, StoreError> {
        self.writer
            .write(move |db| Box::pin(application::switch(db, application, connection, on, audit)))
            .await
    }

    async fn update_application(
        &self,
        application: Application,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        self.writer
            .write(move |db| Box::pin(change::update_application(db, application, expected, audit)))
            .await
    }

    async fn put_settings(
        &self,
        row: SettingsRow,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        self.writer
            .write(move |db| Box::pin(change::put_settings(db, row, expected, audit)))
            .await
    }

    async fn change_together(&self, on: i64, steps: Vec<Step>) -> Result<bool, StoreError> {
        self.writer
            .write(move |db| Box::pin(together::change(db, on, steps)))
            .await
    }

    async fn put_settings_and_clear(
        &self,
        row: SettingsRow,
        cleared: SettingsKind,
        expected: Expected,
        audit: AuditEntry,
    ) -> Result<Change, StoreError> {
        self.writer
            .write(move |db| Box::pin(change::put_settings_and_clear(db, row, cleared, expected, audit)))
            .await
    }

    async fn touch_keys(&self, keys: Vec<KeyId>, now: Timestamp) -> Result<(), StoreError> {
        self.writer
            .write(move |db| Box::pin(keys::touch_keys(db, keys, now)))
            .await
    }

    async fn fit_keys(&self, keys: Fingerprints, now: Timestamp) -> Result<KeysFit, StoreError> {
        self.writer
            .write(move |db| Box::pin(keys::fit_keys(db, keys, now)))
            .await
    }

    async fn known_keys(&self) -> Result<KnownKeys, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(fault)?;
        keys::known_keys(&mut connection).await
    }

    async fn key_needs(&self) -> Result<KeyNeeds, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(fault)?;
        keys::key_needs(&mut connection).await
    }

    async fn forget_keys(&self, generations: Vec<GenerationId>) -> Result<(), StoreError> {
        self.writer
            .write(move |db| Box::pin(keys::forget_keys(db, generations)))
            .await
    }
}

async fn revision(db: &mut SqliteConnection) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT revision FROM installation WHERE id = 1")
        .fetch_one(db)
        .await
        .map_err(fault)?;
    row.try_get("revision").map_err(fault)
}

/// What every change of the directory leaves behind.
async fn record_change(db: &mut SqliteConnection, audit: &AuditEntry) -> Result<(), StoreError> {
    write_audit_entry(db, audit).await?;
    raise_revision(db).await
}

async fn raise_revision(db: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("UPDATE installation SET revision = revision + 1 WHERE id = 1")
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}

pub(super) async fn write_audit_entry(
    db: &mut SqliteConnection,
    audit: &AuditEntry,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_entries (id, environment_id, key_id, action, target, changes, remote_address, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(audit.id.0)
    .bind(audit.environment_id.map(|id| id.0))
    .bind(audit.key_id.map(|id| id.0))
    .bind(audit.action.as_str())
    .bind(audit.target.as_str())
    .bind(audit.changes.as_str())
    .bind(audit.remote_address.as_deref())
    .bind(audit.at.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}
