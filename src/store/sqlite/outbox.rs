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
use crate::store::Upkeep;
use crate::store::outbox::{
    Claimed, Lease, MonthlyCounter, MonthlyLimit, Outbox, Queue, Settled, Settlement, log_unreadable,
};

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
        claim(limit, |limit| {
            self.writer
                .write(move |db| Box::pin(claim_due(db, channel, now, lease, limit)))
        })
        .await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let settled = self
            .writer
            .write(move |db| Box::pin(settle::settle(db, settlement)))
            .await;
        settled.map(|settled| self.write_health().proven_by(settled))
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

/// `t` is the message that is due, `m` the newest of its verification.
const DUE: &str = select_verifications!(
    ", t.id AS taken_id, t.quota_month AS taken_quota_month, o.attempts AS taken_attempts, \
     o.lease_token AS taken_lease_token, t.taken_over_at AS taken_before_at",
    "JOIN messages t ON t.verification_id = v.id JOIN outbox o ON o.message_id = t.id \
     WHERE o.queue = ?3 AND o.due_at <= ?1 ORDER BY o.due_at LIMIT ?2"
);

async fn claim_due(
    db: &mut SqliteConnection,
    channel: Channel,
    now: Timestamp,
    lease: Lease,
    limit: u32,
) -> Result<Batch<Claimed>, StoreError> {
    let rows = sqlx::query(DUE)
        .bind(now.unix_micros())
        .bind(limit)
        .bind(Queue::Code(channel).as_str())
        .fetch_all(&mut *db)
        .await
        .map_err(fault)?;
    hold_readable(db, &rows, "taken_id", (lease, now), read_claimed).await
}

/// One claim.
pub(super) struct Batch<T> {
    /// What could be read, and is held.
    claimed: Vec<T>,
    /// How many were due and found.
    found: usize,
}

/// Claims until `limit` messages are there that can be read, or nothing more is due. `batch` claims at most as many as it is asked
/// for. Between two batches the writer is free for others.
pub(super) async fn claim<T, F>(limit: u32, batch: impl Fn(u32) -> F) -> Result<Vec<T>, StoreError>
where
    F: Future<Output = Result<Batch<T>, StoreError>>,
{
    let mut claimed = Vec::new();
    let mut wanted = limit;
    while wanted > 0 {
        let batch = match batch(wanted).await {
            Ok(batch) => batch,
            Err(error) if claimed.is_empty() => return Err(error),
            // What is held already is not to wait for its lease's end.
            Err(_) => break,
        };
        let is_all = batch.found < usize::try_from(wanted).unwrap_or(usize::MAX);
        wanted -= u32::try_from(batch.claimed.len()).unwrap_or(wanted).min(wanted);
        claimed.extend(batch.claimed);
        if is_all {
            break;
        }
    }
    Ok(claimed)
}

/// Takes those of `rows` that can be read. The others stay as they are, out of the way of what is due until the lease would end.
pub(super) async fn hold_readable<T>(
    db: &mut SqliteConnection,
    rows: &[SqliteRow],
    id_column: &'static str,
    (lease, now): (Lease, Timestamp),
    read: impl Fn(&SqliteRow, MessageId) -> Result<T, StoreError>,
) -> Result<Batch<T>, StoreError> {
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        let id = id_of(row, "outbox", id_column)?;
        match read(row, MessageId(id)) {
            Ok(message) => {
                hold(db, id, lease, now).await?;
                claimed.push(message);
            }
            Err(error) => {
                log_unreadable(MessageId(id), &error);
                postpone(db, id, lease.until).await?;
            }
        }
    }
    let found = rows.len();
    Ok(Batch { claimed, found })
}

async fn postpone(db: &mut SqliteConnection, message: Uuid, due_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET due_at = ?2 WHERE message_id = ?1")
        .bind(message)
        .bind(due_at.unix_micros())
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
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
async fn hold(
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

#[cfg(test)]
mod tests {
    use super::DUE;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn what_is_due_of_one_queue_is_found_along_the_index() {
        let plan = plan_of(DUE).await;
        let first = plan.lines().next().unwrap();
        assert!(
            first.contains("outbox_by_due_time (queue=? AND due_at<?)"),
            "{plan}"
        );
    }
}
