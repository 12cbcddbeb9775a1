//! Upkeep: whether the file still answers, and removing what nobody needs any more, in small batches along an index.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::message::first_id_at;
use super::{SqliteStore, StoreError, fault, notification};
use crate::domain::policy::{DAY, HOUR};
use crate::domain::time::{Clock, Timestamp};
use crate::store::write_health::WriteHealth;
use crate::store::{ClockSample, REMOVED_RECORDS_KEPT, Upkeep};

mod removal;

/// A statement about the oldest messages: at most `?2`, none from `?1` on.
macro_rules! old_messages {
    ($statement:literal, $columns:literal) => {
        concat!(
            $statement,
            "(SELECT ",
            $columns,
            " FROM messages WHERE id < ?1 ORDER BY id LIMIT ?2)"
        )
    };
}
#[async_trait]
impl Upkeep for SqliteStore {
    async fn probe(&self, _machine: &dyn Clock) -> Result<Option<ClockSample>, StoreError> {
        // The writer takes the write lock for it, so a file that has become read-only is found as well.
        self.writer.write(|db| Box::pin(touch(db))).await?;
        Ok(None)
    }

    fn write_health(&self) -> &WriteHealth {
        self.writer.health()
    }

    async fn probe_writing(&self) -> Result<(), StoreError> {
        self.writer.write(|db| Box::pin(write_probe(db))).await?;
        self.writer.health().note_success();
        Ok(())
    }

    async fn wipe_expired_codes(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer
            .write(move |db| Box::pin(wipe_expired_codes(db, now, limit)))
            .await
    }

    async fn wipe_expired_notifications(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer
            .write(move |db| Box::pin(notification::wipe_expired(db, now, limit)))
            .await
    }

    async fn remove_old(&self, before: Timestamp, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.writer
            .write(move |db| Box::pin(remove_old(db, before, now, limit)))
            .await
    }

    async fn clear_removed(&self, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        self.writer
            .write(move |db| Box::pin(removal::clear_next(db, now, limit)))
            .await
    }

    async fn close(&self) {
        // The writer last: whoever is last writes the log back into the file.
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Rewrites the one row of the probe, which needs pages of its own.
async fn write_probe(db: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO write_probes (id, filler) VALUES (1, printf('%.6000c', 'x'))
         ON CONFLICT (id) DO UPDATE SET filler = excluded.filler",
    )
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}

async fn touch(db: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT revision FROM installation WHERE id = 1")
        .fetch_one(db)
        .await
        .map_err(fault)?;
    Ok(())
}

async fn wipe_expired_codes(
    db: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let wiped = sqlx::query(
        "UPDATE verifications SET sealed_code = NULL
         WHERE id IN (SELECT id FROM verifications WHERE sealed_code IS NOT NULL AND expires_at <= ?1
                      ORDER BY expires_at LIMIT ?2)",
    )
    .bind(now.unix_micros())
    .bind(limit)
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(wiped.rows_affected())
}

async fn remove_old(
    db: &mut SqliteConnection,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let mut removed = remove_messages(db, before, limit).await?;
    removed += notification::remove_old(db, before, now, limit).await?;
    let recipients = sqlx::query(
        "DELETE FROM recipients WHERE rowid IN (
             SELECT rowid FROM recipients
             WHERE day_started_at <= ?1 AND guesses_started_at <= ?1 AND hour_started_at <= ?2
             ORDER BY day_started_at LIMIT ?3)",
    );
    let (day_ago, hour_ago) = ((now - DAY).unix_micros(), (now - HOUR).unix_micros());
    removed += count(db, recipients.bind(day_ago).bind(hour_ago).bind(limit)).await?;
    let addresses = sqlx::query(
        "DELETE FROM end_user_addresses WHERE rowid IN (
             SELECT rowid FROM end_user_addresses WHERE hour_started_at <= ?1 ORDER BY hour_started_at LIMIT ?2)",
    );
    removed += count(db, addresses.bind(hour_ago).bind(limit)).await?;
    let months = sqlx::query(
        "DELETE FROM monthly_counters WHERE rowid IN (
             SELECT rowid FROM monthly_counters WHERE month < ?1 LIMIT ?2)",
    );
    removed += count(db, months.bind(now.month_start().unix_micros()).bind(limit)).await?;
    Ok(removed + remove_records(db, now - REMOVED_RECORDS_KEPT, limit).await?)
}

/// Removes records that were removed before `before`, and when keys were used of which there is no record any more.
async fn remove_records(db: &mut SqliteConnection, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
    let mut removed = 0;
    for statement in [
        "DELETE FROM key_uses WHERE key_id IN (
             SELECT id FROM records WHERE document IS NULL AND written_at < ?1 AND kind = 'key'
             ORDER BY written_at LIMIT ?2)",
        "DELETE FROM records WHERE rowid IN (
             SELECT rowid FROM records WHERE document IS NULL AND written_at < ?1 ORDER BY written_at LIMIT ?2)",
    ] {
        removed += count(db, sqlx::query(statement).bind(before.unix_micros()).bind(limit)).await?;
    }
    Ok(removed)
}

/// Removes messages with their attempts and whatever the outbox still holds of them, and with its newest message each
/// verification: a timeline needs both. Ids of messages sort by time, so the oldest are at the front of their key.
async fn remove_messages(
    db: &mut SqliteConnection,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let first_to_stay = first_id_at(before);
    let statements = [
        old_messages!("DELETE FROM attempts WHERE message_id IN ", "id"),
        old_messages!("DELETE FROM outbox WHERE message_id IN ", "id"),
        old_messages!(
            "DELETE FROM verifications WHERE (id, message_id) IN ",
            "verification_id, id"
        ),
        old_messages!("DELETE FROM messages WHERE id IN ", "id"),
    ];
    let mut removed = 0;
    for statement in statements {
        removed += count(db, sqlx::query(statement).bind(first_to_stay).bind(limit)).await?;
    }
    Ok(removed)
}

type Statement = sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

async fn count(db: &mut SqliteConnection, statement: Statement) -> Result<u64, StoreError> {
    let done = statement.execute(db).await.map_err(fault)?;
    Ok(done.rows_affected())
}
