//! Claims: messages that are due, taken under a lease.

use sqlx::query_file;
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::row::{SummaryRow, VerificationRow};
use super::super::{PooledConnection, StoreError, fault};
use crate::domain::id::{EnvironmentId, MessageId, NotificationId};
use crate::domain::locale::LanguageTag;
use crate::domain::notification::NotificationEvent;
use crate::domain::time::Timestamp;
use crate::store::attempt;
use crate::store::notification::StoredNotification;
use crate::store::outbox::{Claimed, Lease, Queue, StoredPayload, log_unreadable};

/// Entries of the outbox that one statement looks at.
const ENTRIES: i64 = 200;

pub(super) async fn claim_due(
    connection: &mut PooledConnection,
    queue: Queue,
    now: Timestamp,
    lease: Lease,
    limit: u32,
) -> Result<Vec<Claimed>, StoreError> {
    let mut claimed = Vec::new();
    let mut wanted = limit;
    while wanted > 0 {
        let rows = match fetch_due(connection, queue, now, lease, wanted).await {
            Ok(rows) => rows,
            Err(error) if claimed.is_empty() => return Err(error),
            // What is held already is not to wait for its lease's end.
            Err(_) => break,
        };
        let are_all = rows.first().is_none_or(|row| row.entries < ENTRIES);
        let mut unreadable = Vec::new();
        for (entry, message) in rows.into_iter().filter_map(read) {
            match message {
                Ok(message) => claimed.push(message),
                Err(error) => {
                    log_unreadable(entry.message_id, &error);
                    unreadable.push(entry);
                }
            }
        }
        let are_readable = unreadable.is_empty();
        if !are_readable {
            put_back(connection, lease, &unreadable).await;
        }
        wanted = limit.saturating_sub(u32::try_from(claimed.len()).unwrap_or(limit));
        if are_all && are_readable {
            break;
        }
    }
    Ok(claimed)
}

/// What a claim finds: one for each message, and one without any where there is none.
struct DueRow {
    entries: i64,
    claimed_id: Option<Uuid>,
    attempts: Option<String>,
    former_token: Option<Uuid>,
    taken_over_before: bool,
    holds_quota: bool,
    id: Option<Uuid>,
    environment_id: Option<Uuid>,
    application_id: Option<Uuid>,
    connection_id: Option<Uuid>,
    purpose: Option<String>,
    channel: Option<String>,
    recipient_key: Option<Vec<u8>>,
    sealed_recipient: Option<Vec<u8>>,
    masked_recipient: Option<String>,
    locale: Option<String>,
    sealed_code: Option<Vec<u8>>,
    max_guesses: Option<i16>,
    wrong_guesses: Option<i16>,
    max_sends: Option<i16>,
    sends: Option<i16>,
    created_at: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
    resend_at: Option<OffsetDateTime>,
    verified_at: Option<OffsetDateTime>,
    canceled_at: Option<OffsetDateTime>,
    message_id: Option<Uuid>,
    status: Option<String>,
    provider: Option<String>,
    fallback: Option<bool>,
    error_code: Option<String>,
    error_detail: Option<String>,
    notification_id: Option<Uuid>,
    notification_environment_id: Option<Uuid>,
    event: Option<String>,
    notification_locale: Option<String>,
    sealed_data: Option<Vec<u8>>,
    notification_expires_at: Option<OffsetDateTime>,
    recipient_number: Option<i16>,
    notified_recipient: Option<Vec<u8>>,
}

/// A message as it was before it was claimed.
struct Former {
    message_id: MessageId,
    token: Option<Uuid>,
    taken_over_before: bool,
}

async fn fetch_due(
    connection: &mut PooledConnection,
    queue: Queue,
    now: Timestamp,
    lease: Lease,
    limit: u32,
) -> Result<Vec<DueRow>, StoreError> {
    connection
        .ask(async |connection| {
            sqlx::query_file_as!(
                DueRow,
                "src/store/postgres/sql/claim_due.sql",
                queue.as_str(),
                now.to_offset_date_time(),
                lease.token,
                lease.until.to_offset_date_time(),
                i64::from(limit),
                ENTRIES,
            )
            .fetch_all(connection)
            .await
        })
        .await
}

