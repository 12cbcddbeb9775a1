//! Settling: one attempt and what follows from it, if the lease it was made under still holds.

use sqlx::SqliteConnection;

use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::message::{Attempt, Failure, MessageStatus, Provider};
use crate::domain::time::Timestamp;
use crate::store::outbox::{MonthlyCounter, Outcome, Settled, Settlement};
use crate::store::sqlite::row::Fields;
use crate::store::sqlite::{StoreError, fault, limit, notification, quota};

pub(super) async fn settle(db: &mut SqliteConnection, settlement: Settlement) -> Result<Settled, StoreError> {
    let id = settlement.message_id;
    let held = sqlx::query("SELECT attempts FROM outbox WHERE message_id = ?1 AND lease_token = ?2")
        .bind(id.0)
        .bind(settlement.token)
        .fetch_optional(&mut *db)
        .await
        .map_err(fault)?;
    let Some(held) = held else {
        return Ok(Settled::LeaseLost);
    };
    let mut attempts: u16 = Fields::of(&held, "outbox", id).value("attempts")?;
    if let Some(attempt) = &settlement.attempt {
        attempts = attempts.saturating_add(1);
        insert_attempt(db, id, attempts, attempt).await?;
    }
    let now = settlement.now;
    match settlement.outcome {
        Outcome::NextSender { lease_until } => {
            keep_in_outbox(db, id, attempts, lease_until, true).await?;
            touch(db, id, now).await?;
        }
        Outcome::RetryAt(due_at) => {
            keep_in_outbox(db, id, attempts, due_at, false).await?;
            touch(db, id, now).await?;
        }
        outcome => {
            let ending = Ending::of(outcome);
            let gives_back = matches!(ending.status, MessageStatus::Failed | MessageStatus::Expired);
            end(db, id, &ending, now).await?;
            if gives_back {
                give_back(db, id, now).await?;
            }
        }
    }
    Ok(Settled::Recorded)
}

/// How a message ends.
struct Ending {
    status: MessageStatus,
    provider: Option<Provider>,
    fallback: bool,
    provider_message_id: Option<String>,
    failure: Option<Failure>,
}

impl Ending {
    /// What `outcome` leaves in the message's row. The outcomes that end nothing leave it queued.
    fn of(outcome: Outcome) -> Self {
        let nobody = Self {
            status: MessageStatus::Queued,
            provider: None,
            fallback: false,
            provider_message_id: None,
            failure: None,
        };
        match outcome {
            Outcome::Accepted {
                provider,
                fallback,
                provider_message_id,
            } => Self {
                status: MessageStatus::Accepted,
                provider: Some(provider),
                fallback,
                provider_message_id,
                ..nobody
            },
            Outcome::Unknown { provider, fallback } => Self {
                status: MessageStatus::Unknown,
                provider: Some(provider),
                fallback,
                ..nobody
            },
            Outcome::Failed(failure) => Self {
                status: MessageStatus::Failed,
                failure: Some(failure),
                ..nobody
            },
            Outcome::Expired => Self {
                status: MessageStatus::Expired,
                ..nobody
            },
            Outcome::NextSender { .. } | Outcome::RetryAt(_) => nobody,
        }
    }
}

async fn insert_attempt(
    db: &mut SqliteConnection,
    message: MessageId,
    number: u16,
    attempt: &Attempt,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO attempts (message_id, number, id, provider, outcome, provider_code, detail, provider_message_id,
                               started_at, finished_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .bind(message.0)
    .bind(number)
    .bind(attempt.id.0)
    .bind(attempt.provider.as_str())
    .bind(attempt.outcome.as_str())
    .bind(attempt.provider_code.as_deref())
    .bind(attempt.detail.as_deref())
    .bind(attempt.provider_message_id.as_deref())
    .bind(attempt.started_at.unix_micros())
    .bind(attempt.finished_at.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn keep_in_outbox(
    db: &mut SqliteConnection,
    message: MessageId,
    attempts: u16,
    due_at: Timestamp,
    keeps_lease: bool,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET attempts = ?2, due_at = ?3, lease_token = CASE WHEN ?4 THEN lease_token END
         WHERE message_id = ?1",
    )
    .bind(message.0)
    .bind(attempts)
    .bind(due_at.unix_micros())
    .bind(keeps_lease)
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn touch(db: &mut SqliteConnection, message: MessageId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE messages SET updated_at = ?2 WHERE id = ?1")
        .bind(message.0)
        .bind(now.unix_micros())
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}

async fn end(
    db: &mut SqliteConnection,
    message: MessageId,
    ending: &Ending,
    now: Timestamp,
) -> Result<(), StoreError> {
    let failure = ending.failure.as_ref();
    sqlx::query(
        "UPDATE messages SET status = ?2, provider = ?3, fallback = ?4, provider_message_id = ?5, error_code = ?6,
                             error_detail = ?7, updated_at = ?8
         WHERE id = ?1",
    )
    .bind(message.0)
    .bind(ending.status.as_str())
    .bind(ending.provider.map(Provider::as_str))
    .bind(ending.fallback)
    .bind(ending.provider_message_id.as_deref())
    .bind(failure.map(|failure| failure.code.as_str()))
    .bind(failure.map(|failure| failure.detail.as_str()))
    .bind(now.unix_micros())
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    sqlx::query("DELETE FROM outbox WHERE message_id = ?1")
        .bind(message.0)
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}

/// Gives back what a message that nobody accepted had taken: its cool-down, its places in the recipient's limits, and its
/// place in the quota. The address's place stays taken, or refusals would be a free check of which numbers are live.
async fn give_back(db: &mut SqliteConnection, message: MessageId, now: Timestamp) -> Result<(), StoreError> {
    let row = sqlx::query(
        "SELECT m.environment_id, m.quota_month, m.created_at, v.recipient_key
         FROM messages m JOIN verifications v ON v.id = m.verification_id WHERE m.id = ?1",
    )
    .bind(message.0)
    .fetch_optional(&mut *db)
    .await
    .map_err(fault)?;
    let Some(row) = row else {
        return notification::give_back(db, message).await;
    };
    let fields = Fields::of(&row, "messages", message);
    let environment = EnvironmentId(fields.value("environment_id")?);
    let recipient_key: &str = fields.value("recipient_key")?;
    limit::give_back(db, environment, recipient_key, fields.time("created_at")?, now).await?;
    if let Some(month) = fields.time_if_any("quota_month")? {
        quota::release(db, environment, MonthlyCounter::TestQuota, month).await?;
    }
    sqlx::query("UPDATE messages SET quota_month = NULL WHERE id = ?1")
        .bind(message.0)
        .execute(&mut *db)
        .await
        .map_err(fault)?;
    // A later message has a cool-down of its own, which this one cannot give back.
    sqlx::query(
        "UPDATE verifications SET resend_at = min(resend_at, ?2)
         WHERE message_id = ?1 AND id = (SELECT verification_id FROM messages WHERE id = ?1)
           AND verified_at IS NULL AND canceled_at IS NULL AND wrong_guesses < max_guesses AND expires_at > ?2",
    )
    .bind(message.0)
    .bind(now.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}
