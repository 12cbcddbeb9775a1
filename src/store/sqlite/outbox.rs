//! The outbox: taking what is due under a lease, and settling what was tried, guarded by the lease's token.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::row::{Fields, id_of};
use super::verification::{KeptVerification, select_verifications};
use super::{SqliteStore, StoreError, fault, quota};
use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::message::Channel;
use crate::domain::time::Timestamp;
use crate::store::outbox::{Claimed, Lease, MonthlyCounter, MonthlyLimit, Outbox, Settled, Settlement};

mod settle;

#[async_trait]
impl Outbox for SqliteStore {
    async fn claim_due(
        &self,
        channel: Channel,
        now: Timestamp,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.writer
            .write(move |db| Box::pin(claim_due(db, channel, now, lease, limit)))
            .await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        self.writer
            .write(move |db| Box::pin(settle::settle(db, settlement)))
            .await
    }

    async fn reserve(&self, environment: EnvironmentId, limit: MonthlyLimit) -> Result<bool, StoreError> {
        self.writer
            .write(move |db| Box::pin(quota::reserve(db, environment, limit)))
            .await
    }

    async fn release(&self, environment: EnvironmentId, limit: MonthlyLimit) -> Result<(), StoreError> {
        self.writer
            .write(move |db| Box::pin(quota::release(db, environment, limit.counter, limit.month)))
            .await
    }

    async fn used(
        &self,
        environment: EnvironmentId,
        counter: MonthlyCounter,
        month: Timestamp,
    ) -> Result<u32, StoreError> {
        let row = sqlx::query(
            "SELECT used FROM monthly_counters WHERE environment_id = ?1 AND counter = ?2 AND month = ?3",
        )
        .bind(environment.0)
        .bind(counter.as_str())
        .bind(month.unix_micros())
        .fetch_optional(&self.readers)
        .await
        .map_err(fault)?;
        row.map_or(Ok(0), |row| {
            Fields::of(&row, "monthly_counters", environment).value("used")
        })
    }
}

async fn claim_due(
    db: &mut SqliteConnection,
    channel: Channel,
    now: Timestamp,
    lease: Lease,
    limit: u32,
) -> Result<Vec<Claimed>, StoreError> {
    // `t` is the message taken, `m` the newest of its verification.
    let rows = sqlx::query(select_verifications!(
        ", t.id AS taken_id, t.quota_month AS taken_quota_month, o.attempts AS taken_attempts, \
         o.lease_token AS taken_lease_token, t.taken_over_at AS taken_before_at",
        "JOIN messages t ON t.verification_id = v.id JOIN outbox o ON o.message_id = t.id \
         WHERE o.due_at <= ?1 AND t.channel = ?3 ORDER BY o.due_at LIMIT ?2"
    ))
    .bind(now.unix_micros())
    .bind(limit)
    .bind(channel.as_str())
    .fetch_all(&mut *db)
    .await
    .map_err(fault)?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = id_of(row, "outbox", "taken_id")?;
        hold(db, id, lease, now).await?;
        match read_claimed(row, MessageId(id)) {
            Ok(message) => claimed.push(message),
            // Its lease keeps it out of the way of the others, which one unreadable row must not hold up.
            Err(error) => {
                tracing::error!(message.id = %MessageId(id), %error, "a due message cannot be read");
            }
        }
    }
    Ok(claimed)
}

fn read_claimed(row: &SqliteRow, message_id: MessageId) -> Result<Claimed, StoreError> {
    let taken = Fields::joined(row, "outbox", "taken_", message_id);
    let former_holder: Option<Uuid> = taken.value("lease_token")?;
    let quota_month: Option<i64> = taken.value("quota_month")?;
    let taken_over_before: Option<i64> = taken.value("before_at")?;
    Ok(Claimed {
        message_id,
        verification: KeptVerification::read(row)?.stored,
        attempts: taken.value("attempts")?,
        possible_duplicate: former_holder.is_some(),
        taken_over_before: taken_over_before.is_some(),
        holds_quota: quota_month.is_some(),
    })
}

/// Takes a message; one that somebody held is marked first.
pub(super) async fn hold(
    db: &mut SqliteConnection,
    message: Uuid,
    lease: Lease,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE messages SET taken_over_at = coalesce(taken_over_at, ?2)
         WHERE id = (SELECT message_id FROM outbox WHERE message_id = ?1 AND lease_token IS NOT NULL)",
    )
    .bind(message)
    .bind(now.unix_micros())
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    sqlx::query("UPDATE outbox SET due_at = ?2, lease_token = ?3 WHERE message_id = ?1")
        .bind(message)
        .bind(lease.until.unix_micros())
        .bind(lease.token)
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}
