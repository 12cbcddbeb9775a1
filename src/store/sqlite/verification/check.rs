//! Checking a guess: counted and compared in one step of the writer, so that no two guesses are compared at once.

use sqlx::SqliteConnection;

use super::{KeptVerification, find};
use crate::domain::time::Timestamp;
use crate::domain::verification::VerificationStatus;
use crate::store::sqlite::{StoreError, fault, limit};
use crate::store::verification::{Check, Guess};

pub(super) async fn check(db: &mut SqliteConnection, guess: Guess) -> Result<Check, StoreError> {
    let Some(kept) = find(db, guess.application_id, guess.verification_id).await? else {
        return Ok(Check::NotFound);
    };
    if let Some(again) = made_before(&kept, &guess) {
        return Ok(again);
    }
    if let Some(ended) = refusal(&kept, &guess) {
        return Ok(ended);
    }
    let (environment, recipient_key) = (kept.stored.environment_id, kept.recipient_key.as_str());
    let locked =
        limit::locked_until(db, environment, recipient_key, guess.guesses_per_day, guess.now).await?;
    if let Some(until) = locked {
        return Ok(Check::RecipientLocked { until });
    }
    if guess.digits != kept.code_digits {
        return Ok(Check::IncorrectLength);
    }
    let generation = kept.code_key_id;
    let candidate = guess.macs.iter().find(|mac| mac.generation.get() == generation);
    let Some(candidate) = candidate.filter(|mac| mac.mac.len() == kept.code_mac.len()) else {
        return Ok(Check::UnknownKey { generation });
    };
    if candidate.mac[..] == kept.code_mac[..] {
        accept(db, kept, &guess).await
    } else {
        refuse(db, kept, guess.now).await
    }
}

/// What a keyed request is told that was right before, as long as the code would live.
fn made_before(kept: &KeptVerification, guess: &Guess) -> Option<Check> {
    let verification = &kept.stored.verification;
    let first = kept.verify_request?;
    let request = guess
        .request
        .filter(|request| request.key_hash == first.key_hash)?;
    if verification.expires_at <= guess.now {
        return None;
    }
    Some(if request.repeats(Some(first.body_hash)) {
        Check::Repeated(Box::new(verification.clone()))
    } else {
        Check::KeyReused
    })
}

/// What is found before a guess is counted, but for the recipient's lock.
fn refusal(kept: &KeptVerification, guess: &Guess) -> Option<Check> {
    let verification = &kept.stored.verification;
    let other_purpose = guess
        .purpose
        .is_some_and(|purpose| purpose != verification.purpose);
    let other_connection = guess
        .connection_id
        .is_some_and(|id| id != verification.connection_id);
    if other_purpose || other_connection {
        return Some(Check::NotFound);
    }
    if !guess.enabled_connections.contains(&verification.connection_id) {
        return Some(Check::ConnectionDisabled);
    }
    match verification.status(guess.now) {
        VerificationStatus::Pending => None,
        VerificationStatus::Verified => Some(Check::AlreadyVerified),
        VerificationStatus::Canceled => Some(Check::Canceled),
        VerificationStatus::Locked => Some(Check::Locked),
        VerificationStatus::Expired => Some(Check::Expired),
    }
}

async fn accept(
    db: &mut SqliteConnection,
    kept: KeptVerification,
    guess: &Guess,
) -> Result<Check, StoreError> {
    let environment = kept.stored.environment_id;
    let mut verification = kept.stored.verification;
    sqlx::query(
        "UPDATE verifications
         SET verified_at = ?2, sealed_code = NULL, guessed_at = json_insert(guessed_at, '$[#]', ?2),
             verify_key_hash = ?3, verify_body_hash = ?4
         WHERE id = ?1",
    )
    .bind(verification.id.0)
    .bind(guess.now.unix_micros())
    .bind(guess.request.as_ref().map(|request| &request.key_hash[..]))
    .bind(guess.request.as_ref().map(|request| &request.body_hash[..]))
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    limit::clear_wrong_guesses(db, environment, &kept.recipient_key).await?;
    verification.verified_at = Some(guess.now);
    Ok(Check::Verified(Box::new(verification)))
}

async fn refuse(
    db: &mut SqliteConnection,
    kept: KeptVerification,
    now: Timestamp,
) -> Result<Check, StoreError> {
    let verification = &kept.stored.verification;
    sqlx::query(
        "UPDATE verifications
         SET wrong_guesses = wrong_guesses + 1, guessed_at = json_insert(guessed_at, '$[#]', ?2),
             sealed_code = CASE WHEN wrong_guesses + 1 < max_guesses THEN sealed_code END
         WHERE id = ?1",
    )
    .bind(verification.id.0)
    .bind(now.unix_micros())
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    limit::count_wrong_guess(db, kept.stored.environment_id, &kept.recipient_key, now).await?;
    Ok(Check::Incorrect {
        guesses_left: verification.guesses_left().saturating_sub(1),
    })
}
