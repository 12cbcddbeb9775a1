//! Notifications: made in one statement with all of their messages, read, and removed.

use async_trait::async_trait;
use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{integer, summary_row};
use super::{PooledConnection, PostgresStore, StoreError, fault};
use crate::domain::id::{ApplicationId, NotificationId};
use crate::domain::idempotency::KeyedHash;
use crate::domain::locale::LanguageTag;
use crate::domain::notification::{
    NotificationEvent, NotificationOutcome, NotificationSource, NotificationView, SuppressionReason,
};
use crate::domain::time::Timestamp;
use crate::store::batch::{self, TRIES};
use crate::store::notification::{NewNotification, Notify};
use crate::store::{Maintenance, Notifications};

#[async_trait]
impl Notifications for PostgresStore {
    async fn notify(&self, new: NewNotification) -> Result<Notify, StoreError> {
        let mut connection = self.acquire().await?;
        for _ in 0..TRIES {
            match try_notify(&mut connection, &new).await {
                Ok(Some(outcome)) => return Ok(self.write_health().proven_by(outcome)),
                Ok(None) => {}
                Err(error) if fault::is_lost_race(&error) || fault::is_overtaken_by_a_copy(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(batch::contended())
    }

    async fn find_notification(
        &self,
        application: ApplicationId,
        id: NotificationId,
    ) -> Result<Option<NotificationView>, StoreError> {
        let rows = self
            .acquire_for_reading()
            .await?
            .fetch_all(query_file!(
                "src/store/postgres/sql/find_notification.sql",
                id.0,
                application.0
            ))
            .await?;
        let of = |column| fault::corrupt("notifications", column, id);
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let reason = first.reason.as_deref();
        let reason = reason.map(|name| SuppressionReason::parse(name).ok_or_else(|| of("reason")));
        let mut view = NotificationView {
            id,
            event: NotificationEvent::parse(&first.event).ok_or_else(|| of("event"))?,
            source: NotificationSource::parse(&first.source).ok_or_else(|| of("source"))?,
            outcome: NotificationOutcome::parse(&first.outcome).ok_or_else(|| of("outcome"))?,
            reason: reason.transpose()?,
            messages: Vec::with_capacity(rows.len()),
        };
        for mut row in rows {
            let Some(message_id) = row.message_id else {
                continue;
            };
            view.messages.push(summary_row!(row, message_id).summary()?);
        }
        Ok(Some(view))
    }

    async fn find_notification_by_key(
        &self,
        key_hash: KeyedHash,
    ) -> Result<Option<(NotificationId, KeyedHash)>, StoreError> {
        let found = self
            .acquire_for_reading()
            .await?
            .fetch_optional(query_file!(
                "src/store/postgres/sql/find_notification_by_key.sql",
                &key_hash[..]
            ))
            .await?;
        let Some(found) = found else { return Ok(None) };
        let id = NotificationId(found.id);
        let body_hash = KeyedHash::try_from(found.body_hash);
        let body_hash = body_hash.map_err(|_| fault::corrupt("notifications", "body_hash", id))?;
        Ok(Some((id, body_hash)))
    }
}

async fn try_notify(
    connection: &mut PooledConnection,
    new: &NewNotification,
) -> Result<Option<Notify>, sqlx::Error> {
    let recipients = || new.recipients.iter();
    let recipient_keys: Vec<_> = recipients().map(|one| &one.recipient_key[..]).collect();
    let limit_keys: Vec<_> = recipients().map(|one| &one.limit_key[..]).collect();
    let sealed: Vec<_> = recipients().map(|one| &one.sealed_recipient[..]).collect();
    let masked: Vec<_> = recipients().map(|one| &one.masked_recipient[..]).collect();
    // There are none where it is suppressed.
    let messages = new.messages.as_ref();
    let message_ids = messages.iter().flat_map(|messages| &messages.ids);
    let message_ids: Vec<Uuid> = message_ids.map(|id| id.0).collect();
    let row = connection
        .try_ask(async |connection| {
            query_file!(
                "src/store/postgres/sql/notify.sql",
                new.id.0,
                new.environment_id.0,
                new.application_id.0,
                new.event.as_str(),
                new.source.as_str(),
                new.decision.outcome().as_str(),
                new.decision.reason().map(SuppressionReason::as_str),
                new.locale.as_ref().map(LanguageTag::as_str),
                &new.sealed_data[..],
                new.created_at.to_offset_date_time(),
                new.expires_at.to_offset_date_time(),
                &recipient_keys as &[&[u8]],
                &limit_keys as &[&[u8]],
                &sealed as &[&[u8]],
                &masked as &[&str],
                &message_ids,
                integer(messages.map_or(0, |messages| messages.per_day)),
                messages.map(|messages| messages.decision.as_str()),
                messages.map(|messages| messages.lease.token),
                messages.map(|messages| messages.lease.until.to_offset_date_time()),
                new.request.as_ref().map(|request| &request.key_hash[..]),
                new.request.as_ref().map(|request| &request.body_hash[..]),
                messages.map(|messages| messages.language.as_str()),
            )
            .fetch_one(connection)
            .await
        })
        .await?;
    if row.made {
        return Ok(Some(Notify::Made));
    }
    if let Some(id) = row.earlier_id {
        let body_hash = new.request.as_ref().map(|request| &request.body_hash[..]);
        let repeated = row.earlier_body_hash.as_deref() == body_hash;
        return Ok(Some(if repeated {
            Notify::Repeated(NotificationId(id))
        } else {
            Notify::KeyReused
        }));
    }
    let limited = |end: OffsetDateTime| Notify::Limited {
        resets_at: Timestamp::new(end),
    };
    Ok(row.resets_at.map(limited))
}
