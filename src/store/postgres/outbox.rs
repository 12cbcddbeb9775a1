//! The outbox: what came of attempts, in statements that find nothing to do for those whose lease is lost, and the monthly counters.

mod claim;

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{query_file, query_file_scalar};
use time::OffsetDateTime;
use uuid::Uuid;

use super::connection::Pools;
use super::row::{column, composite_type, integer, month};
use super::{LARGEST_BATCH, PostgresStore, StoreError, fault};
use crate::domain::id::EnvironmentId;
use crate::domain::message::Provider;
use crate::domain::time::Timestamp;
use crate::store::batch::{Carrier, Failure};
use crate::store::outbox::{Claimed, Lease, MonthlyCounter, MonthlyLimit, Queue, Settled, Settlement};
use crate::store::write_health::Effect;
use crate::store::{Maintenance, Outbox, attempt};

#[async_trait]
impl Outbox for PostgresStore {
    async fn claim_due(
        &self,
        queue: Queue,
        now: Timestamp,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        claim::claim_due(&mut self.acquire().await?, queue, now, lease, limit).await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let batches = match Consequence::of(&settlement) {
            Consequence::End => &self.settlements,
            Consequence::Retry => &self.requeues,
            Consequence::Refund => &self.refunds,
        };
        let settled = batches.run(settlement).await;
        settled.map(|settled| self.write_health().proven_by(settled))
    }

    async fn reserve(&self, environment: EnvironmentId, limit: MonthlyLimit) -> Result<bool, StoreError> {
        let mut connection = self.acquire().await?;
        let reserved = connection
            .execute(query_file!(
                "src/store/postgres/sql/reserve.sql",
                environment.0,
                limit.counter.as_str(),
                month(limit),
                integer(limit.limit),
            ))
            .await?;
        Ok(reserved > 0)
    }

    async fn release(&self, environment: EnvironmentId, limit: MonthlyLimit) -> Result<(), StoreError> {
        let mut connection = self.acquire().await?;
        connection
            .execute(query_file!(
                "src/store/postgres/sql/release.sql",
                environment.0,
                limit.counter.as_str(),
                month(limit),
            ))
            .await?;
        Ok(())
    }

    async fn used(
        &self,
        environment: EnvironmentId,
        counter: MonthlyCounter,
        month: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut connection = self.acquire_for_reading().await?;
        let row = connection
            .fetch_optional(query_file!(
                "src/store/postgres/sql/used.sql",
                environment.0,
                counter.as_str(),
                month.to_offset_date_time(),
            ))
            .await?;
        let used = row.map_or(0, |row| row.used);
        u32::try_from(used).map_err(|_| fault::corrupt("monthly_counters", "used", environment))
    }
}

/// What follows from an attempt, beside its record. Each has a statement of its own, so that the common end of a message does nothing for
/// the others.
#[derive(Clone, Copy)]
pub(super) enum Consequence {
    /// Nothing more.
    End,
    /// The message is tried again.
    Retry,
    /// Nobody accepted it: what it had taken is refunded.
    Refund,
}

impl Consequence {
    fn of(settlement: &Settlement) -> Self {
        let columns = settlement.outcome.columns();
        if columns.refunds {
            Self::Refund
        } else if columns.due_at.is_some() {
            Self::Retry
        } else {
            Self::End
        }
    }
}

/// Carries out settlements with one consequence.
pub(super) struct Settlements {
    pub(super) pools: Arc<Pools>,
    pub(super) consequence: Consequence,
}

#[async_trait]
impl Carrier<Settlement> for Settlements {
    async fn carry_out(
        &self,
        batch: &[Arc<Settlement>],
    ) -> Result<Vec<Result<Settled, StoreError>>, Failure> {
        let mut connection = self.pools.acquire(Effect::Writes).await.map_err(Failure::Lost)?;
        let mut rows = column(batch, SettlementRow::of);
        rows.sort_unstable_by_key(|row| row.id);
        let rows: &[SettlementRow] = &rows;
        let settled = connection
            .ask_for_batch(async |connection| match self.consequence {
                Consequence::End => {
                    query_file_scalar!("src/store/postgres/sql/settle.sql", rows as &[SettlementRow])
                        .fetch_all(connection)
                        .await
                }
                Consequence::Retry => {
                    query_file_scalar!("src/store/postgres/sql/requeue.sql", rows as &[SettlementRow])
                        .fetch_all(connection)
                        .await
                }
                Consequence::Refund => {
                    let settled = query_file!(
                        "src/store/postgres/sql/settle_refunded.sql",
                        rows as &[SettlementRow]
                    );
                    let settled = settled.fetch_all(connection).await?;
                    Ok(settled.into_iter().map(|row| row.id).collect())
                }
            })
            .await?;
        let settled: HashSet<Uuid> = settled.into_iter().collect();
        let outcome = |settlement: &Settlement| {
            if settled.contains(&settlement.message_id.0) {
                Ok(Settled::Recorded)
            } else {
                Ok(Settled::LeaseLost)
            }
        };
        Ok(column(batch, outcome))
    }

    fn largest_batch(&self) -> usize {
        LARGEST_BATCH
    }
}

/// A settlement, as the statements take it.
#[derive(sqlx::Encode)]
struct SettlementRow<'b> {
    id: Uuid,
    token: Uuid,
    status: &'b str,
    is_rare: bool,
    provider: Option<&'b str>,
    fallback: bool,
    provider_message_id: Option<&'b str>,
    error_code: Option<&'b str>,
    error_detail: Option<&'b str>,
    due_at: Option<OffsetDateTime>,
    keeps_lease: bool,
    attempt: String,
    now: OffsetDateTime,
}
composite_type!(SettlementRow, "settlement");

impl<'b> SettlementRow<'b> {
    fn of(settlement: &'b Settlement) -> Self {
        let columns = settlement.outcome.columns();
        Self {
            id: settlement.message_id.0,
            token: settlement.token,
            status: columns.status.as_str(),
            is_rare: columns.status.is_rare(),
            provider: columns.provider.map(Provider::as_str),
            fallback: columns.fallback,
            provider_message_id: columns.provider_message_id,
            error_code: columns.failure.map(|failure| failure.code.as_str()),
            error_detail: columns.failure.map(|failure| failure.detail.as_str()),
            due_at: columns.due_at.map(Timestamp::to_offset_date_time),
            keeps_lease: columns.keeps_lease,
            attempt: settlement
                .attempt
                .as_ref()
                .map(attempt::to_line)
                .unwrap_or_default(),
            now: settlement.now.to_offset_date_time(),
        }
    }
}
