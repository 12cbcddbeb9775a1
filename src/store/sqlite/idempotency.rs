//! Idempotency keys: taken, answered, let go, and taken over from a process that died.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::Fields;
use super::{SqliteStore, StoreError, fault};
use crate::store::idempotency::{Claim, HeldKey, Idempotency, KeptAnswer, KeyClaim};

#[async_trait]
impl Idempotency for SqliteStore {
    async fn claim_key(&self, claim: KeyClaim) -> Result<Claim, StoreError> {
        self.writer.write(move |db| Box::pin(claim_key(db, claim))).await
    }

    async fn keep_answer(&self, held: HeldKey, answer: KeptAnswer) -> Result<(), StoreError> {
        self.writer
            .write(move |db| Box::pin(keep_answer(db, held, answer)))
            .await
    }

    async fn release_key(&self, held: HeldKey) -> Result<(), StoreError> {
        self.writer.write(move |db| Box::pin(release_key(db, held))).await
    }
}

async fn claim_key(db: &mut SqliteConnection, claim: KeyClaim) -> Result<Claim, StoreError> {
    let row = sqlx::query(
        "SELECT fingerprint, resource_id, busy_until, status, location, body FROM idempotency_keys
         WHERE application_id = ?1 AND key_hash = ?2 AND expires_at > ?3",
    )
    .bind(claim.held.application_id.0)
    .bind(&claim.held.key_hash[..])
    .bind(claim.now.unix_micros())
    .fetch_optional(&mut *db)
    .await
    .map_err(fault)?;
    let Some(row) = row else {
        take(db, &claim).await?;
        return Ok(Claim::Taken);
    };
    let fields = fields_of(&row, &claim.held);
    if fields.hash("fingerprint")? != claim.fingerprint {
        return Ok(Claim::Reused);
    }
    if let Some(status) = fields.value("status")? {
        return Ok(Claim::Answered(KeptAnswer {
            status,
            location: fields.value("location")?,
            body: fields.value("body")?,
        }));
    }
    if fields.time("busy_until")? > claim.now {
        return Ok(Claim::InProgress);
    }
    take_over(db, &claim).await?;
    Ok(Claim::TakenOver {
        resource_id: fields.value("resource_id")?,
    })
}

fn fields_of<'r>(row: &'r SqliteRow, held: &HeldKey) -> Fields<'r> {
    Fields::of(row, "idempotency_keys", hex::encode(held.key_hash))
}

/// Takes a key that is not there, or that is to be forgotten.
async fn take(db: &mut SqliteConnection, claim: &KeyClaim) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT OR REPLACE INTO idempotency_keys (application_id, key_hash, fingerprint, resource_id, owner, busy_until,
                                                  expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(claim.held.application_id.0)
    .bind(&claim.held.key_hash[..])
    .bind(&claim.fingerprint[..])
    .bind(claim.resource_id)
    .bind(claim.held.owner)
    .bind(claim.busy_until.unix_micros())
    .bind(claim.expires_at.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn take_over(db: &mut SqliteConnection, claim: &KeyClaim) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE idempotency_keys SET owner = ?3, busy_until = ?4 WHERE application_id = ?1 AND key_hash = ?2",
    )
    .bind(claim.held.application_id.0)
    .bind(&claim.held.key_hash[..])
    .bind(claim.held.owner)
    .bind(claim.busy_until.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn keep_answer(db: &mut SqliteConnection, held: HeldKey, answer: KeptAnswer) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE idempotency_keys SET status = ?4, location = ?5, body = ?6
         WHERE application_id = ?1 AND key_hash = ?2 AND owner = ?3 AND status IS NULL",
    )
    .bind(held.application_id.0)
    .bind(&held.key_hash[..])
    .bind(held.owner)
    .bind(answer.status)
    .bind(answer.location)
    .bind(answer.body)
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn release_key(db: &mut SqliteConnection, held: HeldKey) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM idempotency_keys
         WHERE application_id = ?1 AND key_hash = ?2 AND owner = ?3 AND status IS NULL",
    )
    .bind(held.application_id.0)
    .bind(&held.key_hash[..])
    .bind(held.owner)
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}
