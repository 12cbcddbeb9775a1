//! Settling: attempts and what follows from them, in statements that find nothing to do for those whose lease is lost.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::StoreError;
use super::connection::Pools;
use super::row::column;
use crate::domain::message::Provider;
use crate::domain::time::Timestamp;
use crate::store::attempt;
use crate::store::batch::{Carrier, Failure};
use crate::store::outbox::{Settled, Settlement};
use crate::store::write_health::Effect;

/// Carries out settlements that refund nothing: a provider has the message or may have it, or it is to be tried again.
pub(super) struct Settlements(pub(super) Arc<Pools>);

#[async_trait]
impl Carrier<Settlement> for Settlements {
    async fn carry_out(
        &self,
        batch: &[Arc<Settlement>],
    ) -> Result<Vec<Result<Settled, StoreError>>, Failure> {
        let mut connection = self.0.acquire(Effect::Writes).await.map_err(Failure::Lost)?;
        let columns = column(batch, |settlement| settlement.outcome.columns());
        let statuses: Vec<&str> = columns.iter().map(|columns| columns.status.as_str()).collect();
        let providers: Vec<Option<&str>> = columns
            .iter()
            .map(|columns| columns.provider.map(Provider::as_str))
            .collect();
        let provider_message_ids: Vec<_> = columns
            .iter()
            .map(|columns| columns.provider_message_id)
            .collect();
        let due_at: Vec<_> = columns
            .iter()
            .map(|columns| columns.due_at.map(Timestamp::to_offset_date_time))
            .collect();
        let is_fallback: Vec<bool> = columns.iter().map(|columns| columns.fallback).collect();
        let keeps_lease: Vec<bool> = columns.iter().map(|columns| columns.keeps_lease).collect();
        let is_rare: Vec<bool> = columns.iter().map(|columns| columns.status.is_rare()).collect();
        let settled = connection
            .ask_for_batch(async |connection| {
                query_file!(
                    "src/store/postgres/sql/settle.sql",
                    &column(batch, |settlement| settlement.message_id.0),
                    &column(batch, |settlement| settlement.token),
                    &statuses as &[&str],
                    &providers as &[Option<&str>],
                    &is_fallback,
                    &provider_message_ids as &[Option<&str>],
                    &due_at as &[Option<OffsetDateTime>],
                    &keeps_lease,
                    &column(batch, attempt_line),
                    &column(batch, |settlement| settlement.now.to_offset_date_time()),
                    &is_rare,
                )
                .fetch_all(connection)
                .await
            })
            .await?;
        Ok(outcomes(batch, settled.iter().map(|row| row.id)))
    }
}

/// Carries out settlements of messages that nobody accepted.
pub(super) struct Refunds(pub(super) Arc<Pools>);

#[async_trait]
impl Carrier<Settlement> for Refunds {
    async fn carry_out(
        &self,
        batch: &[Arc<Settlement>],
    ) -> Result<Vec<Result<Settled, StoreError>>, Failure> {
        let mut connection = self.0.acquire(Effect::Writes).await.map_err(Failure::Lost)?;
        let columns = column(batch, |settlement| settlement.outcome.columns());
        let statuses: Vec<&str> = columns.iter().map(|columns| columns.status.as_str()).collect();
        let failures = || columns.iter().map(|columns| columns.failure);
        let codes: Vec<_> = failures().map(|failure| Some(failure?.code.as_str())).collect();
        let details: Vec<_> = failures().map(|failure| Some(failure?.detail.as_str())).collect();
        let settled = connection
            .ask_for_batch(async |connection| {
                query_file!(
                    "src/store/postgres/sql/settle_refunded.sql",
                    &column(batch, |settlement| settlement.message_id.0),
                    &column(batch, |settlement| settlement.token),
                    &statuses as &[&str],
                    &codes as &[Option<&str>],
                    &details as &[Option<&str>],
                    &column(batch, attempt_line),
                    &column(batch, |settlement| settlement.now.to_offset_date_time()),
                )
                .fetch_all(connection)
                .await
            })
            .await?;
        Ok(outcomes(batch, settled.iter().map(|row| row.id)))
    }
}

fn attempt_line(settlement: &Settlement) -> String {
    settlement
        .attempt
        .as_ref()
        .map(attempt::to_line)
        .unwrap_or_default()
}

fn outcomes(
    batch: &[Arc<Settlement>],
    settled: impl Iterator<Item = Uuid>,
) -> Vec<Result<Settled, StoreError>> {
    let settled: HashSet<_> = settled.collect();
    let outcome = |settlement: &Settlement| {
        if settled.contains(&settlement.message_id.0) {
            Ok(Settled::Recorded)
        } else {
            Ok(Settled::LeaseLost)
        }
    };
    column(batch, outcome)
}
