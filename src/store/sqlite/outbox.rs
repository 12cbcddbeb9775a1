//! The outbox: entries that say when to look at which messages, taking what is due under a lease, and settling what was tried, guarded
//! by the lease's token.

use async_trait::async_trait;

use super::{SqliteStore, StoreError, quota};
use crate::domain::id::EnvironmentId;
use crate::domain::time::Timestamp;
use crate::store::Maintenance;
use crate::store::outbox::{
    Claimed, Lease, MonthlyCounter, MonthlyLimit, Outbox, Queue, Settled, Settlement,
};

mod claim;
pub(super) mod entry;
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
        let reserved = self.writer.execute(quota::take(environment, limit, 1)).await?;
        Ok(reserved > 0)
    }

    async fn release(&self, environment: EnvironmentId, limit: MonthlyLimit) -> Result<(), StoreError> {
        let MonthlyLimit { counter, month, .. } = limit;
        self.writer
            .execute(quota::release(environment, counter, month))
            .await?;
        Ok(())
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
