//! Settling: attempts and what follows from each, if the lease it was made under still holds.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::entry::insert_entry;
use crate::domain::id::{EnvironmentId, MessageId, VerificationId};
use crate::domain::idempotency::KeyedHash;
use crate::domain::message::{Channel, Provider};
use crate::domain::time::Timestamp;
use crate::domain::verification::VerificationStatus;
use crate::store::attempt;
use crate::store::outbox::{MonthlyCounter, Queue, Settled, Settlement};
use crate::store::sqlite::bulk::{Write, key_list};
use crate::store::sqlite::limit::Tally;
use crate::store::sqlite::row::{Fields, id_of};
use crate::store::sqlite::verification::{find_all, read_stored};
use crate::store::sqlite::{StoreError, quota};

/// Touches no column of an index, so that the common outcome changes one page.
const RECORD: Write = Write {
    before: "WITH settled (id, token, status, provider, fallback, provider_message_id, error_code, error_detail, due_at,
                           keeps_lease, attempt, at) AS (VALUES",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    after: ") UPDATE messages
             SET status = settled.status, provider = settled.provider, fallback = settled.fallback,
                 provider_message_id = settled.provider_message_id, error_code = settled.error_code,
                 error_detail = settled.error_detail, due_at = settled.due_at,
                 lease_token = CASE WHEN settled.keeps_lease THEN lease_token END,
                 attempts = attempts || settled.attempt, updated_at = settled.at
             FROM settled
             WHERE messages.id = settled.id AND messages.lease_token = settled.token AND messages.status = 'queued'
             RETURNING id",
};

pub(in crate::store::sqlite) async fn settle(
    db: &mut SqliteConnection,
    batch: Vec<Arc<Settlement>>,
) -> Result<Vec<Result<Settled, StoreError>>, StoreError> {
    let recorded = record(db, &batch).await?;
    let held = batch
        .iter()
        .filter(|settlement| recorded.contains(&settlement.message_id));
    let held: Vec<&Settlement> = held.map(|settlement| &**settlement).collect();
    note_rare(db, &held).await?;
    follow_up(db, &held).await?;
    let outcomes = batch.iter().map(|settlement| {
        Ok(if recorded.contains(&settlement.message_id) {
            Settled::Recorded
        } else {
            Settled::LeaseLost
        })
    });
    Ok(outcomes.collect())
}

/// Records what can be, and answers of which messages.
async fn record(
    db: &mut SqliteConnection,
    batch: &[Arc<Settlement>],
) -> Result<HashSet<MessageId>, StoreError> {
    let recorded = RECORD
        .fetch(db, batch, |statement, settlement| {
            let columns = settlement.outcome.columns();
            let attempt = settlement.attempt.as_ref().map(attempt::to_line);
            statement
                .bind(settlement.message_id.0)
                .bind(settlement.token)
                .bind(columns.status.as_str())
                .bind(columns.provider.map(Provider::as_str))
                .bind(columns.fallback)
                .bind(columns.provider_message_id)
                .bind(columns.failure.map(|failure| failure.code.as_str()))
                .bind(columns.failure.map(|failure| failure.detail.as_str()))
                .bind(columns.due_at.map(Timestamp::unix_micros))
                .bind(columns.keeps_lease)
                .bind(attempt.unwrap_or_default())
                .bind(settlement.now.unix_micros())
        })
        .await?;
    recorded
        .iter()
        .map(|row| Ok(MessageId(id_of(row, "messages", "id")?)))
        .collect()
}

/// Moves messages that ended in a rare way to where such are listed.
async fn note_rare(db: &mut SqliteConnection, held: &[&Settlement]) -> Result<(), StoreError> {
    let rare = held
        .iter()
        .filter(|settlement| settlement.outcome.columns().status.is_rare());
    let ids: Vec<_> = rare
        .map(|settlement| settlement.message_id.0.as_bytes())
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE messages SET rare_status = status WHERE id IN (SELECT unhex(value) FROM json_each(?1))",
    )
    .bind(key_list(ids))
    .execute(db)
    .await?;
    Ok(())
}

/// `limit_key` is what the message was counted by.
const MESSAGES: &str = "SELECT m.*, coalesce(r.limit_key, m.recipient_key) AS limit_key
     FROM messages m LEFT JOIN notification_recipients r ON r.notification_id = m.notification_id AND r.message_id = m.id
     WHERE m.id IN (SELECT unhex(value) FROM json_each(?1))";

