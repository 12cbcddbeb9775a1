//! Verifications: guesses, cancellations and reading. How they are sent is in [`super::send`].

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::connection::{PooledConnection, Pools};
use super::row::{
    SummaryRow, by_place, column, composite_type, counter_columns, integer, left_alone, summary_row,
    verification_row,
};
use super::{PostgresStore, StoreError, fault};
use crate::domain::id::{ApplicationId, EnvironmentId, VerificationId};
use crate::domain::idempotency::{KeyedHash, KeyedRequest, KeyedResend};
use crate::domain::keyring::CodeMac;
use crate::domain::message::{Channel, FailureCode, MessageStatus, MessageSummary, Provider};
use crate::domain::time::Timestamp;
use crate::domain::verification::Purpose;
use crate::store::batch::{Carrier, Failure};
use crate::store::verification::{
    Cancel, Check, Guess, GuessedVerification, Issue, KeyedRequests, NewSend, NewVerification, Resend,
    StoredVerification,
};
use crate::store::{Upkeep, Verifications};

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

/// Carries out guesses.
pub(super) struct Checks(pub(super) Arc<Pools>);

#[async_trait]
impl Carrier<Guess> for Checks {
    async fn carry_out(&self, batch: &[Arc<Guess>]) -> Result<Vec<Result<Check, StoreError>>, Failure> {
        let mut connection = self.0.acquire_for_check().await.map_err(Failure::Lost)?;
        let rows = connection
            .ask_for_batch(async |connection| {
                query_file!(
                    "src/store/postgres/sql/check.sql",
                    &column(batch, GuessRow::of) as &[GuessRow],
                    Purpose::NAMES as &[&str],
                    Channel::NAMES as &[&str],
                    MessageStatus::NAMES as &[&str],
                    Provider::NAMES as &[&str],
                    FailureCode::NAMES as &[&str],
                )
                .fetch_all(connection)
                .await
            })
            .await?;
        let rows = by_place(batch.len(), rows, |row| row.number);
        let mut outcomes = Vec::with_capacity(batch.len());
        for (guess, row) in batch.iter().zip(rows) {
            let Some(mut row) = row else {
                outcomes.push(Ok(Check::NotFound));
                continue;
            };
            let message = newest(&mut connection, summary_row!(row, row.message_id)).await;
            let counters = counter_columns!(row).counters();
            let hashes = (row.verify_key_hash.take(), row.verify_body_hash.take());
            let (unreadable, admitted) = (row.unreadable, row.admitted);
            let (code_generation, code_digits) = (row.code_key_id, row.code_digits);
            let code_mac = std::mem::take(&mut row.code_mac);
            let target = message.and_then(|message| {
                let id = VerificationId(row.id);
                let of = |column| fault::corrupt("verifications", column, id);
                Ok(GuessedVerification {
                    code_generation,
                    code_mac,
                    code_digits: u8::try_from(code_digits).map_err(|_| of("code_digits"))?,
                    verified_by: verify_request(hashes).map_err(of)?,
                    counters,
                    stored: verification_row!(row).stored(message)?,
                })
            });
            outcomes.push(target.and_then(|target| {
                if unreadable {
                    return Err(left_alone(&target.stored.verification));
                }
                match guess.judge(&target) {
                    Ok(is_right) if admitted => Ok(guess.counted(target, is_right)),
                    Err(refused) if !admitted => Ok(refused),
                    _ => Err(fault::disagreement()),
                }
            }));
        }
        Ok(outcomes)
    }
}

/// A guess, as the statement takes it.
#[derive(sqlx::Encode)]
struct GuessRow<'b> {
    id: Uuid,
    application_id: Uuid,
    asked_purpose: Option<&'b str>,
    asked_connection_id: Option<Uuid>,
    enabled_connections: Vec<Uuid>,
    now: OffsetDateTime,
    guesses_per_day: i32,
    digits: i16,
    generations: Vec<i32>,
    candidates: Vec<Vec<u8>>,
    key_hash: Option<&'b [u8]>,
    body_hash: Option<&'b [u8]>,
}
composite_type!(GuessRow, "guess");

impl<'b> GuessRow<'b> {
    fn of(guess: &'b Guess) -> Self {
        let candidate = |mac: &CodeMac| [&mac.generation.get().to_be_bytes()[..], &mac.mac].concat();
        Self {
            id: guess.verification_id.0,
            application_id: guess.application_id.0,
            asked_purpose: guess.purpose.map(Purpose::as_str),
            asked_connection_id: guess.connection_id.map(|id| id.0),
            enabled_connections: guess.enabled_connections.iter().map(|id| id.0).collect(),
            now: guess.now.to_offset_date_time(),
            guesses_per_day: integer(guess.guesses_per_day),
            digits: guess.digits.into(),
            generations: guess.macs.iter().map(|mac| mac.generation.get()).collect(),
            candidates: guess.macs.iter().map(candidate).collect(),
            key_hash: guess.request.as_ref().map(|request| &request.key_hash[..]),
            body_hash: guess.request.as_ref().map(|request| &request.body_hash[..]),
        }
    }
}

fn verify_request(
    (key_hash, body_hash): (Option<Vec<u8>>, Option<Vec<u8>>),
) -> Result<Option<KeyedRequest>, &'static str> {
    let (Some(key_hash), Some(body_hash)) = (key_hash, body_hash) else {
        return Ok(None);
    };
    Ok(Some(KeyedRequest {
        key_hash: key_hash.try_into().map_err(|_| "verify_key_hash")?,
        body_hash: body_hash.try_into().map_err(|_| "verify_body_hash")?,
    }))
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
