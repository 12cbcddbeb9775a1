//! The directory's records. The installation's row is locked first, so that changes stand one behind the other and revisions
//! become visible in their order.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::{PgConnection, query_file};

use super::{PostgresStore, StoreError, fault};
use crate::domain::id::{EnvironmentId, KeyId};
use crate::domain::keyring::{Fingerprints, GenerationId, KeysFit, KnownKeys};
use crate::domain::time::Timestamp;
use crate::store::Directory;
use crate::store::directory::{Commit, KeyNeeds, Loaded, Step, StoredRecord};

mod commit;
mod keys;

pub(super) use commit::write_audit_entries;

#[async_trait]
impl Directory for PostgresStore {
    async fn revision(&self) -> Result<i64, StoreError> {
        let row = self
            .acquire_for_reading()
            .await?
            .fetch_one(query_file!("src/store/postgres/sql/revision.sql"))
            .await?;
        Ok(row.revision)
    }

    async fn load(&self, since: i64) -> Result<Loaded, StoreError> {
        let rows = self
            .acquire_for_reading()
            .await?
            .fetch_all(query_file!("src/store/postgres/sql/load_records.sql", since))
            .await?;
        let mut loaded = Loaded::default();
        for row in rows {
            loaded.revision = row.as_of;
            if let (Some(kind), Some(id), Some(revision)) = (row.kind, row.id, row.revision) {
                loaded.records.push(StoredRecord {
                    kind,
                    id,
                    environment_id: row.environment_id.map(EnvironmentId),
                    document: row.document,
                    revision,
                });
            }
        }
        Ok(loaded)
    }

    async fn commit(&self, on: i64, at: Timestamp, steps: Vec<Step>) -> Result<Commit, StoreError> {
        let mut connection = self.acquire().await?;
        let taken = connection
            .transact(async |transaction| commit::take(transaction, on, at, &steps).await)
            .await;
        match taken {
            Err(error) if fault::is_violation_of(&error, "records_unique_name") => Ok(Commit::Stale),
            taken => Ok(taken?),
        }
    }

    async fn touch_keys(&self, keys: Vec<KeyId>, now: Timestamp) -> Result<(), StoreError> {
        let (ids, now) = (key_ids(&keys), now.to_offset_date_time());
        let touch = query_file!("src/store/postgres/sql/touch_keys.sql", &ids, now);
        self.acquire().await?.execute(touch).await?;
        Ok(())
    }

    async fn last_uses(&self, keys: Vec<KeyId>) -> Result<HashMap<KeyId, Timestamp>, StoreError> {
        let uses = query_file!("src/store/postgres/sql/last_key_uses.sql", &key_ids(&keys));
        let uses = uses.map(|row| (KeyId(row.key_id), Timestamp::new(row.last_used_at)));
        let uses = self.acquire_for_reading().await?.fetch_all(uses).await?;
        Ok(uses.into_iter().collect())
    }

    async fn fit_keys(&self, keys: Fingerprints, now: Timestamp) -> Result<KeysFit, StoreError> {
        let mut connection = self.acquire().await?;
        connection
            .transact(async |transaction| keys::fit(transaction, &keys, now).await)
            .await?
    }

    async fn known_keys(&self) -> Result<KnownKeys, StoreError> {
        let mut connection = self.acquire_for_reading().await?;
        connection
            .ask(async |connection| keys::known_keys(connection).await)
            .await?
    }

    async fn key_needs(&self) -> Result<KeyNeeds, StoreError> {
        let mut connection = self.acquire_for_reading().await?;
        connection
            .ask(async |connection| keys::key_needs(connection).await)
            .await
    }

    async fn forget_keys(&self, generations: Vec<GenerationId>) -> Result<(), StoreError> {
        let ids: Vec<_> = generations.into_iter().map(GenerationId::get).collect();
        let forget = query_file!("src/store/postgres/sql/forget_keys.sql", &ids);
        self.acquire().await?.execute(forget).await?;
        Ok(())
    }
}

fn key_ids(keys: &[KeyId]) -> Vec<uuid::Uuid> {
    keys.iter().map(|key| key.0).collect()
}

/// The lock that puts changes one behind the other: what is read by the next statement is as the last change has left it.
async fn lock_installation(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    query_file!("src/store/postgres/sql/lock_installation.sql")
        .fetch_one(connection)
        .await?;
    Ok(())
}
