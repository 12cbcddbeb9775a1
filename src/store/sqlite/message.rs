//! Messages: making them together with their place in the outbox, and reading them with their timeline.

use async_trait::async_trait;
use futures_util::TryFutureExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use uuid::Uuid;

use super::row::{Fields, id_of};
use super::{SqliteStore, StoreError, fault};
use crate::domain::id::{ApplicationId, AttemptId, EnvironmentId, MessageId, NotificationId, VerificationId};
use crate::domain::message::{
    Attempt, Channel, Failure, FailureCode, MessagePurpose, MessageStatus, MessageSummary, Provider,
};
use crate::domain::recipient::Recipient;
use crate::domain::time::Timestamp;
use crate::store::message::{MessageFilter, MessageHistory, Messages, StoredMessage, readable};
use crate::store::outbox::Queue;
use crate::store::verification::NewMessage;

#[async_trait]
impl Messages for SqliteStore {
    async fn list_messages(
        &self,
        environment: EnvironmentId,
        filter: MessageFilter,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let statement = page_of(&filter);
        let fetch = |before: Option<MessageId>, limit| {
            sqlx::query(AssertSqlSafe(statement.clone()))
                .bind(environment.0)
                .bind(before.map_or(Uuid::max(), |id| id.0))
                .bind(filter.since.map_or(Uuid::nil(), first_id_at))
                .bind(filter.since.map_or(i64::MIN, Timestamp::unix_micros))
                .bind(limit)
                .fetch_all(&self.readers)
                .map_err(fault)
        };
        readable(limit, filter.before, fetch, |row| read_listed(&row)).await
    }

    async fn search_messages(
        &self,
        environment: EnvironmentId,
        recipient: &Recipient,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let fetch = |before: Option<MessageId>, limit| {
            sqlx::query(TO_RECIPIENT)
                .bind(environment.0)
                .bind(recipient.key())
                .bind(before.map_or(Uuid::max(), |id| id.0))
                .bind(limit)
                .fetch_all(&self.readers)
                .map_err(fault)
        };
        readable(limit, before, fetch, |row| read_listed(&row)).await
    }

    async fn find_message(
        &self,
        environment: EnvironmentId,
        id: MessageId,
    ) -> Result<Option<MessageHistory>, StoreError> {
        let mut transaction = self.readers.begin().await.map_err(fault)?;
        let row = sqlx::query(
            "SELECT m.*, CASE WHEN o.lease_token IS NULL THEN o.due_at END AS due_at, coalesce(v.guessed_at, '[]') AS verification_guessed_at,
                    v.verified_at AS verification_verified_at, v.canceled_at AS verification_canceled_at,
                    coalesce(v.expires_at, n.expires_at) AS verification_expires_at
             FROM messages m LEFT JOIN verifications v ON v.id = m.verification_id
                             LEFT JOIN notifications n ON n.id = m.notification_id
                             LEFT JOIN outbox o ON o.message_id = m.id
             WHERE m.id = ?2 AND m.environment_id = ?1 AND coalesce(v.id, n.id) IS NOT NULL",
        )
        .bind(environment.0)
        .bind(id.0)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(fault)?;
        let Some(row) = row else {
            return Ok(None);
        };
        let attempts = find_attempts(&mut transaction, id).await?;
        let message = read_message(&row)?;
        let verification = Fields::joined(&row, "verifications", "verification_", id);
        Ok(Some(MessageHistory {
            decision: Fields::of(&row, "messages", id).value("decision")?,
            attempts,
            due_at: Fields::of(&row, "outbox", id).time_if_any("due_at")?,
            taken_over_at: Fields::of(&row, "messages", id).time_if_any("taken_over_at")?,
            guessed_at: verification.times("guessed_at")?,
            verified_at: verification.time_if_any("verified_at")?,
            canceled_at: verification.time_if_any("canceled_at")?,
            expires_at: verification.time("expires_at")?,
            message,
        }))
    }
}

/// The statement for what one recipient was sent.
const TO_RECIPIENT: &str =
    "SELECT * FROM messages WHERE environment_id = ?1 AND recipient_key = ?2 AND id < ?3
    ORDER BY id DESC LIMIT ?4";

/// The statement for a page: one walk for each channel and status that the filter lets through, each along its own range of the
/// index. SQLite merges them as it goes and stops at the limit, so that it reads no more rows than it answers, and one more of
/// each range. Ids sort by time, so that `since` (?3) also ends the walks.
fn page_of(filter: &MessageFilter) -> String {
    let (channels, statuses) = (filter.channels(), filter.statuses());
    let ranges = channels.iter().flat_map(|channel| {
        statuses.iter().map(move |status| {
            format!(
                "SELECT * FROM messages WHERE environment_id = ?1 AND channel = '{channel}' AND status = '{status}'
                 AND id < ?2 AND id >= ?3 AND created_at >= ?4"
            )
        })
    });
    let ranges: Vec<String> = ranges.collect();
    format!("{} ORDER BY id DESC LIMIT ?5", ranges.join(" UNION ALL "))
}

