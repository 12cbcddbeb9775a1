//! Checking guesses: counted and compared in one step of the writer, so that no two guesses at one code are compared at once.

use std::sync::Arc;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::{find_all, of_application, read_stored};
use crate::domain::id::VerificationId;
use crate::domain::idempotency::{KeyedHash, KeyedRequest};
use crate::domain::time::Timestamp;
use crate::store::sqlite::StoreError;
use crate::store::sqlite::bulk::Write;
use crate::store::sqlite::limit::Tally;
use crate::store::sqlite::row::Fields;
use crate::store::verification::{Check, Guess, GuessedVerification};

/// What a guess changes of its verification.
struct Guessed {
    id: VerificationId,
    at: Timestamp,
    is_right: bool,
    wrong_guesses: u8,
    keeps_code: bool,
    request: Option<KeyedRequest>,
}

const RECORD: Write = Write {
    before: "WITH guessed (id, at, verified_at, wrong_guesses, keeps_code, key_hash, body_hash) AS (VALUES",
    row: "(?, ?, ?, ?, ?, ?, ?)",
    after: ") UPDATE verifications
             SET verified_at = guessed.verified_at, wrong_guesses = guessed.wrong_guesses,
                 guessed_at = json_insert(coalesce(guessed_at, '[]'), '$[#]', guessed.at),
                 sealed_code = CASE WHEN guessed.keeps_code THEN sealed_code END,
                 verify_key_hash = guessed.key_hash, verify_body_hash = guessed.body_hash
             FROM guessed WHERE verifications.id = guessed.id",
};

pub(in crate::store::sqlite) async fn check(
    db: &mut SqliteConnection,
    batch: Vec<Arc<Guess>>,
) -> Result<Vec<Result<Check, StoreError>>, StoreError> {
    let ids = batch.iter().map(|guess| guess.verification_id);
    let rows = find_all(db, ids.collect()).await?;
    let recipients = rows.values().filter_map(|row| recipient_of(row).ok());
    let mut tally = Tally::load(db, recipients.collect(), Vec::new()).await?;
    let mut guessed = Vec::new();
    let checked = batch.iter().map(|guess| {
        let Some(row) = of_application(&rows, guess.verification_id, guess.application_id) else {
            return Ok(Check::NotFound);
        };
        let target = read_target(row, &tally)?;
        match guess.judge(&target) {
            Ok(is_right) => {
                let (change, outcome) = count(guess, target, is_right, &mut tally)?;
                guessed.push(change);
                Ok(outcome)
            }
            Err(refused) => Ok(refused),
        }
    });
    let checked = checked.collect();
    record(db, &guessed).await?;
    tally.save(db).await?;
    Ok(checked)
}

fn recipient_of(row: &SqliteRow) -> Result<KeyedHash, StoreError> {
    Fields::of(row, "verifications", "a row").hash("recipient_key")
}

fn read_target(row: &SqliteRow, tally: &Tally) -> Result<GuessedVerification, StoreError> {
    let stored = read_stored(row)?;
    let fields = Fields::of(row, "verifications", stored.verification.id);
    let request = |(key_hash, body_hash)| KeyedRequest { key_hash, body_hash };
    let hashes = fields
        .hash_if_any("verify_key_hash")?
        .zip(fields.hash_if_any("verify_body_hash")?);
    Ok(GuessedVerification {
        code_generation: fields.value("code_key_id")?,
        code_mac: fields.value("code_mac")?,
        code_digits: fields.value("code_digits")?,
        verified_by: hashes.map(request),
        counters: tally.counted_by(&stored.recipient_key)?,
        stored,
    })
}

/// Counts a guess that was compared.
fn count(
    guess: &Guess,
    target: GuessedVerification,
    is_right: bool,
    tally: &mut Tally,
) -> Result<(Guessed, Check), StoreError> {
    let verification = &target.stored.verification;
    tally.change(target.stored.recipient_key, guess.now, |counters| {
        if is_right {
            counters.clear_wrong_guesses();
        } else {
            counters.count_wrong_guess(guess.now);
        }
    })?;
    let guessed = Guessed {
        id: verification.id,
        at: guess.now,
        is_right,
        wrong_guesses: verification.wrong_guesses + u8::from(!is_right),
        keeps_code: !is_right && verification.guesses_left() > 1,
        request: guess.request.filter(|_| is_right),
    };
    Ok((guessed, guess.counted(target, is_right)))
}

async fn record(db: &mut SqliteConnection, guessed: &[Guessed]) -> Result<(), StoreError> {
    RECORD
        .execute(db, guessed, |statement, one| {
            let at = one.at.unix_micros();
            statement
                .bind(one.id.0)
                .bind(at)
                .bind(one.is_right.then_some(at))
                .bind(one.wrong_guesses)
                .bind(one.keeps_code)
                .bind(one.request.as_ref().map(|request| &request.key_hash[..]))
                .bind(one.request.as_ref().map(|request| &request.body_hash[..]))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::RECORD;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn what_was_guessed_at_is_found_by_its_id() {
        let plan = plan_of(&RECORD.of(2)).await;
        assert!(
            plan.contains("SEARCH verifications USING INDEX sqlite_autoindex_verifications_1 (id=?)"),
            "{plan}"
        );
    }
}
