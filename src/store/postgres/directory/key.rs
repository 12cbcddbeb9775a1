//! API keys made, listed and revoked.

use async_trait::async_trait;
use sqlx::{PgConnection, query_file};

use super::first::insert_key;
use super::load::KeyRow;
use super::{lock_installation, raise_revision, write_audit_entry};
use crate::domain::environment::{KeyRecord, ListedKey};
use crate::domain::id::{ApplicationId, KeyId};
use crate::domain::time::Timestamp;
use crate::store::Keys;
use crate::store::directory::{AuditEntry, Change, Removal};
use crate::store::postgres::{PostgresStore, StoreError, fault};

#[async_trait]
impl Keys for PostgresStore {
    async fn create_key(&self, key: KeyRecord, audit: AuditEntry) -> Result<Change, StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| create(transaction, &key, &audit).await)
            .await
            .map_err(fault::of)
    }

    async fn revoke_key(
        &self,
        application: Option<ApplicationId>,
        id: KeyId,
        audit: AuditEntry,
    ) -> Result<Removal, StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| revoke(transaction, application, id, &audit).await)
            .await
            .map_err(fault::of)
    }

    async fn list_keys(&self, application: Option<ApplicationId>) -> Result<Vec<ListedKey>, StoreError> {
        let mut lent = self.lend_for_reading().await?;
        let rows = lent
            .ask(async |connection| {
                query_file!("src/store/postgres/sql/list_keys.sql", application.map(|id| id.0))
                    .fetch_all(connection)
                    .await
            })
            .await?;
        rows.into_iter()
            .map(|row| {
                let last_used_at = row.last_used_at.map(Timestamp::new);
                let record = KeyRow {
                    id: row.id,
                    application_id: row.application_id,
                    name: row.name,
                    prefix: row.prefix,
                    last_four: row.last_four,
                    hash: row.hash,
                    created_at: row.created_at,
                };
                let record = record.key()?;
                Ok(ListedKey { record, last_used_at })
            })
            .collect()
    }
}

async fn create(
    connection: &mut PgConnection,
    key: &KeyRecord,
    audit: &AuditEntry,
) -> Result<Change, sqlx::Error> {
    lock_installation(connection).await?;
    if let Some(application) = key.application_id {
        let row = query_file!("src/store/postgres/sql/key_owner_exists.sql", application.0)
            .fetch_one(&mut *connection)
            .await?;
        if !row.there {
            return Ok(Change::NotFound);
        }
    }
    raise_revision(connection).await?;
    insert_key(connection, key).await?;
    write_audit_entry(connection, audit).await?;
    Ok(Change::Made { version: 1 })
}

async fn revoke(
    connection: &mut PgConnection,
    application: Option<ApplicationId>,
    id: KeyId,
    audit: &AuditEntry,
) -> Result<Removal, sqlx::Error> {
    lock_installation(connection).await?;
    let standing = query_file!(
        "src/store/postgres/sql/key_standing.sql",
        id.0,
        application.map(|id| id.0)
    )
    .fetch_one(&mut *connection)
    .await?;
    if !standing.there {
        return Ok(Removal::NotFound);
    }
    if application.is_none() && standing.keys < 2 {
        return Ok(Removal::Last);
    }
    raise_revision(connection).await?;
    query_file!(
        "src/store/postgres/sql/revoke_key.sql",
        id.0,
        audit.at.to_offset_date_time()
    )
    .execute(&mut *connection)
    .await?;
    write_audit_entry(connection, audit).await?;
    Ok(Removal::Removed)
}