/// The lowest id that a message made at `moment` can have (UUID v7, RFC 9562).
pub(super) fn first_id_at(moment: Timestamp) -> Uuid {
    let millis = u64::try_from(moment.unix_micros() / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// What a message takes from its verification or notification.
pub(super) struct MessageOrigin<'a> {
    pub(super) environment_id: EnvironmentId,
    pub(super) application_id: ApplicationId,
    pub(super) verification_id: Option<VerificationId>,
    pub(super) notification_id: Option<NotificationId>,
    pub(super) channel: Channel,
    pub(super) purpose: MessagePurpose,
    pub(super) recipient_key: &'a str,
    pub(super) masked_recipient: &'a str,
    pub(super) created_at: Timestamp,
}

/// Makes a message and its place in the outbox, held by whoever made it.
pub(super) async fn insert_message(
    db: &mut SqliteConnection,
    origin: &MessageOrigin<'_>,
    message: &NewMessage,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO messages (id, environment_id, application_id, verification_id, channel, purpose,
                               masked_recipient, status, decision, quota_month, created_at, updated_at, notification_id,
                               recipient_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12, ?13)",
    )
    .bind(message.id.0)
    .bind(origin.environment_id.0)
    .bind(origin.application_id.0)
    .bind(origin.verification_id.map(|id| id.0))
    .bind(origin.channel.as_str())
    .bind(origin.purpose.as_str())
    .bind(origin.masked_recipient)
    .bind(MessageStatus::Queued.as_str())
    .bind(message.decision.as_str())
    .bind(message.quota.map(|quota| quota.month.unix_micros()))
    .bind(origin.created_at.unix_micros())
    .bind(origin.notification_id.map(|id| id.0))
    .bind(origin.recipient_key)
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    let queue = match origin.notification_id {
        Some(_) => Queue::Notification,
        None => Queue::Code(origin.channel),
    };
    sqlx::query("INSERT INTO outbox (message_id, queue, due_at, lease_token) VALUES (?1, ?4, ?2, ?3)")
        .bind(message.id.0)
        .bind(message.lease.until.unix_micros())
        .bind(message.lease.token)
        .bind(queue.as_str())
        .execute(db)
        .await
        .map_err(fault)?;
    Ok(())
}

/// Reads what every caller sees of a message.
pub(super) fn read_summary(fields: &Fields<'_>, id: MessageId) -> Result<MessageSummary, StoreError> {
    let code = fields.parsed_if_any("error_code", FailureCode::parse)?;
    let error = match code {
        Some(code) => Some(Failure {
            code,
            detail: fields.value("error_detail")?,
        }),
        None => None,
    };
    Ok(MessageSummary {
        id,
        status: fields.parsed("status", MessageStatus::parse)?,
        provider: fields.parsed_if_any("provider", Provider::parse)?,
        fallback: fields.value("fallback")?,
        error,
    })
}

/// An id is a key of 16 bytes: every process can read it.
fn read_listed(row: &SqliteRow) -> (MessageId, Result<StoredMessage, StoreError>) {
    let id = MessageId(row.get("id"));
    (id, read_message(row))
}

fn read_message(row: &SqliteRow) -> Result<StoredMessage, StoreError> {
    let id = MessageId(id_of(row, "messages", "id")?);
    let fields = Fields::of(row, "messages", id);
    Ok(StoredMessage {
        summary: read_summary(&fields, id)?,
        verification_id: fields
            .value::<Option<Uuid>>("verification_id")?
            .map(VerificationId),
        notification_id: fields
            .value::<Option<Uuid>>("notification_id")?
            .map(NotificationId),
        application_id: ApplicationId(fields.value("application_id")?),
        channel: fields.parsed("channel", Channel::parse)?,
        purpose: fields.parsed("purpose", MessagePurpose::parse)?,
        masked_recipient: fields.value("masked_recipient")?,
        provider_message_id: fields.value("provider_message_id")?,
        created_at: fields.time("created_at")?,
        updated_at: fields.time("updated_at")?,
    })
}

async fn find_attempts(db: &mut SqliteConnection, id: MessageId) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query("SELECT * FROM attempts WHERE message_id = ?1 ORDER BY number")
        .bind(id.0)
        .fetch_all(db)
        .await
        .map_err(fault)?;
    rows.iter().map(read_attempt).collect()
}

fn read_attempt(row: &SqliteRow) -> Result<Attempt, StoreError> {
    let id = AttemptId(id_of(row, "attempts", "id")?);
    let fields = Fields::of(row, "attempts", id);
    Ok(Attempt {
        id,
        provider: fields.parsed("provider", Provider::parse)?,
        started_at: fields.time("started_at")?,
        finished_at: fields.time("finished_at")?,
        outcome: fields.value("outcome")?,
        provider_code: fields.value("provider_code")?,
        detail: fields.value("detail")?,
        provider_message_id: fields.value("provider_message_id")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn every_page_is_a_walk_along_an_index() {
        let statuses = MessageStatus::ALL.iter().copied().map(Some).chain([None]);
        for status in statuses {
            for channel in [None, Some(Channel::Sms), Some(Channel::Email)] {
                let filter = MessageFilter {
                    status,
                    channel,
                    ..MessageFilter::default()
                };
                let walks = plan_of(&page_of(&filter)).await;
                let expected = filter.channels().len() * filter.statuses().len();
                let along = "USING INDEX messages_by_state (environment_id=? AND channel=? AND status=? AND id>? AND id<?)";
                assert_eq!(walks.matches(along).count(), expected, "{walks}");
            }
        }
        let walk = plan_of(TO_RECIPIENT).await;
        let along = "USING INDEX messages_by_recipient (environment_id=? AND recipient_key=? AND id<?)";
        assert!(walk.contains(along), "{walk}");
    }
}
