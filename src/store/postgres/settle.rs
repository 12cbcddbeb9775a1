//! Settling: attempts and what follows from them, in statements that find nothing to do for those whose lease is lost.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;
use super::connection::Pools;
use super::row::{column, composite_type};
use crate::domain::message::Provider;
use crate::domain::time::Timestamp;
use crate::store::attempt;
use crate::store::batch::{Carrier, Failure};
use crate::store::outbox::{Settled, Settlement};
use crate::store::write_health::Effect;

/// Carries out settlements: those that refund what a message had taken, which nobody accepted, or those that do not.
pub(super) struct Settlements {
    pub(super) pools: Arc<Pools>,
    pub(super) refund: bool,
}

#[async_trait]
impl Carrier<Settlement> for Settlements {
    async fn carry_out(
        &self,
        batch: &[Arc<Settlement>],
    ) -> Result<Vec<Result<Settled, StoreError>>, Failure> {
        let mut connection = self.pools.acquire(Effect::Writes).await.map_err(Failure::Lost)?;
        let rows = &column(batch, SettlementRow::of);
        let settled: HashSet<Uuid> = connection
            .ask_for_batch(async |connection| {
                if self.refund {
                    let statement = query_file!(
                        "src/store/postgres/sql/settle_refunded.sql",
                        rows as &[SettlementRow]
                    );
                    let settled = statement.fetch_all(connection).await?;
                    Ok(settled.iter().map(|row| row.id).collect())
                } else {
                    let statement =
                        query_file!("src/store/postgres/sql/settle.sql", rows as &[SettlementRow]);
                    let settled = statement.fetch_all(connection).await?;
                    Ok(settled.iter().map(|row| row.id).collect())
                }
            })
            .await?;
        let outcome = |settlement: &Settlement| {
            if settled.contains(&settlement.message_id.0) {
                Ok(Settled::Recorded)
            } else {
                Ok(Settled::LeaseLost)
            }
        };
        Ok(column(batch, outcome))
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
