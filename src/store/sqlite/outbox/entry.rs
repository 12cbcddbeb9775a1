//! Entries of the outbox: when to look at which messages.

use sqlx::SqliteConnection;

use crate::domain::id::MessageId;
use crate::domain::time::Timestamp;
use crate::store::outbox::Queue;
use crate::store::sqlite::StoreError;

/// Notes down when messages are due: an entry for each queue, for when the last of them is.
pub(in crate::store::sqlite) async fn insert_entries(
    db: &mut SqliteConnection,
    messages: Vec<(Queue, Timestamp, MessageId)>,
) -> Result<(), StoreError> {
    let mut entries: Vec<(Queue, Timestamp, Vec<u8>)> = Vec::new();
    for (queue, due_at, id) in messages {
        let id = id.0.into_bytes();
        match entries.iter_mut().find(|(other, ..)| *other == queue) {
            Some((_, last, ids)) => {
                *last = due_at.max(*last);
                ids.extend(id);
            }
            None => entries.push((queue, due_at, id.to_vec())),
        }
    }
    for (queue, due_at, ids) in entries {
        insert_entry(db, queue, due_at, ids).await?;
    }
    Ok(())
}

pub(super) async fn insert_entry(
    db: &mut SqliteConnection,
    queue: Queue,
    due_at: Timestamp,
    ids: Vec<u8>,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO outbox (queue, due_at, message_ids) VALUES (?1, ?2, ?3)")
        .bind(queue.as_str())
        .bind(due_at.unix_micros())
        .bind(ids)
        .execute(db)
        .await?;
    Ok(())
}
