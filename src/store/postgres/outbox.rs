//! The outbox: taking what is due, and the monthly counters. How a message is settled is in [`super::settle`].

use async_trait::async_trait;
use sqlx::query_file;

use super::claim::{Entry, claim};
use super::row::{integer, summary_row, verification_row};
use super::send::month;
use super::{PostgresStore, StoreError, fault, settle};
use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::message::Channel;
use crate::domain::time::Timestamp;
use crate::store::outbox::{Claimed, Lease, MonthlyCounter, MonthlyLimit, Queue, Settled, Settlement};
use crate::store::{Outbox, Upkeep};

#[async_trait]
impl Outbox for PostgresStore {
    async fn claim_due(
        &self,
        channel: Channel,
        now: Timestamp,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut lent = self.lend().await?;
        claim(
            &mut lent,
            lease,
            limit,
            |lent, limit| {
                Box::pin(async move {
                    lent.ask(async |connection| {
                        query_file!(
                            "src/store/postgres/sql/claim_due.sql",
                            now.to_offset_date_time(),
                            lease.token,
                            lease.until.to_offset_date_time(),
                            i64::from(limit),
                            Queue::Code(channel).as_str(),
                        )
                        .fetch_all(connection)
                        .await
                    })
                    .await
                })
            },
            |mut row| {
                let message_id = MessageId(row.claimed_id);
                let entry = Entry {
                    message_id,
                    former_token: row.former_token,
                    taken_over_before: row.taken_over_before,
                };
                let attempts = u16::try_from(row.attempts);
                let attempts = attempts.map_err(|_| fault::corrupt("outbox", "attempts", message_id));
                let message = summary_row!(row, row.message_id).summary();
                let claimed = message.and_then(|message| {
                    Ok(Claimed {
                        message_id,
                        attempts: attempts?,
                        possible_duplicate: row.former_token.is_some(),
                        taken_over_before: row.taken_over_before,
                        holds_quota: row.holds_quota,
                        verification: verification_row!(row).stored(message)?,
                    })
                });
                (entry, claimed)
            },
        )
        .await
    }

    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError> {
        let settled = settle::settle(&mut self.lend().await?, &settlement).await;
        settled.map(|settled| self.write_health().proven_by(settled))
    }

    async fn reserve(&self, environment: EnvironmentId, limit: MonthlyLimit) -> Result<bool, StoreError> {
        let mut lent = self.lend().await?;
        let reserved = lent
            .ask(async |connection| {
                query_file!(
                    "src/store/postgres/sql/reserve.sql",
                    environment.0,
                    limit.counter.as_str(),
                    month(limit),
                    integer(limit.limit),
                )
                .execute(connection)
                .await
            })
            .await?;
        Ok(reserved.rows_affected() > 0)
    }

    async fn release(&self, environment: EnvironmentId, limit: MonthlyLimit) -> Result<(), StoreError> {
        let mut lent = self.lend().await?;
        lent.ask(async |connection| {
            query_file!(
                "src/store/postgres/sql/release.sql",
                environment.0,
                limit.counter.as_str(),
                month(limit),
            )
            .execute(connection)
            .await
        })
        .await?;
        Ok(())
    }

    async fn used(
        &self,
        environment: EnvironmentId,
        counter: MonthlyCounter,
        month: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut lent = self.lend_for_reading().await?;
        let row = lent
            .ask(async |connection| {
                query_file!(
                    "src/store/postgres/sql/used.sql",
                    environment.0,
                    counter.as_str(),
                    month.to_offset_date_time(),
                )
                .fetch_optional(connection)
                .await
            })
            .await?;
        let used = row.map_or(0, |row| row.used);
        u32::try_from(used).map_err(|_| fault::corrupt("monthly_counters", "used", environment))
    }
}
