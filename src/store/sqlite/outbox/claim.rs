//! Taking what is due. Most entries that come due are of messages that were settled long before, and are dropped.

use std::collections::HashMap;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::entry::{insert_entries, insert_entry};
use crate::domain::id::{EnvironmentId, MessageId, NotificationId};
use crate::domain::locale::LanguageTag;
use crate::domain::notification::NotificationEvent;
use crate::domain::time::Timestamp;
use crate::store::attempt;
use crate::store::notification::StoredNotification;
use crate::store::outbox::{Claimed, Lease, Queue, StoredPayload, log_unreadable};
use crate::store::sqlite::StoreError;
use crate::store::sqlite::bulk::{key_list, split_ids};
use crate::store::sqlite::row::{Fields, id_of};
use crate::store::sqlite::verification::{read_stored, select_verifications};

/// The most entries that are looked at in one step of the writer: what a few batches of sends have made.
const ENTRIES: u32 = 16;

const DUE: &str =
    "SELECT id, message_ids FROM outbox WHERE queue = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3";

const WAITING: &str = "SELECT id, due_at FROM messages
    WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND status = 'queued' AND due_at <= ?2";

/// `t` is the message that is due, `m` the newest of its verification.
const CODES: &str = select_verifications!(
    ", t.id AS taken_id, t.quota_month AS taken_quota_month, t.attempts AS taken_attempts, \
     t.lease_token AS taken_lease_token, t.taken_over_at AS taken_taken_over_at",
    "JOIN messages t ON t.verification_id = v.id WHERE t.id IN (SELECT unhex(value) FROM json_each(?1))"
);

const NOTIFICATIONS: &str =
    "SELECT n.*, r.number AS recipient_number, r.sealed_recipient AS recipient_sealed_recipient, t.id AS taken_id,
            t.quota_month AS taken_quota_month, t.attempts AS taken_attempts, t.lease_token AS taken_lease_token,
            t.taken_over_at AS taken_taken_over_at
     FROM messages t JOIN notifications n ON n.id = t.notification_id
                     JOIN notification_recipients r ON r.notification_id = n.id AND r.message_id = t.id
     WHERE t.id IN (SELECT unhex(value) FROM json_each(?1))";

/// Takes at most `limit` of what stands in the next entries that are due; `None` when no entry is.
pub(super) async fn claim_next(
    db: &mut SqliteConnection,
    queue: Queue,
    now: Timestamp,
    lease: Lease,
    limit: usize,
) -> Result<Option<Vec<Claimed>>, StoreError> {
    let entries = due_entries(db, queue, now).await?;
    if entries.is_empty() {
        return Ok(None);
    }
    let mut waiting = find_waiting(db, &entries, now).await?;
    let mut due: Vec<(Timestamp, MessageId)> = Vec::new();
    for (entry, ids) in entries {
        if due.len() >= limit {
            break;
        }
        due.extend(ids.iter().filter_map(|id| waiting.remove(id)));
        sqlx::query("DELETE FROM outbox WHERE id = ?1")
            .bind(entry)
            .execute(&mut *db)
            .await?;
    }
    due.sort();
    let later = due.split_off(due.len().min(limit));
    if let Some((first_due_at, _)) = later.first() {
        let ids = later.iter().flat_map(|(_, id)| id.0.into_bytes());
        insert_entry(db, queue, *first_due_at, ids.collect()).await?;
    }
    let due: Vec<MessageId> = due.into_iter().map(|(_, id)| id).collect();
    claim(db, queue, now, lease, &due).await.map(Some)
}

type Entry = (i64, Vec<[u8; 16]>);

async fn due_entries(
    db: &mut SqliteConnection,
    queue: Queue,
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query(DUE)
        .bind(queue.as_str())
        .bind(now.unix_micros())
        .bind(ENTRIES)
        .fetch_all(db)
        .await?;
    let entries = rows.iter().map(|row| {
        let fields = Fields::of(row, "outbox", "an entry");
        Ok((fields.value("id")?, split_ids(fields.value("message_ids")?)))
    });
    entries.collect()
}

/// Those of the entries that are to be sent.
async fn find_waiting(
    db: &mut SqliteConnection,
    entries: &[Entry],
    now: Timestamp,
) -> Result<HashMap<[u8; 16], (Timestamp, MessageId)>, StoreError> {
    let rows = sqlx::query(WAITING)
        .bind(key_list(entries.iter().flat_map(|(_, ids)| ids)))
        .bind(now.unix_micros())
        .fetch_all(db)
        .await?;
    let waiting = rows.iter().map(|row| {
        let id = MessageId(id_of(row, "messages", "id")?);
        let due_at = Fields::of(row, "messages", id).time("due_at")?;
        Ok((id.0.into_bytes(), (due_at, id)))
    });
    waiting.collect()
}

type ReadPayload = fn(&SqliteRow) -> Result<StoredPayload, StoreError>;

