//! How many notifications a recipient has had within its day, and removing what is no longer needed.

use sqlx::SqliteConnection;

use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::policy::DAY;
use crate::domain::time::Timestamp;
use crate::store::notification::NewNotification;
use crate::store::sqlite::message::first_id_at;
use crate::store::sqlite::row::Fields;
use crate::store::sqlite::{StoreError, fault};

/// Counts a notification for each of its recipients, or answers when the last of their windows ends that are used up, and
/// counts it for none.
pub(super) async fn count(
    db: &mut SqliteConnection,
    new: &NewNotification,
    per_day: u32,
) -> Result<Option<Timestamp>, StoreError> {
    let (environment, now) = (new.environment_id, new.created_at);
    let mut longest = None;
    for recipient in &new.recipients {
        let used_up = used_up_until(db, environment, &recipient.key(), per_day, now).await?;
        longest = longest.max(used_up);
    }
    if longest.is_some() {
        return Ok(longest);
    }
    for recipient in &new.recipients {
        sqlx::query(
            "INSERT INTO notification_counters AS c (environment_id, recipient_key, day_started_at, day_sends)
             VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (environment_id, recipient_key) DO UPDATE SET
                 day_started_at = CASE WHEN c.day_sends > 0 AND c.day_started_at > ?4 THEN c.day_started_at ELSE ?3 END,
                 day_sends = CASE WHEN c.day_started_at > ?4 THEN c.day_sends ELSE 0 END + 1",
        )
        .bind(environment.0)
        .bind(recipient.key())
        .bind(now.unix_micros())
        .bind((now - DAY).unix_micros())
        .execute(&mut *db)
        .await
        .map_err(fault)?;
    }
    Ok(None)
}

async fn used_up_until(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    recipient_key: &str,
    per_day: u32,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let row = sqlx::query(
        "SELECT day_started_at FROM notification_counters
         WHERE environment_id = ?1 AND recipient_key = ?2 AND day_started_at > ?3 AND day_sends >= ?4",
    )
    .bind(environment.0)
    .bind(recipient_key)
    .bind((now - DAY).unix_micros())
    .bind(per_day)
    .fetch_optional(db)
    .await
    .map_err(fault)?;
    // The key is the full recipient, which no error may show.
    row.map(|row| Ok(Fields::of(&row, "notification_counters", environment).time("day_started_at")? + DAY))
        .transpose()
}

/// Gives back the place that a message of a notification took, where the window that counted it still stands. Nothing
/// happens for any other message.
pub(in crate::store::sqlite) async fn give_back(
    db: &mut SqliteConnection,
    message: MessageId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE notification_counters SET day_sends = max(day_sends - 1, 0)
         FROM messages m JOIN notification_recipients r ON r.notification_id = m.notification_id AND r.message_id = m.id
         WHERE m.id = ?1 AND notification_counters.environment_id = m.environment_id
           AND notification_counters.recipient_key = r.recipient_key
           AND notification_counters.day_started_at <= m.created_at",
    )
    .bind(message.0)
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

/// Removes notifications made before `before` whose messages are gone, and counters whose window has ended by `now`.
pub(in crate::store::sqlite) async fn remove_old(
    db: &mut SqliteConnection,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let notifications = sqlx::query(
        "DELETE FROM notifications WHERE id IN (
             SELECT n.id FROM notifications n
             WHERE n.id < ?1 AND NOT EXISTS (SELECT 1 FROM notification_recipients r JOIN messages m ON m.id = r.message_id
                                             WHERE r.notification_id = n.id)
             ORDER BY n.id LIMIT ?2)",
    )
    .bind(first_id_at(before))
    .bind(limit)
    .execute(&mut *db)
    .await
    .map_err(fault)?;
    let counters = sqlx::query(
        "DELETE FROM notification_counters WHERE rowid IN (
             SELECT rowid FROM notification_counters WHERE day_started_at <= ?1 ORDER BY day_started_at LIMIT ?2)",
    )
    .bind((now - DAY).unix_micros())
    .bind(limit)
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(notifications.rows_affected() + counters.rows_affected())
}
