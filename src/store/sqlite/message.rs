//! Messages: making them together with their place in the outbox, and reading them with their timeline.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};
use uuid::Uuid;

use super::bulk::{Write, ids_in};
use super::outbox::entry::insert_entries;
use super::row::{Fields, id_of};
use super::{SqliteStore, StoreError};
use crate::domain::id::{ApplicationId, EnvironmentId, MessageId, NotificationId, VerificationId};
use crate::domain::idempotency::KeyedHash;
use crate::domain::locale::Locale;
use crate::domain::message::{Channel, Failure, FailureCode, MessageStatus, MessageSummary, Provider};
use crate::domain::purpose::MessagePurpose;
use crate::domain::time::Timestamp;
use crate::store::attempt;
use crate::store::message::{MessageFilter, MessageHistory, Messages, StoredMessage, first_id_at, readable};
use crate::store::outbox::{Lease, MonthlyLimit, Queue};

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
        };
        readable(limit, filter.before, fetch, |row| read_listed(&row)).await
    }

    async fn search_messages(
        &self,
        environment: EnvironmentId,
        recipient_key: KeyedHash,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let fetch = |before: Option<MessageId>, limit| {
            sqlx::query(TO_RECIPIENT)
                .bind(environment.0)
                .bind(recipient_key.to_vec())
                .bind(before.map_or(Uuid::max(), |id| id.0))
                .bind(limit)
                .fetch_all(&self.readers)
        };
        readable(limit, before, fetch, |row| read_listed(&row)).await
    }

    async fn find_message(
        &self,
        environment: EnvironmentId,
        id: MessageId,
    ) -> Result<Option<MessageHistory>, StoreError> {
        let row = sqlx::query(
            "SELECT m.*, v.guessed_at AS verification_guessed_at, v.verified_at AS verification_verified_at,
                    v.canceled_at AS verification_canceled_at,
                    coalesce(v.expires_at, n.expires_at) AS verification_expires_at
             FROM messages m LEFT JOIN verifications v ON v.id = m.verification_id
                             LEFT JOIN notifications n ON n.id = m.notification_id
             WHERE m.id = ?2 AND m.environment_id = ?1 AND coalesce(v.id, n.id) IS NOT NULL",
        )
        .bind(environment.0)
        .bind(id.0)
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| read_history(&row, id)).transpose()
    }
}

/// The statement for what one recipient was sent.
const TO_RECIPIENT: &str =
    "SELECT * FROM messages WHERE environment_id = ?1 AND recipient_key = ?2 AND id < ?3
    ORDER BY id DESC LIMIT ?4";

/// The statement for what is queued, but for its channel: few messages, each of which stands in the outbox. A cross join is carried out
/// as it is written.
const QUEUED: &str = concat!(
    ids_in!("outbox", "message_ids", "true"),
    "SELECT m.* FROM (SELECT DISTINCT id FROM ids WHERE id < ?2 AND id >= ?3) AS due CROSS JOIN messages m ON m.id = due.id
     WHERE m.environment_id = ?1 AND m.created_at >= ?4 AND m.status = 'queued'"
);

/// The statement for a page: one walk for each channel and rare status that the filter lets through, each along its own range of the
/// index. SQLite merges them as it goes and stops at the limit, so that it reads no more rows than it answers, and one more of
/// each range. Ids sort by time, so that `since` (?3) also ends the walks.
fn page_of(filter: &MessageFilter) -> String {
    if filter.status == Some(MessageStatus::Queued) {
        let channels = filter.channels().join("', '");
        return format!("{QUEUED} AND m.channel IN ('{channels}') ORDER BY m.id DESC LIMIT ?5");
    }
    let rare_statuses = filter.rare_statuses();
    // Of the common statuses one is nearly all of its range.
    let of_status = filter.status.map(|status| format!("AND status = '{status}'"));
    let of_status = of_status.unwrap_or_default();
    let ranges = filter.channels().into_iter().flat_map(|channel| {
        let of_status = &of_status;
        rare_statuses.iter().map(move |rare_status| {
            let rare_status = match rare_status {
                Some(rare_status) => format!("= '{rare_status}'"),
                None => "IS NULL".to_owned(),
            };
            format!(
                "SELECT * FROM messages WHERE environment_id = ?1 AND channel = '{channel}' AND rare_status {rare_status}
                 AND id < ?2 AND id >= ?3 AND created_at >= ?4 {of_status}"
            )
        })
    });
    let ranges: Vec<String> = ranges.collect();
    format!("{} ORDER BY id DESC LIMIT ?5", ranges.join(" UNION ALL "))
}

/// A message to be made, with what it takes from its verification or notification.
pub(super) struct MessageRow<'a> {
    pub(super) environment_id: EnvironmentId,
    pub(super) application_id: ApplicationId,
    pub(super) verification_id: Option<VerificationId>,
    pub(super) notification_id: Option<NotificationId>,
    pub(super) channel: Channel,
    pub(super) purpose: MessagePurpose,
    pub(super) country: Option<&'a str>,
    pub(super) recipient_key: KeyedHash,
    pub(super) masked_recipient: &'a str,
    pub(super) created_at: Timestamp,
    pub(super) id: MessageId,
    pub(super) lease: Lease,
    pub(super) language: Locale,
    pub(super) decision: &'a str,
    pub(super) quota: Option<MonthlyLimit>,
}