fn read(row: DueRow) -> Option<(Former, Result<Claimed, StoreError>)> {
    let message_id = MessageId(row.claimed_id?);
    let former = Former {
        message_id,
        token: row.former_token,
        taken_over_before: row.taken_over_before,
    };
    let claimed = || {
        Ok(Claimed {
            message_id,
            attempts: attempt::count(row.attempts.as_deref().unwrap_or_default()),
            possible_duplicate: former.token.is_some(),
            taken_over_before: former.taken_over_before,
            holds_quota: row.holds_quota,
            payload: row.payload(message_id)?,
        })
    };
    let claimed = claimed();
    Some((former, claimed))
}

impl DueRow {
    fn payload(self, message_id: MessageId) -> Result<StoredPayload, StoreError> {
        if self.notification_id.is_some() {
            let notification = self.notification(message_id)?;
            return Ok(StoredPayload::Notification(Box::new(notification)));
        }
        let of = |column| fault::corrupt("messages", column, message_id);
        let summary = SummaryRow {
            id: self.message_id.unwrap_or_default(),
            status: self.status,
            provider: self.provider,
            fallback: self.fallback,
            error_code: self.error_code,
            error_detail: self.error_detail,
        };
        // The columns of an outer join: there are all of them, or no verification.
        let row = || {
            Some(VerificationRow {
                id: self.id?,
                environment_id: self.environment_id?,
                application_id: self.application_id?,
                connection_id: self.connection_id?,
                purpose: self.purpose?,
                channel: self.channel?,
                recipient_key: self.recipient_key?,
                sealed_recipient: self.sealed_recipient?,
                masked_recipient: self.masked_recipient?,
                locale: self.locale,
                sealed_code: self.sealed_code,
                max_guesses: self.max_guesses?,
                wrong_guesses: self.wrong_guesses?,
                max_sends: self.max_sends?,
                sends: self.sends?,
                created_at: self.created_at?,
                expires_at: self.expires_at?,
                resend_at: self.resend_at?,
                verified_at: self.verified_at,
                canceled_at: self.canceled_at,
            })
        };
        let row = row().ok_or_else(|| of("verification_id"))?;
        let verification = row.stored(summary.summary()?)?;
        Ok(StoredPayload::Code(Box::new(verification)))
    }

    fn notification(self, message_id: MessageId) -> Result<StoredNotification, StoreError> {
        let id = NotificationId(self.notification_id.unwrap_or_default());
        let of = |column| fault::corrupt("notifications", column, id);
        let number = self
            .recipient_number
            .and_then(|number| u16::try_from(number).ok());
        let locale = self
            .notification_locale
            .map(|tag| LanguageTag::parse(&tag))
            .transpose();
        let event = self.event.as_deref().and_then(NotificationEvent::parse);
        let no_recipient = || fault::corrupt("notification_recipients", "message_id", message_id);
        Ok(StoredNotification {
            notification_id: id,
            environment_id: EnvironmentId(self.notification_environment_id.unwrap_or_default()),
            event: event.ok_or_else(|| of("event"))?,
            recipient_number: number.ok_or_else(no_recipient)?,
            sealed_recipient: self.notified_recipient.ok_or_else(no_recipient)?,
            locale: locale.map_err(|_| of("locale"))?,
            sealed_data: self.sealed_data,
            expires_at: self
                .notification_expires_at
                .map(Timestamp::new)
                .ok_or_else(|| of("expires_at"))?,
        })
    }
}

/// Leaves messages that this release cannot read as they were, as if they had not been claimed, but for their due time: they come again
/// when the lease would have ended, and hold up nobody.
async fn put_back(connection: &mut PooledConnection, lease: Lease, unreadable: &[Former]) {
    let ids: Vec<Uuid> = unreadable.iter().map(|former| former.message_id.0).collect();
    let tokens: Vec<Option<Uuid>> = unreadable.iter().map(|former| former.token).collect();
    let marked_now = unreadable
        .iter()
        .filter(|former| former.token.is_some() && !former.taken_over_before);
    let marked_now: Vec<Uuid> = marked_now.map(|former| former.message_id.0).collect();
    let put_back = connection
        .ask(async |connection| {
            query_file!(
                "src/store/postgres/sql/put_back.sql",
                lease.token,
                &ids,
                &tokens as &[Option<Uuid>],
                &marked_now,
            )
            .execute(connection)
            .await
        })
        .await;
    if let Err(error) = put_back {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "unreadable messages could not be put back; they will count as taken over"
        );
    }
}
