//! Clearing away what removed environments and applications have left, one of them at a time.

use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use crate::domain::time::Timestamp;
use crate::store::REMOVAL_GRACE;
use crate::store::sqlite::StoreError;

/// A statement about the first messages of the environment `?1` in the order of an index: at most `?2`, each time the same.
macro_rules! messages_of {
    ($statement:literal, $column:literal) => {
        concat!(
            $statement,
            "(SELECT ",
            $column,
            " FROM messages WHERE environment_id = ?1 ORDER BY channel, rare_status, id LIMIT ?2)"
        )
    };
}

/// Of the removed owner `?1`, at most `?2` rows each. Messages behind their verifications, which are found through them. What is
/// counted by a keyed hash says nothing of its owner, and ends by itself.
const STATEMENTS: [&str; 5] = [
    messages_of!("DELETE FROM verifications WHERE id IN ", "verification_id"),
    messages_of!("DELETE FROM messages WHERE id IN ", "id"),
    "DELETE FROM monthly_counters
     WHERE rowid IN (SELECT rowid FROM monthly_counters WHERE environment_id = ?1 LIMIT ?2)",
    "DELETE FROM test_message_windows
     WHERE rowid IN (SELECT rowid FROM test_message_windows WHERE environment_id = ?1 LIMIT ?2)",
    "DELETE FROM notifications
     WHERE id IN (SELECT id FROM notifications WHERE environment_id = ?1 ORDER BY id LIMIT ?2)",
];

/// A batch of the one that is due; `false` when none is.
pub(super) async fn clear_next(
    db: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<bool, StoreError> {
    let next = sqlx::query(
        "SELECT owner_id, removed_at FROM removals WHERE due_at <= ?1 ORDER BY due_at, owner_id LIMIT 1",
    )
    .bind(now.unix_micros())
    .fetch_optional(&mut *db)
    .await?;
    let Some(next) = next else {
        return Ok(false);
    };
    let owner: Uuid = next.try_get("owner_id")?;
    let mut removed = 0;
    for statement in STATEMENTS {
        let removal = sqlx::query(statement).bind(owner).bind(limit);
        removed += removal.execute(&mut *db).await?.rows_affected();
    }
    if removed == 0 {
        let removed_at: i64 = next.try_get("removed_at")?;
        put_off(db, owner, removed_at, now).await?;
    }
    Ok(true)
}

/// Looks once again when nothing can be made for the owner any more; after that it is forgotten.
async fn put_off(
    db: &mut SqliteConnection,
    owner: Uuid,
    removed_at: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let grace = i64::try_from(REMOVAL_GRACE.as_micros()).unwrap_or(i64::MAX);
    let last_look = removed_at.saturating_add(grace);
    let statement = if now.unix_micros() < last_look {
        sqlx::query("UPDATE removals SET due_at = ?2 WHERE owner_id = ?1")
    } else {
        sqlx::query("DELETE FROM removals WHERE owner_id = ?1 AND removed_at <= ?2")
    };
    statement.bind(owner).bind(last_look).execute(db).await?;
    Ok(())
}
