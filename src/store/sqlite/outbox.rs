//! The outbox: entries that say when to look at which messages, taking what is due under a lease, and settling what was tried, guarded
//! by the lease's token.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::{SqliteStore, StoreError, fault, quota};
use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::time::Timestamp;
use crate::store::Maintenance;
use crate::store::outbox::{
    Claimed, Lease, MonthlyCounter, MonthlyLimit, Outbox, Queue, Settled, Settlement,
};

mod claim;
mod settle;

pub(super) use settle::settle;

#[async_trait]
impl Outbox for SqliteStore {
    async fn claim_due(
        &self,
        queue: Queue,
        now: Timestamp,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut claimed = Vec::new();
        while claimed.len() < wanted {
            let missing = wanted - claimed.len();
            // Between two steps the writer is free for others.
            let step = self
                .writer
                .write(move |db| Box::pin(claim::claim_next(db, queue, now, lease, missing)))
                .await;
            match step {
                Ok(Some(taken)) => claimed.extend(taken),
                Err(error) if claimed.is_empty() => return Err(error),
                // What is held already is not to wait for its lease's end.
                Ok(None) | Err(_) => break,
            }
        }
        Ok(claimed)
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let settled = self.settlements.run(settlement).await?;
        Ok(self.write_health().proven_by(settled))
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
        quota::used(&self.readers, environment, counter, month).await
    }
}

/// Notes down when messages are due: an entry for each queue, for when the last of them is.
pub(super) async fn insert_entries(
    db: &mut SqliteConnection,
    messages: Vec<(Queue, Timestamp, MessageId)>,
) -> Result<(), StoreError> {
    let mut entries: Vec<(Queue, Timestamp, Vec<u8>)> = Vec::new();
    for (queue, due_at, id) in messages {
        let id = id.0.into_bytes();
        match entries.iter_mut().find(|(other, ..)| *other == queue) {
            Some((_, last, ids)) => {
                *last = due_at.max(*last);
                ids.extend(id);
            }
            None => entries.push((queue, due_at, id.to_vec())),
        }
    }
    for (queue, due_at, ids) in entries {
        insert_entry(db, queue, due_at, ids).await?;
    }
    Ok(())
}

async fn insert_entry(
    db: &mut SqliteConnection,
    queue: Queue,
    due_at: Timestamp,
    ids: Vec<u8>,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO outbox (queue, due_at, message_ids) VALUES (?1, ?2, ?3)")
        .bind(queue.as_str())
        .bind(due_at.unix_micros())
        .bind(ids)
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}
