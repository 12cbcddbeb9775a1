//! Notifications: made with all of their messages in one step of the writer, read, and taken from the outbox.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::message::{MessageOrigin, insert_message, read_summary};
use super::outbox::{Batch, claim, hold_readable};
use super::row::{Fields, id_of};
use super::{SqliteStore, StoreError, fault};
use crate::domain::email::EmailAddress;
use crate::domain::id::{ApplicationId, EnvironmentId, MessageId, NotificationId};
use crate::domain::idempotency::KeyedHash;
use crate::domain::locale::LanguageTag;
use crate::domain::message::{Channel, MessagePurpose, MessageSummary};
use crate::domain::notification::{
    NotificationEvent, NotificationOutcome, NotificationSource, NotificationView, SuppressionReason,
};
use crate::domain::time::Timestamp;
use crate::store::Upkeep;
use crate::store::notification::{
    ClaimedNotification, NewMessages, NewNotification, NotificationMessage, Notifications, Notify,
};
use crate::store::outbox::{Lease, Queue};
use crate::store::verification::NewMessage;

mod counter;

pub(super) use counter::{give_back, remove_old};

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
        .await
        .map_err(fault)?;
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
        let mut connection = self.readers.acquire().await.map_err(fault)?;
        find_by_key(&mut connection, key_hash).await
    }

    async fn claim_due_notifications(
        &self,
        now: Timestamp,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<ClaimedNotification>, StoreError> {
        claim(limit, |limit| {
            self.writer
                .write(move |db| Box::pin(claim_due(db, now, lease, limit)))
        })
        .await
    }
}

async fn find_by_key(
    db: &mut SqliteConnection,
    key_hash: KeyedHash,
) -> Result<Option<(NotificationId, KeyedHash)>, StoreError> {
    let row = sqlx::query("SELECT id, body_hash FROM notifications WHERE key_hash = ?1")
        .bind(&key_hash[..])
        .fetch_optional(db)
        .await
        .map_err(fault)?;
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
        && let Some(resets_at) = counter::count(db, &new, messages.per_day).await?
    {
        return Ok(Notify::Limited { resets_at });
    }
    insert_notification(db, &new).await?;
    for (index, recipient) in new.recipients.iter().enumerate() {
        let message = new.messages.as_ref().and_then(|messages| messages.ids.get(index));
        insert_recipient(db, new.id, index, recipient, message.copied()).await?;
    }
    if let Some(messages) = &new.messages {
        insert_messages(db, &new, messages).await?;
    }
    Ok(Notify::Made)
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
    .bind(new.verdict.outcome().as_str())
    .bind(new.verdict.reason().map(SuppressionReason::as_str))
    .bind(new.locale.as_ref().map(LanguageTag::as_str))
    .bind(&new.sealed_data[..])
    .bind(new.created_at.unix_micros())
    .bind(new.expires_at.unix_micros())
    .bind(new.request.as_ref().map(|request| &request.key_hash[..]))
    .bind(new.request.as_ref().map(|request| &request.body_hash[..]))
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn insert_recipient(
    db: &mut SqliteConnection,
    id: NotificationId,
    index: usize,
    recipient: &EmailAddress,
    message: Option<MessageId>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO notification_recipients (notification_id, number, recipient, recipient_key, masked_recipient,
                                              message_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(id.0)
    .bind(i64::try_from(index).unwrap_or(i64::MAX))
    .bind(recipient.as_str())
    .bind(recipient.key())
    .bind(recipient.masked())
    .bind(message.map(|message| message.0))
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn insert_messages(
    db: &mut SqliteConnection,
    new: &NewNotification,
    messages: &NewMessages,
) -> Result<(), StoreError> {
    for (recipient, id) in new.recipients.iter().zip(&messages.ids) {
        let origin = MessageOrigin {
            environment_id: new.environment_id,
            application_id: new.application_id,
            verification_id: None,
            notification_id: Some(new.id),
            channel: Channel::Email,
            purpose: MessagePurpose::Notification(new.event),
            recipient_key: &recipient.key(),
            masked_recipient: &recipient.masked(),
            created_at: new.created_at,
        };
        let message = NewMessage {
            id: *id,
            lease: messages.lease,
            decision: messages.decision.clone(),
            quota: None,
        };
        insert_message(db, &origin, &message).await?;
    }
    Ok(())
}

fn read_message(row: &SqliteRow) -> Result<Option<MessageSummary>, StoreError> {
    let id: Option<Uuid> = Fields::of(row, "messages", "a row").value("message_id")?;
    let Some(id) = id.map(MessageId) else {
        return Ok(None);
    };
    read_summary(&Fields::joined(row, "messages", "message_", id), id).map(Some)
}

const DUE: &str =
    "SELECT o.message_id, o.attempts, o.lease_token, m.taken_over_at, n.id AS notification_id, n.environment_id,
            n.event, n.locale, n.sealed_data, n.expires_at, r.recipient
     FROM outbox o JOIN messages m ON m.id = o.message_id JOIN notifications n ON n.id = m.notification_id
                   JOIN notification_recipients r ON r.notification_id = n.id AND r.message_id = m.id
     WHERE o.queue = ?3 AND o.due_at <= ?1 ORDER BY o.due_at LIMIT ?2";

async fn claim_due(
    db: &mut SqliteConnection,
    now: Timestamp,
    lease: Lease,
    limit: u32,
) -> Result<Batch<ClaimedNotification>, StoreError> {
    let rows = sqlx::query(DUE)
        .bind(now.unix_micros())
        .bind(limit)
        .bind(Queue::Notification.as_str())
        .fetch_all(&mut *db)
        .await
        .map_err(fault)?;
    hold_readable(db, &rows, "message_id", (lease, now), read_claimed).await
}

fn read_claimed(row: &SqliteRow, message_id: MessageId) -> Result<ClaimedNotification, StoreError> {
    let taken = Fields::of(row, "outbox", message_id);
    let former_holder: Option<Uuid> = taken.value("lease_token")?;
    let notification_id = NotificationId(taken.value("notification_id")?);
    let fields = Fields::of(row, "notifications", notification_id);
    Ok(ClaimedNotification {
        message: NotificationMessage {
            message_id,
            notification_id,
            environment_id: EnvironmentId(fields.value("environment_id")?),
            event: fields.parsed("event", NotificationEvent::parse)?,
            recipient: fields.parsed("recipient", |address| EmailAddress::parse(address).ok())?,
            locale: fields.parsed_if_any("locale", |tag| LanguageTag::parse(tag).ok())?,
            sealed_data: fields.value("sealed_data")?,
            expires_at: fields.time("expires_at")?,
        },
        attempts: taken.value("attempts")?,
        possible_duplicate: former_holder.is_some(),
        taken_over_before: taken.time_if_any("taken_over_at")?.is_some(),
    })
}

/// Wipes what at most `limit` notifications say that have expired.
pub(super) async fn wipe_expired(
    db: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let wiped = sqlx::query(
        "UPDATE notifications SET sealed_data = NULL
         WHERE id IN (SELECT id FROM notifications WHERE sealed_data IS NOT NULL AND expires_at <= ?1
                      ORDER BY expires_at LIMIT ?2)",
    )
    .bind(now.unix_micros())
    .bind(limit)
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(wiped.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::DUE;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn what_is_due_is_found_along_the_index() {
        let plan = plan_of(DUE).await;
        let first = plan.lines().next().unwrap();
        assert!(
            first.contains("outbox_by_due_time (queue=? AND due_at<?)"),
            "{plan}"
        );
    }
}
