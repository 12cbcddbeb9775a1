//! Further sends of verifications.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::connection::Pools;
use super::super::row::{by_place, column, composite_type, found_limits, left_alone, verification_row};
use super::super::{LARGEST_BATCH, StoreError, fault};
use super::NewMessageRow;
use crate::domain::id::VerificationId;
use crate::domain::idempotency::KeyedResend;
use crate::domain::message::{Channel, MessageSummary};
use crate::domain::verification::Purpose;
use crate::store::batch::{Carrier, Failure};
use crate::store::verification::{NewSend, Resend};
use crate::store::write_health::Effect;

/// Carries out further sends.
pub(in super::super) struct Resends(pub(in super::super) Arc<Pools>);

#[async_trait]
impl Carrier<NewSend> for Resends {
    async fn carry_out(&self, batch: &[Arc<NewSend>]) -> Result<Vec<Result<Resend, StoreError>>, Failure> {
        let mut connection = self.0.acquire(Effect::Writes).await.map_err(Failure::Lost)?;
        let rows = connection
            .ask_for_batch(async |connection| {
                query_file!(
                    "src/store/postgres/sql/resend.sql",
                    &column(batch, NewSendRow::of) as &[NewSendRow],
                    &column(batch, |again| NewMessageRow::of(&again.message, again.limits))
                        as &[NewMessageRow],
                    Purpose::NAMES as &[&str],
                    Channel::NAMES as &[&str],
                )
                .fetch_all(connection)
                .await
            })
            .await?;
        let rows = by_place(batch.len(), rows, |row| row.number);
        let outcomes = batch.iter().zip(rows).map(|(again, row)| {
            let Some(row) = row else {
                return Ok(Resend::NotFound);
            };
            if row.made {
                return made_before(again, row.id, row.keyed_resends.as_deref());
            }
            let found = found_limits!(row);
            let newest = MessageSummary::queued(again.message.id);
            let stored = verification_row!(row).stored(newest)?;
            if row.unreadable {
                return Err(left_alone(&stored.verification));
            }
            if row.admitted {
                return Ok(Resend::Resent(Box::new(again.applied_to(stored))));
            }
            let by_limit = || found.refusal(&again.limits, again.message.quota, again.now);
            again
                .refusal(&stored.verification)
                .or_else(|| by_limit().map(Resend::Refused))
                .ok_or_else(fault::disagreement)
        });
        Ok(outcomes.collect())
    }

    fn largest_batch(&self) -> usize {
        LARGEST_BATCH
    }
}

fn made_before(again: &NewSend, id: Uuid, keyed_resends: Option<&[u8]>) -> Result<Resend, StoreError> {
    let corrupt = || fault::corrupt("verifications", "keyed_resends", VerificationId(id));
    let resends = keyed_resends
        .and_then(KeyedResend::read_all)
        .ok_or_else(corrupt)?;
    again.made_by(&resends).ok_or_else(corrupt)
}

/// A further send, as the statement takes it.
#[derive(sqlx::Encode)]
struct NewSendRow<'b> {
    id: Uuid,
    application_id: Uuid,
    enabled_connections: Vec<Uuid>,
    now: OffsetDateTime,
    resend_ats: Vec<OffsetDateTime>,
    key_hash: Option<&'b [u8]>,
    keyed_resend: Option<Vec<u8>>,
}
composite_type!(NewSendRow, "new_send");

impl<'b> NewSendRow<'b> {
    fn of(again: &'b NewSend) -> Self {
        Self {
            id: again.verification_id.0,
            application_id: again.application_id.0,
            enabled_connections: again.enabled_connections.iter().map(|id| id.0).collect(),
            now: again.now.to_offset_date_time(),
            resend_ats: again
                .resend_at
                .iter()
                .map(|at| at.to_offset_date_time())
                .collect(),
            key_hash: again.request.as_ref().map(|request| &request.key_hash[..]),
            keyed_resend: again.keyed_resend().map(KeyedResend::to_bytes),
        }
    }
}
