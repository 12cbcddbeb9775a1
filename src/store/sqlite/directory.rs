//! The directory's records.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::bulk::key_list;
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
        let statement = sqlx::query(
            "INSERT INTO key_uses (key_id, last_used_at) SELECT unhex(value), ?2 FROM json_each(?1) WHERE true
             ON CONFLICT (key_id) DO UPDATE SET last_used_at = max(last_used_at, excluded.last_used_at)",
        )
        .bind(key_list(keys.iter().map(|key| key.0.as_bytes())))
        .bind(now.unix_micros());
        self.writer.execute(statement).await?;
        Ok(())
    }

    async fn last_uses(&self, keys: Vec<KeyId>) -> Result<HashMap<KeyId, Timestamp>, StoreError> {
        let query = "SELECT * FROM key_uses WHERE key_id IN (SELECT unhex(value) FROM json_each(?1))";
        let query = sqlx::query(query).bind(key_list(keys.iter().map(|key| key.0.as_bytes())));
        let rows = query.fetch_all(&self.readers).await?;
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
        let ids: Vec<i32> = generations.into_iter().map(GenerationId::get).collect();
        let statement =
            sqlx::query("DELETE FROM key_generations WHERE key_id IN (SELECT value FROM json_each(?1))");
        let statement = statement.bind(serde_json::json!(ids).to_string());
        self.writer.execute(statement).await?;
        Ok(())
    }
}

async fn revision(db: &mut SqliteConnection) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT revision FROM installation WHERE id = 1")
        .fetch_one(db)
        .await?;
    Ok(row.try_get("revision")?)
}
