//! Idempotency keys: taken, taken over or found in one statement.

use async_trait::async_trait;
use sqlx::query_file;
use uuid::Uuid;

use super::send::TRIES;
use super::{PostgresStore, StoreError, fault};
use crate::store::Idempotency;
use crate::store::idempotency::{Claim, HeldKey, KeptAnswer, KeyClaim};

#[async_trait]
impl Idempotency for PostgresStore {
    async fn claim_key(&self, claim: KeyClaim) -> Result<Claim, StoreError> {
        let mut lent = self.lend().await?;
        for _ in 0..TRIES {
            let known = lent
                .ask(async |connection| {
                    query_file!(
                        "src/store/postgres/sql/claim_key.sql",
                        claim.held.application_id.0,
                        &claim.held.key_hash[..],
                        &claim.fingerprint[..],
                        claim.resource_id,
                        claim.held.owner,
                        claim.busy_until.to_offset_date_time(),
                        claim.expires_at.to_offset_date_time(),
                        claim.now.to_offset_date_time(),
                    )
                    .fetch_optional(connection)
                    .await
                })
                .await?;
            let Some(known) = known else { continue };
            let known = KnownKey {
                claimed: known.claimed,
                resource_id: known.resource_id,
                is_same_request: known.fingerprint == claim.fingerprint,
                status: known.status,
                location: known.location,
                body: known.body,
            };
            return known.outcome(&claim);
        }
        Err(fault::contended(TRIES))
    }

    async fn keep_answer(&self, held: HeldKey, answer: KeptAnswer) -> Result<(), StoreError> {
        let mut lent = self.lend().await?;
        let status = i16::try_from(answer.status).unwrap_or(i16::MAX);
        lent.ask(async |connection| {
            query_file!(
                "src/store/postgres/sql/keep_answer.sql",
                held.application_id.0,
                &held.key_hash[..],
                held.owner,
                status,
                answer.location,
                answer.body,
            )
            .execute(connection)
            .await
        })
        .await?;
        Ok(())
    }

    async fn release_key(&self, held: HeldKey) -> Result<(), StoreError> {
        let mut lent = self.lend().await?;
        lent.ask(async |connection| {
            query_file!(
                "src/store/postgres/sql/release_key.sql",
                held.application_id.0,
                &held.key_hash[..],
                held.owner,
            )
            .execute(connection)
            .await
        })
        .await?;
        Ok(())
    }
}

/// What the statement found.
struct KnownKey {
    claimed: bool,
    resource_id: Uuid,
    is_same_request: bool,
    status: Option<i16>,
    location: Option<String>,
    body: Option<String>,
}

impl KnownKey {
    fn outcome(self, claim: &KeyClaim) -> Result<Claim, StoreError> {
        if self.claimed {
            let resource_id = self.resource_id;
            return Ok(if resource_id == claim.resource_id {
                Claim::Taken
            } else {
                Claim::TakenOver { resource_id }
            });
        }
        if !self.is_same_request {
            return Ok(Claim::Reused);
        }
        let Some(status) = self.status else {
            return Ok(Claim::InProgress);
        };
        let of = |column| fault::corrupt("idempotency_keys", column, self.resource_id);
        Ok(Claim::Answered(KeptAnswer {
            status: u16::try_from(status).map_err(|_| of("status"))?,
            location: self.location,
            body: self.body.ok_or_else(|| of("body"))?,
        }))
    }
}
