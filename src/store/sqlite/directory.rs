//! The directory's records.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::row::{Fields, id_of};
use super::{SqliteStore, StoreError};
use crate::domain::id::{EnvironmentId, KeyId};
use crate::domain::keyring::{Fingerprints, GenerationId, KeysFit, KnownKeys};
use crate::domain::time::Timestamp;
use crate::store::directory::{Commit, Directory, KeyNeeds, Loaded, Step, StoredRecord};

mod commit;
mod keys;

pub(super) use commit::write_audit_entry;

#[async_trait]
impl Directory for SqliteStore {
    async fn revision(&self) -> Result<i64, StoreError> {
        let mut connection = self.readers.acquire().await?;
        revision(&mut connection).await
    }

    async fn load(&self, since: i64) -> Result<Loaded, StoreError> {
        // One transaction reads one moment.
        let mut transaction = self.readers.begin().await?;
        let revision = revision(&mut transaction).await?;
        let rows =
            sqlx::query("SELECT * FROM records WHERE revision > ?1 AND (document IS NOT NULL OR ?1 > 0)")
                .bind(since)
                .fetch_all(&mut *transaction)
                .await?;
        let records = rows.iter().map(|row| {
            let id = id_of(row, "records", "id")?;
            let fields = Fields::of(row, "records", id);
            let environment_id: Option<Uuid> = fields.value("environment_id")?;
            Ok(StoredRecord {
                kind: fields.value("kind")?,
                id,
                environment_id: environment_id.map(EnvironmentId),
                document: fields.value("document")?,
                revision: fields.value("revision")?,
            })
        });
        Ok(Loaded {
            revision,
            records: records.collect::<Result<_, StoreError>>()?,
        })
    }

    async fn commit(&self, on: i64, at: Timestamp, steps: Vec<Step>) -> Result<Commit, StoreError> {
        self.writer
            .write(move |db| Box::pin(commit::take(db, on, at, steps)))
            .await
    }

    async fn touch_keys(&self, keys: Vec<KeyId>, now: Timestamp) -> Result<(), StoreError> {
        self.writer
            .write(move |db| Box::pin(keys::touch_keys(db, keys, now)))
            .await
    }

    async fn last_uses(&self, keys: Vec<KeyId>) -> Result<HashMap<KeyId, Timestamp>, StoreError> {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new("SELECT * FROM key_uses WHERE key_id IN (");
        let mut ids = query.separated(", ");
        for key in keys {
            ids.push_bind(key.0);
        }
        query.push(")");
        let rows = query.build().fetch_all(&self.readers).await?;
        let uses = rows.iter().map(|row| {
            let id = KeyId(id_of(row, "key_uses", "key_id")?);
            Ok((id, Fields::of(row, "key_uses", id).time("last_used_at")?))
        });
        uses.collect()
    }

    async fn fit_keys(&self, keys: Fingerprints, now: Timestamp) -> Result<KeysFit, StoreError> {
        self.writer
            .write(move |db| Box::pin(keys::fit_keys(db, keys, now)))
            .await
    }

    async fn known_keys(&self) -> Result<KnownKeys, StoreError> {
        let mut connection = self.readers.acquire().await?;
        keys::known_keys(&mut connection).await
    }

    async fn key_needs(&self) -> Result<KeyNeeds, StoreError> {
        let mut connection = self.readers.acquire().await?;
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
        .await?;
    Ok(row.try_get("revision")?)
}
