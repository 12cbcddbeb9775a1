//! Reading messages for an administrator.

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::SummaryRow;
use super::{PostgresStore, StoreError, fault};
use crate::domain::id::{ApplicationId, EnvironmentId, MessageId, NotificationId, VerificationId};
use crate::domain::idempotency::KeyedHash;
use crate::domain::message::{Channel, MessageStatus};
use crate::domain::purpose::MessagePurpose;
use crate::domain::time::Timestamp;
use crate::store::message::{MessageFilter, MessageHistory, StoredMessage, first_id_at, readable};
use crate::store::{Messages, attempt};

/// Takes the columns of a message out of the record of any statement that has them.
macro_rules! message_row {
    ($record:expr) => {
        MessageRow {
            id: $record.id,
            application_id: $record.application_id,
            verification_id: $record.verification_id,
            notification_id: $record.notification_id,
            channel: $record.channel,
            purpose: $record.purpose,
            masked_recipient: $record.masked_recipient,
            summary: SummaryRow {
                id: $record.id,
                status: Some($record.status),
                provider: $record.provider,
                fallback: Some($record.fallback),
                error_code: $record.error_code,
                error_detail: $record.error_detail,
            },
            provider_message_id: $record.provider_message_id,
            created_at: $record.created_at,
            updated_at: $record.updated_at,
        }
    };
}

#[async_trait]
impl Messages for PostgresStore {
    async fn list_messages(
        &self,
        environment: EnvironmentId,
        filter: MessageFilter,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let fetch = |before, limit| self.page(environment, &filter, before, limit);
        readable(limit, filter.before, fetch, MessageRow::read).await
    }

    async fn search_messages(
        &self,
        environment: EnvironmentId,
        recipient_key: KeyedHash,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let fetch = |before, limit| self.page_to_recipient(environment, recipient_key, before, limit);
        readable(limit, before, fetch, MessageRow::read).await
    }

    async fn find_message(
        &self,
        environment: EnvironmentId,
        id: MessageId,
    ) -> Result<Option<MessageHistory>, StoreError> {
        let find = query_file!("src/store/postgres/sql/find_message.sql", id.0, environment.0);
        let found = self.acquire_for_reading().await?.fetch_optional(find).await?;
        let Some(found) = found else { return Ok(None) };
        let attempts = attempt::read_all(&found.attempts, found.provider_message_id.as_deref());
        Ok(Some(MessageHistory {
            decision: found.decision,
            attempts: attempts.ok_or_else(|| fault::corrupt("messages", "attempts", id))?,
            due_at: found.due_at.map(Timestamp::new),
            taken_over_at: found.taken_over_at.map(Timestamp::new),
            guessed_at: found
                .guessed_at
                .iter()
                .flatten()
                .copied()
                .map(Timestamp::new)
                .collect(),
            verified_at: found.verified_at.map(Timestamp::new),
            canceled_at: found.canceled_at.map(Timestamp::new),
            expires_at: Timestamp::new(found.expires_at),
            message: message_row!(found).message()?,
        }))
    }
}

impl PostgresStore {
    async fn page(
        &self,
        environment: EnvironmentId,
        filter: &MessageFilter,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let mut connection = self.acquire_for_reading().await?;
        let first = filter.since.map_or(Uuid::nil(), first_id_at);
        let since = filter.since.map(Timestamp::to_offset_date_time);
        let channels = filter.channels();
        if filter.status == Some(MessageStatus::Queued) {
            let page = query_file!(
                "src/store/postgres/sql/list_queued_messages.sql",
                environment.0,
                first,
                end(before),
                since,
                &channels as &[&str],
                i64::from(limit),
            );
            return connection.fetch_all(page.map(|row| message_row!(row))).await;
        }
        let ranges = filter.rare_statuses().into_iter().map(Option::unwrap_or_default);
        let ranges: Vec<&str> = ranges.collect();
        let page = query_file!(
            "src/store/postgres/sql/list_messages.sql",
            environment.0,
            first,
            end(before),
            since,
            &ranges as &[&str],
            &channels as &[&str],
            i64::from(limit),
            filter.status.map(MessageStatus::as_str),
        );
        connection.fetch_page(page.map(|row| message_row!(row))).await
    }

    async fn page_to_recipient(
        &self,
        environment: EnvironmentId,
        recipient_key: KeyedHash,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let page = query_file!(
            "src/store/postgres/sql/search_messages.sql",
            environment.0,
            &recipient_key[..],
            end(before),
            i64::from(limit),
        );
        let mut connection = self.acquire_for_reading().await?;
        connection.fetch_page(page.map(|row| message_row!(row))).await
    }
}

/// What all ids of a page are below.
fn end(before: Option<MessageId>) -> Uuid {
    before.map_or(Uuid::max(), |id| id.0)
}

/// The columns of a message, as all statements name them.
struct MessageRow {
    id: Uuid,
    application_id: Uuid,
    verification_id: Option<Uuid>,
    notification_id: Option<Uuid>,
    channel: String,
    purpose: String,
    masked_recipient: String,
    summary: SummaryRow,
    provider_message_id: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl MessageRow {
    fn read(self) -> (MessageId, Result<StoredMessage, StoreError>) {
        (MessageId(self.id), self.message())
    }

    fn message(self) -> Result<StoredMessage, StoreError> {
        let id = MessageId(self.id);
        let of = |column| fault::corrupt("messages", column, id);
        Ok(StoredMessage {
            verification_id: self.verification_id.map(VerificationId),
            notification_id: self.notification_id.map(NotificationId),
            application_id: ApplicationId(self.application_id),
            channel: Channel::parse(&self.channel).ok_or_else(|| of("channel"))?,
            purpose: MessagePurpose::parse(&self.purpose).ok_or_else(|| of("purpose"))?,
            masked_recipient: self.masked_recipient,
            provider_message_id: self.provider_message_id,
            created_at: Timestamp::new(self.created_at),
            updated_at: Timestamp::new(self.updated_at),
            summary: self.summary.summary()?,
        })
    }
}
