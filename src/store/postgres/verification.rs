//! Verifications: first sends, cancellations and reading. Each send is counted against all limits in the statement that makes it.

mod cancel;
mod check;
mod read;
mod resend;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

pub(super) use self::check::Checks;
pub(super) use self::resend::Resends;
use super::connection::{PooledConnection, Pools};
use super::row::{by_place, column, composite_type, found_limits, integer, month};
use super::{LARGEST_OF_ISSUES, PostgresStore, StoreError, fault};
use crate::domain::country::Country;
use crate::domain::id::{ApplicationId, EnvironmentId, VerificationId};
use crate::domain::locale::LanguageTag;
use crate::domain::time::Timestamp;
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
        cancel::cancel(&mut self.acquire().await?, application, id, now).await
    }

    async fn find(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<StoredVerification>, StoreError> {
        read::find(&mut self.acquire_for_reading().await?, application, id).await
    }

    async fn find_keyed_requests(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<KeyedRequests>, StoreError> {
        read::find_keyed_requests(&mut self.acquire_for_reading().await?, application, id).await
    }

    async fn count_pending(&self, environment: EnvironmentId, now: Timestamp) -> Result<u64, StoreError> {
        read::count_pending(&mut self.acquire_for_reading().await?, environment, now).await
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
        let mut outcomes: HashMap<VerificationId, Result<Issue, StoreError>> = HashMap::new();
        let mut left = batch.to_vec();
        left.sort_unstable_by_key(|new| new.id.0);
        // Those that are refused keep the others from being made, and get their outcome: a second round is the last one, but for
        // what others take meanwhile.
        while !left.is_empty() {
            let refusals = issue_together(&mut connection, &left).await?;
            if refusals.is_empty() {
                break;
            }
            left.retain(|new| !refusals.contains_key(&new.id));
            outcomes.extend(refusals);
        }
        let outcome = |new: &NewVerification| outcomes.remove(&new.id).unwrap_or(Ok(Issue::Issued));
        Ok(batch.iter().map(|new| &**new).map(outcome).collect())
    }

    fn largest_batch(&self) -> usize {
        LARGEST_OF_ISSUES
    }
}

/// Makes all of them, or says why which of them may not be made.
async fn issue_together(
    connection: &mut PooledConnection,
    batch: &[Arc<NewVerification>],
) -> Result<HashMap<VerificationId, Result<Issue, StoreError>>, Failure> {
    let rows = connection
        .ask_for_batch(async |connection| {
            query_file!(
                "src/store/postgres/sql/issue.sql",
                &column(batch, NewVerificationRow::of) as &[NewVerificationRow],
                &column(batch, |new| NewMessageRow::of(&new.message, new.limits)) as &[NewMessageRow],
                &counted_sends(batch) as &[CountedSendsRow],
                &counted_quotas(batch) as &[CountedQuotaRow],
                &outbox_entries(batch) as &[DueRow],
                &expiries(batch) as &[DueRow],
            )
            .fetch_all(connection)
            .await
        })
        .await?;
    let rows = by_place(batch.len(), rows, |row| row.number);
    let refusals = batch.iter().zip(rows).filter_map(|(new, row)| {
        let refusal = match row {
            Some(row) if row.admitted => return None,
            Some(row) if row.made => {
                let repeated = row.made_body_hash.as_deref() == new.body_hash.as_ref().map(|hash| &hash[..]);
                Ok(if repeated {
                    Issue::Repeated
                } else {
                    Issue::KeyReused
                })
            }
            Some(row) => {
                let refusal = found_limits!(row).refusal(&new.limits, new.message.quota, new.created_at);
                refusal.map(Issue::Refused).ok_or_else(fault::disagreement)
            }
            None => Err(fault::disagreement()),
        };
        Some((new.id, refusal))
    });
    Ok(refusals.collect())
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

/// The places that sends take together in one counter, and how many there may be.
#[derive(sqlx::Encode)]
struct CountedSendsRow<'b> {
    key: &'b [u8],
    at: OffsetDateTime,
    hour_sends: i32,
    day_sends: i32,
    per_hour: i32,
    per_day: i32,
    guesses_per_day: i32,
}
composite_type!(CountedSendsRow, "counted_sends");

/// The counters of the recipients and of the end users' addresses, in the order of their keys. Several sends may have one address, which has
/// one limit, by the hour.
fn counted_sends(batch: &[Arc<NewVerification>]) -> Vec<CountedSendsRow<'_>> {
    let mut counted: BTreeMap<&[u8], CountedSendsRow> = BTreeMap::new();
    for new in batch {
        let (limits, at) = (new.limits, new.created_at.to_offset_date_time());
        let recipient = CountedSendsRow {
            key: &new.recipient_key,
            at,
            hour_sends: 1,
            day_sends: 1,
            per_hour: integer(limits.per_hour),
            per_day: integer(limits.per_day),
            guesses_per_day: integer(limits.guesses_per_day),
        };
        counted.insert(recipient.key, recipient);
        let Some(ip_key) = &new.ip_key else { continue };
        let address = counted.entry(ip_key).or_insert(CountedSendsRow {
            key: ip_key,
            at,
            hour_sends: 0,
            day_sends: 0,
            per_hour: i32::MAX,
            per_day: i32::MAX,
            guesses_per_day: i32::MAX,
        });
        address.at = address.at.max(at);
        address.hour_sends += 1;
        address.per_hour = address.per_hour.min(integer(limits.ip_per_hour));
    }
    counted.into_values().collect()
}

/// The places that sends take together in one monthly counter, and how many there may be.
#[derive(sqlx::Encode)]
struct CountedQuotaRow<'b> {
    environment_id: Uuid,
    counter: &'b str,
    month: OffsetDateTime,
    sends: i32,
    quota_limit: i32,
}
composite_type!(CountedQuotaRow, "counted_quota");

/// The monthly counters, in the order of their keys.
fn counted_quotas(batch: &[Arc<NewVerification>]) -> Vec<CountedQuotaRow<'_>> {
    let mut quotas: BTreeMap<_, CountedQuotaRow> = BTreeMap::new();
    for new in batch {
        let Some(quota) = new.message.quota else { continue };
        let key = (new.environment_id.0, quota.counter.as_str(), month(quota));
        let counted = quotas.entry(key).or_insert(CountedQuotaRow {
            environment_id: key.0,
            counter: key.1,
            month: key.2,
            sends: 0,
            quota_limit: i32::MAX,
        });
        counted.sends += 1;
        counted.quota_limit = counted.quota_limit.min(integer(quota.limit));
    }
    quotas.into_values().collect()
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