impl MessageRow<'_> {
    fn queue(&self) -> Queue {
        match self.notification_id {
            Some(_) => Queue::Notification,
            None => Queue::Code(self.channel),
        }
    }
}

const INSERT: Write = Write {
    before: "INSERT INTO messages (id, environment_id, application_id, verification_id, notification_id, created_at,
                                   recipient_key, channel, purpose, country, language, masked_recipient, decision,
                                   quota_month, updated_at, due_at, lease_token, status)
             VALUES",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    after: "",
};

/// Makes messages, held by whoever made them, with their entries in the outbox.
pub(super) async fn insert_messages(
    db: &mut SqliteConnection,
    messages: &[MessageRow<'_>],
) -> Result<(), StoreError> {
    INSERT
        .execute(&mut *db, messages, |statement, message| {
            statement
                .bind(message.id.0)
                .bind(message.environment_id.0)
                .bind(message.application_id.0)
                .bind(message.verification_id.map(|id| id.0))
                .bind(message.notification_id.map(|id| id.0))
                .bind(message.created_at.unix_micros())
                .bind(&message.recipient_key[..])
                .bind(message.channel.as_str())
                .bind(message.purpose.as_str())
                .bind(message.country)
                .bind(message.language.tag())
                .bind(message.masked_recipient)
                .bind(message.decision)
                .bind(message.quota.map(|quota| quota.month.unix_micros()))
                .bind(message.created_at.unix_micros())
                .bind(message.lease.until.unix_micros())
                .bind(&message.lease.token.as_bytes()[..])
                .bind(MessageStatus::Queued.as_str())
        })
        .await?;
    let entries = messages
        .iter()
        .map(|message| (message.queue(), message.lease.until, message.id));
    insert_entries(db, entries.collect()).await
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
            .value("verification_id")
            .map(|id: Option<_>| id.map(VerificationId))?,
        notification_id: fields
            .value("notification_id")
            .map(|id: Option<_>| id.map(NotificationId))?,
        application_id: ApplicationId(fields.value("application_id")?),
        channel: fields.parsed("channel", Channel::parse)?,
        purpose: fields.parsed("purpose", MessagePurpose::parse)?,
        masked_recipient: fields.value("masked_recipient")?,
        provider_message_id: fields.value("provider_message_id")?,
        created_at: fields.time("created_at")?,
        updated_at: fields.time("updated_at")?,
    })
}

fn read_history(row: &SqliteRow, id: MessageId) -> Result<MessageHistory, StoreError> {
    let message = read_message(row)?;
    let fields = Fields::of(row, "messages", id);
    let verification = Fields::joined(row, "verifications", "verification_", id);
    let is_held: bool = fields.value::<Option<&[u8]>>("lease_token")?.is_some();
    let due_at = fields.time_if_any("due_at")?;
    let attempts = attempt::read_all(fields.value("attempts")?, fields.value("provider_message_id")?);
    Ok(MessageHistory {
        decision: fields.value("decision")?,
        attempts: attempts.ok_or_else(|| fields.corrupt("attempts"))?,
        due_at: due_at.filter(|_| !is_held),
        taken_over_at: fields.time_if_any("taken_over_at")?,
        guessed_at: verification.times("guessed_at")?,
        verified_at: verification.time_if_any("verified_at")?,
        canceled_at: verification.time_if_any("canceled_at")?,
        expires_at: verification.time("expires_at")?,
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::plan::{explain, plan_of};

    #[tokio::test]
    async fn every_page_is_a_walk_along_an_index() {
        let statuses = MessageStatus::ALL.iter().copied().map(Some).chain([None]);
        for status in statuses.filter(|status| *status != Some(MessageStatus::Queued)) {
            for channel in [None, Some(Channel::Sms), Some(Channel::Email)] {
                let filter = MessageFilter {
                    status,
                    channel,
                    ..MessageFilter::default()
                };
                let walks = plan_of(&page_of(&filter)).await;
                let expected = filter.channels().len() * filter.rare_statuses().len();
                let along = "USING INDEX messages_by_state (environment_id=? AND channel=? AND rare_status=? AND id>? AND id<?)";
                assert_eq!(walks.matches(along).count(), expected, "{walks}");
            }
        }
        let walk = plan_of(TO_RECIPIENT).await;
        let along = "USING INDEX messages_by_recipient (recipient_key=? AND id<?)";
        assert!(walk.contains(along), "{walk}");
    }
    #[tokio::test]
    async fn what_is_queued_is_found_through_the_outbox() {
        for channel in [None, Some(Channel::Sms), Some(Channel::Email)] {
            let filter = MessageFilter {
                status: Some(MessageStatus::Queued),
                channel,
                ..MessageFilter::default()
            };
            let steps = explain(&page_of(&filter)).await;
            let of_messages: Vec<_> = steps.iter().filter(|step| step.contains("message")).collect();
            assert_eq!(
                of_messages,
                ["SEARCH m USING INDEX sqlite_autoindex_messages_1 (id=?)"],
                "{steps:?}"
            );
        }
    }
}
