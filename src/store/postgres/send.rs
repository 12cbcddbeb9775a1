//! Sends: the first messages of verifications and every further one, each counted against all limits in the statement that makes it.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::connection::Pools;
use super::row::{
    by_place, column, composite_type, counter_columns, integer, left_alone, verification_row, window,
};
use super::{StoreError, fault};
use crate::domain::country::Country;
use crate::domain::id::VerificationId;
use crate::domain::idempotency::KeyedResend;
use crate::domain::limit::{self, Counters, Window};
use crate::domain::locale::LanguageTag;
use crate::domain::message::{Channel, MessageSummary};
use crate::domain::time::Timestamp;
use crate::domain::verification::Purpose;
use crate::store::batch::{Carrier, Failure};
use crate::store::outbox::MonthlyLimit;
use crate::store::verification::{
    Issue, NewMessage, NewSend, NewVerification, Resend, SendLimits, SendRefusal,
};
use crate::store::write_health::Effect;

/// Takes what a send is counted against out of the record of either statement.
macro_rules! found_limits {
    ($record:expr) => {
        FoundLimits {
            recipient: counter_columns!($record).counters(),
            hour: window(($record.ip_hour_started_at, $record.ip_hour_sends)),
            quota_used: $record.quota_used,
        }
    };
}

/// Carries out issues.
pub(super) struct Issues(pub(super) Arc<Pools>);

#[async_trait]
impl Carrier<NewVerification> for Issues {
    async fn carry_out(
        &self,
        batch: &[Arc<NewVerification>],
    ) -> Result<Vec<Result<Issue, StoreError>>, Failure> {
        let mut connection = self.0.acquire(Effect::Writes).await.map_err(Failure::Lost)?;
        let rows = connection
            .ask_for_batch(async |connection| {
                query_file!(
                    "src/store/postgres/sql/issue.sql",
                    &column(batch, NewVerificationRow::of) as &[NewVerificationRow],
                    &column(batch, |new| NewMessageRow::of(&new.message, new.limits)) as &[NewMessageRow],
                    &outbox_entries(batch) as &[DueRow],
                    &expiries(batch) as &[DueRow],
                )
                .fetch_all(connection)
                .await
            })
            .await?;
        let rows = by_place(batch.len(), rows, |row| row.number);
        let outcomes = batch.iter().zip(rows).map(|(new, row)| {
            let row = row.ok_or_else(fault::disagreement)?;
            if row.admitted {
                return Ok(Issue::Issued);
            }
            if row.made {
                let repeated = row.made_body_hash.as_deref() == new.body_hash.as_ref().map(|hash| &hash[..]);
                return Ok(if repeated {
                    Issue::Repeated
                } else {
                    Issue::KeyReused
                });
            }
            let found = found_limits!(row);
            let refusal = found.refusal(&new.limits, new.message.quota, new.created_at);
            refusal.map(Issue::Refused).ok_or_else(fault::disagreement)
        });
        Ok(outcomes.collect())
    }
}

/// Carries out further sends.
pub(super) struct Resends(pub(super) Arc<Pools>);

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
            let (unreadable, admitted) = (row.unreadable, row.admitted);
            let stored = verification_row!(row).stored(newest)?;
            if unreadable {
                return Err(left_alone(&stored.verification));
            }
            if admitted {
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
}

fn made_before(again: &NewSend, id: Uuid, keyed_resends: Option<&[u8]>) -> Result<Resend, StoreError> {
    let corrupt = || fault::corrupt("verifications", "keyed_resends", VerificationId(id));
    let resends = keyed_resends
        .and_then(KeyedResend::read_all)
        .ok_or_else(corrupt)?;
    again.made_by(&resends).ok_or_else(corrupt)
}

/// A verification to be made, as the statement takes it.
#[derive(sqlx::Encode)]
struct NewVerificationRow<'b> {
    id: Uuid,
    environment_id: Uuid,
    application_id: Uuid,
    connection_id: Uuid,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    resend_at: OffsetDateTime,
    code_key_id: i32,
    code_digits: i16,
    max_guesses: i16,
    max_sends: i16,
    code_mac: &'b [u8],
    sealed_code: &'b [u8],
    recipient_key: &'b [u8],
    sealed_recipient: &'b [u8],
    masked_recipient: &'b str,
    ip_key: Option<&'b [u8]>,
    body_hash: Option<&'b [u8]>,
    purpose: &'b str,
    channel: &'b str,
    country: Option<&'b str>,
    locale: Option<&'b str>,
}
composite_type!(NewVerificationRow, "new_verification");

