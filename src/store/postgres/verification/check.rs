//! Guesses, counted and compared.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::connection::Pools;
use super::super::row::{
    by_place, column, composite_type, counter_columns, integer, left_alone, summary_row, verification_row,
};
use super::super::{LARGEST_BATCH, StoreError, fault};
use super::read::newest;
use crate::domain::id::VerificationId;
use crate::domain::idempotency::KeyedRequest;
use crate::domain::keyring::CodeMac;
use crate::domain::message::{Channel, FailureCode, MessageStatus, Provider};
use crate::domain::verification::Purpose;
use crate::store::batch::{Carrier, Failure};
use crate::store::verification::{Check, Guess, GuessedVerification};

/// Carries out guesses.
pub(in super::super) struct Checks(pub(in super::super) Arc<Pools>);

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
            let target = message.and_then(|message| {
                let id = VerificationId(row.id);
                let of = |column| fault::corrupt("verifications", column, id);
                Ok(GuessedVerification {
                    code_generation: row.code_key_id,
                    code_mac: row.code_mac,
                    code_digits: u8::try_from(row.code_digits).map_err(|_| of("code_digits"))?,
                    verified_by: verify_request(row.verify_key_hash, row.verify_body_hash).map_err(of)?,
                    counters: counter_columns!(row).counters(),
                    stored: verification_row!(row).stored(message)?,
                })
            });
            outcomes.push(target.and_then(|target| {
                if row.unreadable {
                    return Err(left_alone(&target.stored.verification));
                }
                match guess.judge(&target) {
                    Ok(is_right) if row.admitted => Ok(guess.counted(target, is_right)),
                    Err(refused) if !row.admitted => Ok(refused),
                    _ => Err(fault::disagreement()),
                }
            }));
        }
        Ok(outcomes)
    }

    fn largest_batch(&self) -> usize {
        LARGEST_BATCH
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
    key_hash: Option<Vec<u8>>,
    body_hash: Option<Vec<u8>>,
) -> Result<Option<KeyedRequest>, &'static str> {
    let (Some(key_hash), Some(body_hash)) = (key_hash, body_hash) else {
        return Ok(None);
    };
    Ok(Some(KeyedRequest {
        key_hash: key_hash.try_into().map_err(|_| "verify_key_hash")?,
        body_hash: body_hash.try_into().map_err(|_| "verify_body_hash")?,
    }))
}
