//! Verifications: first sends, cancellations and reading. Each send is counted against all limits in the statement that makes it.

mod check;
mod resend;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

pub(super) use self::check::Checks;
pub(super) use self::resend::Resends;
use super::connection::{PooledConnection, Pools};
use super::row::{
    SummaryRow, by_place, column, composite_type, found_limits, integer, left_alone, month, summary_row,
    verification_row,
};
use super::{PostgresStore, StoreError, fault};
use crate::domain::country::Country;
use crate::domain::id::{ApplicationId, EnvironmentId, VerificationId};
use crate::domain::idempotency::{KeyedHash, KeyedResend};
use crate::domain::locale::LanguageTag;
use crate::domain::message::{Channel, FailureCode, MessageStatus, MessageSummary, Provider};
use crate::domain::time::Timestamp;
use crate::domain::verification::Purpose;
use crate::store::batch::{Carrier, Failure};
use crate::store::verification::{
    Cancel, Check, Guess, Issue, KeyedRequests, NewMessage, NewSend, NewVerification, Resend, SendLimits,
    StoredVerification,
};
use crate::store::write_health::Effect;
use crate::store::{Maintenance, Verifications};

#[async_trait]
impl Verifications for PostgresStore {
    async fn issue(&self, new: NewVerification) -> Result<Issue, StoreError> {
        let issued = self.issues.run(new).await;
        issued.map(|issued| self.write_health().proven_by(issued))
    }

    async fn check(&self, guess: Guess) -> Result<Check, StoreError> {
        let checked = self.checks.run(guess).await;
        checked.map(|checked| self.write_health().proven_by(checked))
    }

    async fn resend(&self, again: NewSend) -> Result<Resend, StoreError> {
        let resent = self.resends.run(again).await;
        resent.map(|resent| self.write_health().proven_by(resent))
    }

    async fn cancel(
        &self,
        application: ApplicationId,
        id: VerificationId,
        now: Timestamp,
    ) -> Result<Cancel, StoreError> {
        cancel(&mut self.acquire().await?, application, id, now).await
    }

    async fn find(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<StoredVerification>, StoreError> {
        let mut connection = self.acquire_for_reading().await?;
        let found = connection
            .ask(async |connection| {
                query_file!(
                    "src/store/postgres/sql/find_verification.sql",
                    id.0,
                    application.0
                )
                .fetch_optional(connection)
                .await
            })
            .await?;
        let Some(mut found) = found else { return Ok(None) };
        let message = summary_row!(found, found.message_id).summary()?;
        verification_row!(found).stored(message).map(Some)
    }

    async fn find_keyed_requests(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<KeyedRequests>, StoreError> {
        let mut connection = self.acquire_for_reading().await?;
        let found = connection
            .ask(async |connection| {
                query_file!(
                    "src/store/postgres/sql/find_keyed_requests.sql",
                    id.0,
                    application.0
                )
                .fetch_optional(connection)
                .await
            })
            .await?;
        let Some(found) = found else { return Ok(None) };
        let of = |column| fault::corrupt("verifications", column, id);
        let body_hash = found.body_hash.map(KeyedHash::try_from).transpose();
        let resends = KeyedResend::read_all(&found.keyed_resends.unwrap_or_default());
        Ok(Some(KeyedRequests {
            body_hash: body_hash.map_err(|_| of("body_hash"))?,
            resends: resends.ok_or_else(|| of("keyed_resends"))?,
        }))
    }

    async fn count_pending(&self, environment: EnvironmentId, now: Timestamp) -> Result<u64, StoreError> {
        let mut connection = self.acquire_for_reading().await?;
        let counted = connection
            .ask(async |connection| {
                query_file!(
                    "src/store/postgres/sql/count_pending.sql",
                    environment.0,
                    now.to_offset_date_time()
                )
                .fetch_one(connection)
                .await
            })
            .await?;
        Ok(u64::try_from(counted.pending).unwrap_or(0))
    }
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

/// The newest message of a verification. A resend that committed after the statement's snapshot and before it had the verification's
/// lock has made a message that the snapshot does not show; it is read by itself then.
async fn newest(
    connection: &mut PooledConnection,
    message: SummaryRow,
) -> Result<MessageSummary, StoreError> {
    match message.status {
        Some(_) => message.summary(),
        None => find_summary(connection, message.id).await?.summary(),
    }
}

async fn cancel(
    connection: &mut PooledConnection,
    application: ApplicationId,
    id: VerificationId,
    now: Timestamp,
) -> Result<Cancel, StoreError> {
    let found = connection
        .ask(async |connection| {
            query_file!(
                "src/store/postgres/sql/cancel.sql",
                id.0,
                application.0,
                now.to_offset_date_time(),
                Purpose::NAMES as &[&str],
                Channel::NAMES as &[&str],
                MessageStatus::NAMES as &[&str],
                Provider::NAMES as &[&str],
                FailureCode::NAMES as &[&str],
            )
            .fetch_optional(connection)
            .await
        })
        .await?;
    let Some(mut found) = found else {
        return Ok(Cancel::NotFound);
    };
    let message = newest(connection, summary_row!(found, found.message_id)).await?;
    let unreadable = found.unreadable;
    let verification = verification_row!(found).stored(message)?.verification;
    if unreadable {
        return Err(left_alone(&verification));
    }
    Ok(Cancel::of(verification, now))
}

async fn find_summary(connection: &mut PooledConnection, id: Uuid) -> Result<SummaryRow, StoreError> {
    let mut found = connection
        .ask(async |connection| {
            query_file!("src/store/postgres/sql/find_summary.sql", id)
                .fetch_one(connection)
                .await
        })
        .await?;
    Ok(summary_row!(found, id))
}