/// Takes those that can be read. The others stay as they are, out of the way of what is due until the lease would end.
async fn claim(
    db: &mut SqliteConnection,
    queue: Queue,
    now: Timestamp,
    lease: Lease,
    due: &[MessageId],
) -> Result<Vec<Claimed>, StoreError> {
    let (statement, read): (_, ReadPayload) = match queue {
        Queue::Code(_) => (CODES, read_code),
        Queue::Notification => (NOTIFICATIONS, read_notification),
    };
    let keys = key_list(due.iter().map(|id| id.0.as_bytes()));
    let mut rows = HashMap::new();
    for row in sqlx::query(statement).bind(keys).fetch_all(&mut *db).await? {
        rows.insert(MessageId(id_of(&row, "messages", "taken_id")?), row);
    }
    let (mut claimed, mut unreadable) = (Vec::new(), Vec::new());
    for (id, row) in due.iter().filter_map(|id| Some((*id, rows.get(id)?))) {
        match read(row).and_then(|payload| read_claimed(row, id, payload)) {
            Ok(message) => claimed.push(message),
            Err(error) => {
                log_unreadable(id, &error);
                unreadable.push(id);
            }
        }
    }
    hold(db, &claimed, lease, now).await?;
    postpone(db, &unreadable, lease.until).await?;
    let held = claimed.iter().map(|message| message.message_id);
    let entries = held.chain(unreadable).map(|id| (queue, lease.until, id));
    insert_entries(db, entries.collect()).await?;
    Ok(claimed)
}

fn read_claimed(
    row: &SqliteRow,
    message_id: MessageId,
    payload: StoredPayload,
) -> Result<Claimed, StoreError> {
    let taken = Fields::joined(row, "messages", "taken_", message_id);
    Ok(Claimed {
        message_id,
        payload,
        attempts: attempt::count(taken.value("attempts")?),
        possible_duplicate: taken.value::<Option<Uuid>>("lease_token")?.is_some(),
        taken_over_before: taken.time_if_any("taken_over_at")?.is_some(),
        holds_quota: taken.time_if_any("quota_month")?.is_some(),
    })
}

fn read_code(row: &SqliteRow) -> Result<StoredPayload, StoreError> {
    Ok(StoredPayload::Code(Box::new(read_stored(row)?)))
}

fn read_notification(row: &SqliteRow) -> Result<StoredPayload, StoreError> {
    let notification_id = NotificationId(id_of(row, "notifications", "id")?);
    let fields = Fields::of(row, "notifications", notification_id);
    let recipient = Fields::joined(row, "notification_recipients", "recipient_", notification_id);
    Ok(StoredPayload::Notification(Box::new(StoredNotification {
        notification_id,
        environment_id: EnvironmentId(fields.value("environment_id")?),
        event: fields.parsed("event", NotificationEvent::parse)?,
        recipient_number: recipient.value("number")?,
        sealed_recipient: recipient.value("sealed_recipient")?,
        locale: fields.parsed_if_any("locale", |tag| LanguageTag::parse(tag).ok())?,
        sealed_data: fields.value("sealed_data")?,
        expires_at: fields.time("expires_at")?,
    })))
}

/// Takes messages; those that somebody held are marked.
async fn hold(
    db: &mut SqliteConnection,
    claimed: &[Claimed],
    lease: Lease,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids = claimed.iter().map(|message| message.message_id.0.as_bytes());
    sqlx::query(
        "UPDATE messages
         SET due_at = ?2, lease_token = ?3,
             taken_over_at = coalesce(taken_over_at, CASE WHEN lease_token IS NOT NULL THEN ?4 END)
         WHERE id IN (SELECT unhex(value) FROM json_each(?1))",
    )
    .bind(key_list(ids))
    .bind(lease.until.unix_micros())
    .bind(lease.token)
    .bind(now.unix_micros())
    .execute(db)
    .await?;
    Ok(())
}

async fn postpone(
    db: &mut SqliteConnection,
    messages: &[MessageId],
    due_at: Timestamp,
) -> Result<(), StoreError> {
    let ids = messages.iter().map(|id| id.0.as_bytes());
    sqlx::query("UPDATE messages SET due_at = ?2 WHERE id IN (SELECT unhex(value) FROM json_each(?1))")
        .bind(key_list(ids))
        .bind(due_at.unix_micros())
        .execute(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn what_is_due_of_one_queue_is_found_along_the_index() {
        let plan = plan_of(DUE).await;
        assert!(
            plan.contains("outbox_by_due_time (queue=? AND due_at<?)"),
            "{plan}"
        );
    }

    #[tokio::test]
    async fn what_an_entry_names_is_found_by_its_id() {
        for (statement, table) in [(WAITING, "messages"), (CODES, "t"), (NOTIFICATIONS, "t")] {
            let plan = plan_of(statement).await;
            let by_id = format!("SEARCH {table} USING INDEX sqlite_autoindex_messages_1 (id=?)");
            assert!(plan.contains(&by_id), "{plan}");
        }
    }
}
