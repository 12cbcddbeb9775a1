//! Sends: the first messages of verifications and every further one, each counted against all limits in the statement that makes it.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::connection::Pools;
use super::row::{
    array_literal, by_place, column, counter_columns, integer, left_alone, verification_row, window,
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
        let messages = MessageColumns::of(batch, |new| (&new.message, new.limits));
        let rows = connection
            .ask_for_batch(async |connection| {
                query_file!(
                    "src/store/postgres/sql/issue.sql",
                    &column(batch, |new| new.id.0),
                    &column(batch, |new| new.environment_id.0),
                    &column(batch, |new| new.application_id.0),
                    &column(batch, |new| new.connection_id.0),
                    &column(batch, |new| new.purpose.as_str()) as &[&str],
                    &column(batch, |new| new.channel.as_str()) as &[&str],
                    &column(batch, |new| new.country.as_ref().map(Country::as_str)) as &[Option<&str>],
                    &column(batch, |new| new.locale.as_ref().map(LanguageTag::as_str)) as &[Option<&str>],
                    &column(batch, |new| new.masked_recipient.as_str()) as &[&str],
                    &column(batch, |new| &new.recipient_key[..]) as &[&[u8]],
                    &column(batch, |new| &new.sealed_recipient[..]) as &[&[u8]],
                    &column(batch, |new| new.ip_key.as_ref().map(|key| &key[..])) as &[Option<&[u8]>],
                    &column(batch, |new| new.code_mac.generation.get()),
                    &column(batch, |new| &new.code_mac.mac[..]) as &[&[u8]],
                    &column(batch, |new| i16::from(new.code_digits)),
                    &column(batch, |new| &new.sealed_code[..]) as &[&[u8]],
                    &column(batch, |new| i16::from(new.max_guesses)),
                    &column(batch, |new| i16::from(new.max_sends)),
                    &column(batch, |new| new.created_at.to_offset_date_time()),
                    &column(batch, |new| new.expires_at.to_offset_date_time()),
                    &column(batch, |new| new.resend_at.to_offset_date_time()),
                    &column(batch, |new| new.body_hash.as_ref().map(|hash| &hash[..])) as &[Option<&[u8]>],
                    &messages.ids,
                    &messages.languages as &[&str],
                    &messages.decisions as &[&str],
                    &messages.lease_tokens,
                    &messages.leases_until,
                    &messages.per_hour,
                    &messages.per_day,
                    &messages.ip_per_hour,
                    &messages.guesses_per_day,
                    &messages.quota_counters as &[Option<&str>],
                    &messages.quota_months as &[Option<OffsetDateTime>],
                    &messages.quota_limits as &[Option<i32>],
                )
                .fetch_all(connection)
                .await
            })
            .await?;
        let outcomes = batch.iter().zip(rows).map(|(new, row)| {
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
        let messages = MessageColumns::of(batch, |again| (&again.message, again.limits));
        let keyed_resends = column(batch, |again| again.keyed_resend().map(KeyedResend::to_bytes));
        let rows = connection
            .ask_for_batch(async |connection| {
                query_file!(
                    "src/store/postgres/sql/resend.sql",
                    &column(batch, |again| again.verification_id.0),
                    &column(batch, |again| again.application_id.0),
                    &column(batch, |again| array_literal(
                        again.enabled_connections.iter().map(|id| id.0)
                    )),
                    &column(batch, |again| again.now.to_offset_date_time()),
                    &column(batch, |again| array_literal(
                        again.resend_at.iter().map(|at| format!("\"{at}\""))
                    )),
                    &messages.ids,
                    &messages.languages as &[&str],
                    &messages.decisions as &[&str],
                    &messages.lease_tokens,
                    &messages.leases_until,
                    &messages.per_hour,
                    &messages.per_day,
                    &messages.ip_per_hour,
                    &messages.guesses_per_day,
                    &messages.quota_counters as &[Option<&str>],
                    &messages.quota_months as &[Option<OffsetDateTime>],
                    &messages.quota_limits as &[Option<i32>],
                    &column(batch, |again| again
                        .request
                        .as_ref()
                        .map(|request| &request.key_hash[..])) as &[Option<&[u8]>],
                    &keyed_resends as &[Option<Vec<u8>>],
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

/// The columns of the messages of a batch, and of what they are counted against.
struct MessageColumns<'b> {
    ids: Vec<Uuid>,
    languages: Vec<&'static str>,
    decisions: Vec<&'b str>,
    lease_tokens: Vec<Uuid>,
    leases_until: Vec<OffsetDateTime>,
    per_hour: Vec<i32>,
    per_day: Vec<i32>,
    ip_per_hour: Vec<i32>,
    guesses_per_day: Vec<i32>,
    quota_counters: Vec<Option<&'static str>>,
    quota_months: Vec<Option<OffsetDateTime>>,
    quota_limits: Vec<Option<i32>>,
}

impl<'b> MessageColumns<'b> {
    fn of<O>(batch: &'b [Arc<O>], parts: impl Fn(&'b O) -> (&'b NewMessage, SendLimits)) -> Self {
        let message = |operation: &'b O| parts(operation).0;
        let limits = |operation: &'b O| parts(operation).1;
        Self {
            ids: column(batch, |one| message(one).id.0),
            languages: column(batch, |one| message(one).language.as_str()),
            decisions: column(batch, |one| message(one).decision.as_str()),
            lease_tokens: column(batch, |one| message(one).lease.token),
            leases_until: column(batch, |one| message(one).lease.until.to_offset_date_time()),
            per_hour: column(batch, |one| integer(limits(one).per_hour)),
            per_day: column(batch, |one| integer(limits(one).per_day)),
            ip_per_hour: column(batch, |one| integer(limits(one).ip_per_hour)),
            guesses_per_day: column(batch, |one| integer(limits(one).guesses_per_day)),
            quota_counters: column(batch, |one| {
                message(one).quota.map(|quota| quota.counter.as_str())
            }),
            quota_months: column(batch, |one| message(one).quota.map(month)),
            quota_limits: column(batch, |one| message(one).quota.map(|quota| integer(quota.limit))),
        }
    }
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