impl<'b> NewVerificationRow<'b> {
    fn of(new: &'b NewVerification) -> Self {
        Self {
            id: new.id.0,
            environment_id: new.environment_id.0,
            application_id: new.application_id.0,
            connection_id: new.connection_id.0,
            created_at: new.created_at.to_offset_date_time(),
            expires_at: new.expires_at.to_offset_date_time(),
            resend_at: new.resend_at.to_offset_date_time(),
            code_key_id: new.code_mac.generation.get(),
            code_digits: new.code_digits.into(),
            max_guesses: new.max_guesses.into(),
            max_sends: new.max_sends.into(),
            code_mac: &new.code_mac.mac,
            sealed_code: &new.sealed_code,
            recipient_key: &new.recipient_key,
            sealed_recipient: &new.sealed_recipient,
            masked_recipient: &new.masked_recipient,
            ip_key: new.ip_key.as_ref().map(|key| &key[..]),
            body_hash: new.body_hash.as_ref().map(|hash| &hash[..]),
            purpose: new.purpose.as_str(),
            channel: new.channel.as_str(),
            country: new.country.as_ref().map(Country::as_str),
            locale: new.locale.as_ref().map(LanguageTag::as_str),
        }
    }
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

/// A message to be made, with what it is counted against.
#[derive(sqlx::Encode)]
struct NewMessageRow<'b> {
    message_id: Uuid,
    language: &'b str,
    decision: &'b str,
    lease_token: Uuid,
    lease_until: OffsetDateTime,
    per_hour: i32,
    per_day: i32,
    ip_per_hour: i32,
    guesses_per_day: i32,
    quota_counter: Option<&'b str>,
    quota_month: Option<OffsetDateTime>,
    quota_limit: Option<i32>,
}
composite_type!(NewMessageRow, "new_message");

impl<'b> NewMessageRow<'b> {
    fn of(message: &'b NewMessage, limits: SendLimits) -> Self {
        Self {
            message_id: message.id.0,
            language: message.language.as_str(),
            decision: &message.decision,
            lease_token: message.lease.token,
            lease_until: message.lease.until.to_offset_date_time(),
            per_hour: integer(limits.per_hour),
            per_day: integer(limits.per_day),
            ip_per_hour: integer(limits.ip_per_hour),
            guesses_per_day: integer(limits.guesses_per_day),
            quota_counter: message.quota.map(|quota| quota.counter.as_str()),
            quota_month: message.quota.map(month),
            quota_limit: message.quota.map(|quota| integer(quota.limit)),
        }
    }
}

/// What falls due together.
#[derive(sqlx::Encode)]
struct DueRow<'b> {
    queue: Option<&'b str>,
    due_at: OffsetDateTime,
    ids: Vec<Uuid>,
}
composite_type!(DueRow, "due");

/// An entry for each channel, due when the last of its leases ends.
fn outbox_entries(batch: &[Arc<NewVerification>]) -> Vec<DueRow<'_>> {
    together(batch.iter().map(|new| {
        let row = DueRow {
            queue: Some(new.channel.as_str()),
            due_at: new.message.lease.until.to_offset_date_time(),
            ids: vec![new.message.id.0],
        };
        (new.channel, row)
    }))
}

/// An entry for all codes that live equally long, due when the last of them dies.
fn expiries(batch: &[Arc<NewVerification>]) -> Vec<DueRow<'_>> {
    together(batch.iter().map(|new| {
        let row = DueRow {
            queue: None,
            due_at: new.expires_at.to_offset_date_time(),
            ids: vec![new.id.0],
        };
        (new.created_at.until(new.expires_at), row)
    }))
}

/// Makes one row of those with the same key, due with the last of them.
fn together<'b, K: PartialEq>(rows: impl Iterator<Item = (K, DueRow<'b>)>) -> Vec<DueRow<'b>> {
    let mut together: Vec<(K, DueRow)> = Vec::new();
    for (key, row) in rows {
        match together.iter_mut().find(|(other, _)| *other == key) {
            Some((_, first)) => {
                first.due_at = first.due_at.max(row.due_at);
                first.ids.extend(row.ids);
            }
            None => together.push((key, row)),
        }
    }
    together.into_iter().map(|(_, row)| row).collect()
}

/// What a statement found that a send is counted against.
struct FoundLimits {
    recipient: Option<Counters>,
    /// Of the end user's address.
    hour: Option<Window>,
    quota_used: Option<i32>,
}

impl FoundLimits {
    fn refusal(
        &self,
        limits: &SendLimits,
        quota: Option<MonthlyLimit>,
        now: Timestamp,
    ) -> Option<SendRefusal> {
        let used = u32::try_from(self.quota_used.unwrap_or(0)).unwrap_or(0);
        let quota_left = quota.is_none_or(|quota| used < quota.limit);
        limit::refusal(self.recipient, self.hour, quota_left, limits, now)
    }
}

pub(super) fn month(limit: MonthlyLimit) -> OffsetDateTime {
    limit.month.to_offset_date_time()
}
