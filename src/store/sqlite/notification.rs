//! Notifications: made with all of their messages in one step of the writer, read, and wiped once they have expired.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::bulk::Write;
use super::limit::Tally;
use super::message::{MessageRow, insert_messages, read_summary};
use super::row::{Fields, id_of};
use super::{SqliteStore, StoreError};
use crate::domain::id::{ApplicationId, MessageId, NotificationId};
use crate::domain::idempotency::KeyedHash;
use crate::domain::limit::Counters;
use crate::domain::locale::LanguageTag;
use crate::domain::message::{Channel, MessageSummary};
use crate::domain::notification::{
    NotificationEvent, NotificationOutcome, NotificationSource, NotificationView, SuppressionReason,
};
use crate::domain::purpose::MessagePurpose;
use crate::domain::time::Timestamp;
use crate::store::Maintenance;
use crate::store::notification::{NewMessages, NewNotification, Notifications, Notify};

#[async_trait]
impl Notifications for SqliteStore {
    async fn notify(&self, new: NewNotification) -> Result<Notify, StoreError> {
        let made = self.writer.write(move |db| Box::pin(notify(db, new))).await;
        made.map(|made| self.write_health().proven_by(made))
    }

    async fn find_notification(
        &self,
        application: ApplicationId,
        id: NotificationId,
    ) -> Result<Option<NotificationView>, StoreError> {
        let rows = sqlx::query(
            "SELECT n.event, n.source, n.outcome, n.reason, m.id AS message_id, m.status AS message_status,
                    m.provider AS message_provider, m.fallback AS message_fallback,
                    m.error_code AS message_error_code, m.error_detail AS message_error_detail
             FROM notifications n LEFT JOIN notification_recipients r ON r.notification_id = n.id
                                  LEFT JOIN messages m ON m.id = r.message_id
             WHERE n.id = ?1 AND n.application_id = ?2 ORDER BY r.number",
        )
        .bind(id.0)
        .bind(application.0)
        .fetch_all(&self.readers)
        .await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let fields = Fields::of(first, "notifications", id);
        Ok(Some(NotificationView {
            id,
            event: fields.parsed("event", NotificationEvent::parse)?,
            source: fields.parsed("source", NotificationSource::parse)?,
            outcome: fields.parsed("outcome", NotificationOutcome::parse)?,
            reason: fields.parsed_if_any("reason", SuppressionReason::parse)?,
            messages: rows
                .iter()
                .filter_map(|row| read_message(row).transpose())
                .collect::<Result<_, _>>()?,
        }))
    }

    async fn find_notification_by_key(
        &self,
        key_hash: KeyedHash,
    ) -> Result<Option<(NotificationId, KeyedHash)>, StoreError> {
        let mut connection = self.readers.acquire().await?;
        find_by_key(&mut connection, key_hash).await
    }
}

