//! Verifications: guesses, cancellations and reading. How they are sent is in [`super::send`].

use async_trait::async_trait;
use sqlx::{PgConnection, query_file};
use uuid::Uuid;

use super::row::{SummaryRow, VerificationRow, integer, left_alone, summary_row, verification_row};
use super::send::TRIES;
use super::{Lent, PostgresStore, StoreError, fault, send};
use crate::domain::id::{ApplicationId, EnvironmentId, VerificationId};
use crate::domain::idempotency::{KeyedHash, KeyedResend};
use crate::domain::message::{Channel, FailureCode, MessageStatus, Provider};
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Verification};
use crate::store::verification::{
    Cancel, Check, Guess, Issue, KeyedRequests, NewSend, NewVerification, Resend, StoredVerification,
};
use crate::store::{Upkeep, Verifications};

#[async_trait]
impl Verifications for PostgresStore {
    async fn issue(&self, new: NewVerification) -> Result<Issue, StoreError> {
        let issued = send::issue(&mut self.lend().await?, &new).await;
        issued.map(|issued| self.write_health().proven_by(issued))
    }

    async fn check(&self, guess: Guess) -> Result<Check, StoreError> {
        let checked = check(&mut self.pools.lend_for_check().await?, &guess).await;
        checked.map(|checked| self.write_health().proven_by(checked))
    }

    async fn resend(&self, again: NewSend) -> Result<Resend, StoreError> {
        let resent = send::resend(&mut self.lend().await?, &again).await;
        resent.map(|resent| self.write_health().proven_by(resent))
    }

    async fn cancel(
        &self,
        application: ApplicationId,
        id: VerificationId,
        now: Timestamp,
    ) -> Result<Cancel, StoreError> {
        cancel(&mut self.lend().await?, application, id, now).await
    }

    async fn find(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<StoredVerification>, StoreError> {
        let mut lent = self.lend_for_reading().await?;
        let found = lent
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
        let mut lent = self.lend_for_reading().await?;
        let found = lent
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
        let mut lent = self.lend_for_reading().await?;
        let counted = lent
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

async fn check(lent: &mut Lent, guess: &Guess) -> Result<Check, StoreError> {
    for _ in 0..TRIES {
        match lent
            .try_ask(async |connection| try_check(connection, guess).await)
            .await
        {
            Ok(Checked::As(check)) => return Ok(check),
            Ok(Checked::Read { row, message, check }) => {
                return check(Box::new(with_message(lent, row, message).await?));
            }
            Err(error) if fault::is_lost_race(&error) => {}
            Err(error) => return Err(fault::of(error)),
        }
    }
    Err(fault::contended(TRIES))
}

/// What the statement found, its verification not yet read from its columns.
enum Checked {
    As(Check),
    /// Verified, now or by the same keyed request before; or left alone, which reading it will tell the reason of.
    Read {
        row: Box<VerificationRow>,
        message: SummaryRow,
        check: fn(Box<Verification>) -> Result<Check, StoreError>,
    },
}

async fn try_check(connection: &mut PgConnection, guess: &Guess) -> Result<Checked, sqlx::Error> {
    let enabled: Vec<_> = guess.enabled_connections.iter().map(|id| id.0).collect();
    let generations: Vec<_> = guess.macs.iter().map(|mac| mac.generation.get()).collect();
    let macs: Vec<_> = guess.macs.iter().map(|mac| mac.mac.to_vec()).collect();
    let found = query_file!(
        "src/store/postgres/sql/check.sql",
        guess.verification_id.0,
        guess.application_id.0,
        guess.purpose.map(Purpose::as_str),
        guess.connection_id.map(|id| id.0),
        &enabled,
        guess.now.to_offset_date_time(),
        integer(guess.guesses_per_day),
        i16::from(guess.digits),
        &generations,
        &macs,
        guess.request.as_ref().map(|request| &request.key_hash[..]),
        guess.request.as_ref().map(|request| &request.body_hash[..]),
        Purpose::NAMES as &[&str],
        Channel::NAMES as &[&str],
        MessageStatus::NAMES as &[&str],
        Provider::NAMES as &[&str],
        FailureCode::NAMES as &[&str],
    )
    .fetch_optional(connection)
    .await?;
    let Some(mut found) = found else {
        return Ok(Checked::As(Check::NotFound));
    };
    let body_hash = guess.request.as_ref().map(|request| &request.body_hash[..]);
    let check: fn(_) -> _ = match found.state.as_str() {
        "made" if found.verify_body_hash.as_deref() != body_hash => {
            return Ok(Checked::As(Check::KeyReused));
        }
        "made" => |verification| Ok(Check::Repeated(verification)),
        "verified" => |verification| Ok(Check::Verified(verification)),
        "unreadable" => |verification| Err(left_alone(&verification)),
        state => {
            let guesses_left = u8::try_from(found.max_guesses - found.wrong_guesses).unwrap_or(0);
            let until = found.locked_until.map_or(guess.now, Timestamp::new);
            return Ok(Checked::As(match state {
                "not_found" => Check::NotFound,
                "connection_disabled" => Check::ConnectionDisabled,
                "already_verified" => Check::AlreadyVerified,
                "canceled" => Check::Canceled,
                "locked" => Check::Locked,
                "expired" => Check::Expired,
                "recipient_locked" => Check::RecipientLocked { until },
                "incorrect_length" => Check::IncorrectLength,
                "unknown_key" => Check::UnknownKey {
                    generation: found.code_key_id,
                },
                _ => Check::Incorrect { guesses_left },
            }));
        }
    };
    let message = summary_row!(found, found.message_id);
    let row = Box::new(verification_row!(found));
    Ok(Checked::Read { row, message, check })
}

async fn cancel(
    lent: &mut Lent,
    application: ApplicationId,
    id: VerificationId,
    now: Timestamp,
) -> Result<Cancel, StoreError> {
    let found = lent
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
    match found.state.as_str() {
        "already_verified" => return Ok(Cancel::AlreadyVerified),
        "expired" => return Ok(Cancel::Expired),
        _ => {}
    }
    let is_left_alone = found.state == "unreadable";
    let message = summary_row!(found, found.message_id);
    let row = Box::new(verification_row!(found));
    let verification = with_message(lent, row, message).await?;
    if is_left_alone {
        return Err(left_alone(&verification));
    }
    Ok(Cancel::Canceled(Box::new(verification)))
}

/// Puts a verification and its newest message together. A resend that committed after the statement's snapshot and before
/// it had the verification's lock has made a message that the snapshot does not show; it is read by itself then.
async fn with_message(
    lent: &mut Lent,
    row: Box<VerificationRow>,
    message: SummaryRow,
) -> Result<Verification, StoreError> {
    let message = match message.status {
        Some(_) => message,
        None => find_summary(lent, message.id).await?,
    };
    row.verification(message.summary()?)
}

async fn find_summary(lent: &mut Lent, id: Uuid) -> Result<SummaryRow, StoreError> {
    let mut found = lent
        .ask(async |connection| {
            query_file!("src/store/postgres/sql/find_summary.sql", id)
                .fetch_one(connection)
                .await
        })
        .await?;
    Ok(summary_row!(found, id))
}