/// Gives what is to be tried again its entry in the outbox, and refunds what nobody accepted.
async fn follow_up(db: &mut SqliteConnection, held: &[&Settlement]) -> Result<(), StoreError> {
    let followed = held.iter().filter(|settlement| {
        let columns = settlement.outcome.columns();
        columns.due_at.is_some() || columns.refunds
    });
    let followed: HashMap<MessageId, &Settlement> = followed
        .map(|settlement| (settlement.message_id, *settlement))
        .collect();
    if followed.is_empty() {
        return Ok(());
    }
    let ids = key_list(followed.keys().map(|id| id.0.as_bytes()));
    let mut refunds = Vec::new();
    for row in sqlx::query(MESSAGES).bind(ids).fetch_all(&mut *db).await? {
        let id = MessageId(id_of(&row, "messages", "id")?);
        let Some(settlement) = followed.get(&id) else {
            continue;
        };
        let columns = settlement.outcome.columns();
        if let Some(due_at) = columns.due_at {
            insert_entry(db, queue_of(&row, id)?, due_at, id.0.into_bytes().to_vec()).await?;
        }
        if columns.refunds {
            refunds.push(Refund::read(&row, id, settlement.now)?);
        }
    }
    refund(db, &refunds).await
}

fn queue_of(row: &SqliteRow, id: MessageId) -> Result<Queue, StoreError> {
    let fields = Fields::of(row, "messages", id);
    Ok(match fields.value::<Option<Uuid>>("notification_id")? {
        Some(_) => Queue::Notification,
        None => Queue::Code(fields.parsed("channel", Channel::parse)?),
    })
}

/// What a message that nobody accepted had taken: its cool-down, its places in the recipient's limits, and its place in the quota.
/// The address's place stays taken, or refusals would be a free check of which numbers are live.
struct Refund {
    message_id: MessageId,
    environment_id: EnvironmentId,
    verification_id: Option<VerificationId>,
    limit_key: KeyedHash,
    counted_at: Timestamp,
    quota_month: Option<Timestamp>,
    now: Timestamp,
}

impl Refund {
    fn read(row: &SqliteRow, message_id: MessageId, now: Timestamp) -> Result<Self, StoreError> {
        let fields = Fields::of(row, "messages", message_id);
        Ok(Self {
            message_id,
            environment_id: EnvironmentId(fields.value("environment_id")?),
            verification_id: fields
                .value::<Option<Uuid>>("verification_id")?
                .map(VerificationId),
            limit_key: fields.hash("limit_key")?,
            counted_at: fields.time("created_at")?,
            quota_month: fields.time_if_any("quota_month")?,
            now,
        })
    }
}

/// What cannot be read is told to the log and keeps what it has: what became of the message is recorded all the same.
async fn refund(db: &mut SqliteConnection, refunds: &[Refund]) -> Result<(), StoreError> {
    if refunds.is_empty() {
        return Ok(());
    }
    let keys = refunds.iter().map(|refund| refund.limit_key);
    let mut tally = Tally::load(db, keys.collect(), Vec::new()).await?;
    let ids = refunds.iter().filter_map(|refund| refund.verification_id);
    let verifications = find_all(db, ids.collect()).await?;
    for refund in refunds {
        let refunded = tally.change(refund.limit_key, refund.now, |counters| {
            counters.refund_send(refund.counted_at);
        });
        let verification = refund.verification_id.and_then(|id| verifications.get(&id));
        let refunded = match (refunded, verification) {
            (Ok(()), Some(row)) => end_cool_down(db, row, refund).await,
            (refunded, _) => refunded,
        };
        if let Err(error @ StoreError::Corrupt { .. }) = &refunded {
            tracing::error!(message.id = %refund.message_id, %error, "not all that a message had taken is refunded");
        } else {
            refunded?;
        }
        if let Some(month) = refund.quota_month {
            quota::release(refund.environment_id, MonthlyCounter::TestQuota, month)
                .execute(&mut *db)
                .await?;
        }
    }
    tally.save(db).await
}

/// Lets a pending verification be sent again at once. A later message has a cool-down of its own, which this one cannot refund.
async fn end_cool_down(
    db: &mut SqliteConnection,
    row: &SqliteRow,
    refund: &Refund,
) -> Result<(), StoreError> {
    let verification = read_stored(row)?.verification;
    let is_pending = verification.status(refund.now) == VerificationStatus::Pending;
    if !is_pending || verification.message.id != refund.message_id || verification.resend_at <= refund.now {
        return Ok(());
    }
    sqlx::query("UPDATE verifications SET resend_at = ?2 WHERE id = ?1")
        .bind(verification.id.0)
        .bind(refund.now.unix_micros())
        .execute(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn messages_are_found_by_their_ids() {
        for (statement, table) in [(RECORD.of(2), "messages"), (MESSAGES.to_owned(), "m")] {
            let plan = plan_of(&statement).await;
            let by_id = format!("SEARCH {table} USING INDEX sqlite_autoindex_messages_1 (id=?)");
            assert!(plan.contains(&by_id), "{plan}");
        }
    }
}