async fn find_by_key(
    db: &mut SqliteConnection,
    key_hash: KeyedHash,
) -> Result<Option<(NotificationId, KeyedHash)>, StoreError> {
    let row = sqlx::query("SELECT id, body_hash FROM notifications WHERE key_hash = ?1")
        .bind(&key_hash[..])
        .fetch_optional(db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let id = NotificationId(id_of(&row, "notifications", "id")?);
    let fields = Fields::of(&row, "notifications", id);
    let body_hash = fields.hash_if_any("body_hash")?;
    Ok(Some((id, body_hash.ok_or_else(|| fields.corrupt("body_hash"))?)))
}

async fn notify(db: &mut SqliteConnection, new: NewNotification) -> Result<Notify, StoreError> {
    if let Some(request) = &new.request
        && let Some((id, body_hash)) = find_by_key(db, request.key_hash).await?
    {
        return Ok(if request.repeats(Some(body_hash)) {
            Notify::Repeated(id)
        } else {
            Notify::KeyReused
        });
    }
    if let Some(messages) = &new.messages
        && let Some(resets_at) = count(db, &new, messages.per_day).await?
    {
        return Ok(Notify::Limited { resets_at });
    }
    insert_notification(db, &new).await?;
    insert_recipients(db, &new).await?;
    if let Some(messages) = &new.messages {
        insert_messages(db, &message_rows(&new, messages)).await?;
    }
    Ok(Notify::Made)
}

/// Counts a notification for each of its recipients, or answers when the last of their windows ends that are used up, and
/// counts it for none.
async fn count(
    db: &mut SqliteConnection,
    new: &NewNotification,
    per_day: u32,
) -> Result<Option<Timestamp>, StoreError> {
    let now = new.created_at;
    let keys: Vec<KeyedHash> = new
        .recipients
        .iter()
        .map(|recipient| recipient.limit_key)
        .collect();
    let mut tally = Tally::load(db, keys.clone(), Vec::new()).await?;
    let mut longest = None;
    for key in &keys {
        let full_until = |counters: Counters| counters.day_full_until(per_day, now);
        longest = longest.max(tally.counted_by(key)?.and_then(full_until));
    }
    if longest.is_some() {
        return Ok(longest);
    }
    for key in keys {
        tally.change(key, now, |counters| counters.count_send(now))?;
    }
    tally.save(db).await?;
    Ok(None)
}

async fn insert_notification(db: &mut SqliteConnection, new: &NewNotification) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO notifications (id, environment_id, application_id, event, source, outcome, reason, locale,
                                    sealed_data, created_at, expires_at, key_hash, body_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )
    .bind(new.id.0)
    .bind(new.environment_id.0)
    .bind(new.application_id.0)
    .bind(new.event.as_str())
    .bind(new.source.as_str())
    .bind(new.decision.outcome().as_str())
    .bind(new.decision.reason().map(SuppressionReason::as_str))
    .bind(new.locale.as_ref().map(LanguageTag::as_str))
    .bind(&new.sealed_data[..])
    .bind(new.created_at.unix_micros())
    .bind(new.expires_at.unix_micros())
    .bind(new.request.as_ref().map(|request| &request.key_hash[..]))
    .bind(new.request.as_ref().map(|request| &request.body_hash[..]))
    .execute(db)
    .await?;
    Ok(())
}

const INSERT_RECIPIENTS: Write = Write {
    before: "INSERT INTO notification_recipients (notification_id, number, recipient_key, limit_key, sealed_recipient,
                                                  masked_recipient, message_id)
             VALUES",
    row: "(?, ?, ?, ?, ?, ?, ?)",
    after: "",
};

async fn insert_recipients(db: &mut SqliteConnection, new: &NewNotification) -> Result<(), StoreError> {
    let messages = new.messages.as_ref().map_or(&[][..], |messages| &messages.ids);
    let messages = messages.iter().map(Some).chain(std::iter::repeat(None));
    let recipients: Vec<_> = (1_u16..).zip(&new.recipients).zip(messages).collect();
    INSERT_RECIPIENTS
        .execute(db, &recipients, |statement, ((number, recipient), message)| {
            statement
                .bind(new.id.0)
                .bind(*number)
                .bind(&recipient.recipient_key[..])
                .bind(&recipient.limit_key[..])
                .bind(&recipient.sealed_recipient[..])
                .bind(recipient.masked_recipient.as_str())
                .bind(message.map(|id| id.0))
        })
        .await
}

fn message_rows<'a>(new: &'a NewNotification, messages: &'a NewMessages) -> Vec<MessageRow<'a>> {
    let rows = new
        .recipients
        .iter()
        .zip(&messages.ids)
        .map(|(recipient, id)| MessageRow {
            environment_id: new.environment_id,
            application_id: new.application_id,
            verification_id: None,
            notification_id: Some(new.id),
            channel: Channel::Email,
            purpose: MessagePurpose::Notification(new.event),
            country: None,
            recipient_key: recipient.recipient_key,
            masked_recipient: &recipient.masked_recipient,
            created_at: new.created_at,
            id: *id,
            lease: messages.lease,
            language: messages.language,
            decision: &messages.decision,
            quota: None,
        });
    rows.collect()
}

fn read_message(row: &SqliteRow) -> Result<Option<MessageSummary>, StoreError> {
    let id: Option<Uuid> = Fields::of(row, "messages", "a row").value("message_id")?;
    let Some(id) = id.map(MessageId) else {
        return Ok(None);
    };
    read_summary(&Fields::joined(row, "messages", "message_", id), id).map(Some)
}
