//! When API keys were last used, and whether the keys file fits what is in the database.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::domain::id::KeyId;
use crate::domain::keyring::{Fingerprint, GenerationId};
use crate::domain::time::Timestamp;
use crate::store::sqlite::row::Fields;
use crate::store::sqlite::{StoreError, fault};

pub(super) async fn touch_keys(
    db: &mut SqliteConnection,
    keys: Vec<KeyId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for key in keys {
        sqlx::query("UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, ?2), ?2) WHERE id = ?1")
            .bind(key.0)
            .bind(now.unix_micros())
            .execute(&mut *db)
            .await
            .map_err(fault)?;
    }
    Ok(())
}

pub(super) async fn fit_keys(
    db: &mut SqliteConnection,
    fingerprints: Vec<Fingerprint>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let known = known_fingerprints(db).await?;
    let fits = known.is_empty() || fingerprints.iter().any(|fingerprint| known.contains(fingerprint));
    if !fits {
        if holds_content(db).await? {
            return Ok(false);
        }
        // Keys that nothing was written under may be lost.
        sqlx::query("DELETE FROM key_generations")
            .execute(&mut *db)
            .await
            .map_err(fault)?;
    }
    for fingerprint in fingerprints {
        sqlx::query(
            "INSERT INTO key_generations (key_id, fingerprint, first_seen_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (key_id) DO UPDATE SET
                 fingerprint = excluded.fingerprint, first_seen_at = excluded.first_seen_at
             WHERE fingerprint <> excluded.fingerprint",
        )
        .bind(fingerprint.generation.get())
        .bind(&fingerprint.value[..])
        .bind(now.unix_micros())
        .execute(&mut *db)
        .await
        .map_err(fault)?;
    }
    Ok(true)
}

async fn known_fingerprints(db: &mut SqliteConnection) -> Result<Vec<Fingerprint>, StoreError> {
    let rows = sqlx::query("SELECT key_id, fingerprint FROM key_generations")
        .fetch_all(db)
        .await
        .map_err(fault)?;
    rows.iter().map(read_fingerprint).collect()
}

fn read_fingerprint(row: &SqliteRow) -> Result<Fingerprint, StoreError> {
    let key_id: i32 = row.try_get("key_id").map_err(fault)?;
    let fields = Fields::of(row, "key_generations", key_id);
    let generation = GenerationId::new(key_id).ok_or_else(|| fields.corrupt("key_id"))?;
    let value = fields.hash("fingerprint")?;
    Ok(Fingerprint { generation, value })
}

/// Whether anything was written under keys: codes as MACs, or settings with sealed secrets.
async fn holds_content(db: &mut SqliteConnection) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM verifications) OR EXISTS (SELECT 1 FROM settings) AS holds_content",
    )
    .fetch_one(db)
    .await
    .map_err(fault)?;
    row.try_get("holds_content").map_err(fault)
}
