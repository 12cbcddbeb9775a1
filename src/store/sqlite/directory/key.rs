//! API keys made, listed and revoked.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::first::insert_key;
use super::load::read_key;
use super::record_change;
use crate::domain::environment::{KeyRecord, ListedKey};
use crate::domain::id::{ApplicationId, KeyId};
use crate::store::Keys;
use crate::store::directory::{AuditEntry, Change, Removal};
use crate::store::sqlite::row::Fields;
use crate::store::sqlite::{SqliteStore, StoreError, fault};

#[async_trait]
impl Keys for SqliteStore {
    async fn create_key(&self, key: KeyRecord, audit: AuditEntry) -> Result<Change, StoreError> {
        self.writer
            .write(move |db| Box::pin(create(db, key, audit)))
            .await
    }

    async fn revoke_key(
        &self,
        application: Option<ApplicationId>,
        id: KeyId,
        audit: AuditEntry,
    ) -> Result<Removal, StoreError> {
        self.writer
            .write(move |db| Box::pin(revoke(db, application, id, audit)))
            .await
    }

    async fn list_keys(&self, application: Option<ApplicationId>) -> Result<Vec<ListedKey>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM api_keys WHERE application_id IS ?1 AND revoked_at IS NULL ORDER BY id",
        )
        .bind(application.map(|id| id.0))
        .fetch_all(&self.readers)
        .await
        .map_err(fault)?;
        rows.iter().map(read_listed).collect()
    }
}

fn read_listed(row: &SqliteRow) -> Result<ListedKey, StoreError> {
    let record = read_key(row)?;
    let last_used_at = Fields::of(row, "api_keys", record.id).time_if_any("last_used_at")?;
    Ok(ListedKey { record, last_used_at })
}

async fn create(db: &mut SqliteConnection, key: KeyRecord, audit: AuditEntry) -> Result<Change, StoreError> {
    if let Some(application) = key.application_id {
        let found = sqlx::query("SELECT 1 FROM applications WHERE id = ?1")
            .bind(application.0)
            .fetch_optional(&mut *db)
            .await
            .map_err(fault)?;
        if found.is_none() {
            return Ok(Change::NotFound);
        }
    }
    insert_key(db, &key).await?;
    record_change(db, &audit).await?;
    Ok(Change::Made { version: 1 })
}

async fn revoke(
    db: &mut SqliteConnection,
    application: Option<ApplicationId>,
    id: KeyId,
    audit: AuditEntry,
) -> Result<Removal, StoreError> {
    let standing = sqlx::query(
        "SELECT count(*) AS keys, coalesce(max(id = ?1), 0) AS is_there FROM api_keys
         WHERE application_id IS ?2 AND revoked_at IS NULL",
    )
    .bind(id.0)
    .bind(application.map(|id| id.0))
    .fetch_one(&mut *db)
    .await
    .map_err(fault)?;
    let (keys, is_there): (i64, bool) = (
        standing.try_get("keys").map_err(fault)?,
        standing.try_get("is_there").map_err(fault)?,
    );
    if !is_there {
        return Ok(Removal::NotFound);
    }
    if application.is_none() && keys < 2 {
        return Ok(Removal::Last);
    }
    sqlx::query("UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1")
        .bind(id.0)
        .bind(audit.at.unix_micros())
        .execute(&mut *db)
        .await
        .map_err(fault)?;
    record_change(db, &audit).await?;
    Ok(Removal::Removed)
}
