//! Maintenance: whether the file still answers, and removing what nobody needs any more, in small batches along an index.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::bulk::{key_list, split_ids};
use super::row::Fields;
use super::{SqliteStore, StoreError, limit};
use crate::domain::time::{Clock, Timestamp};
use crate::store::message::first_id_at;
use crate::store::write_health::WriteHealth;
use crate::store::{ClockSample, Maintenance, REMOVED_RECORDS_KEPT};

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
impl Maintenance for SqliteStore {
    async fn probe(&self, _machine: &dyn Clock) -> Result<Option<ClockSample>, StoreError> {
        // The writer takes the write lock for it, so a file that has become read-only is found as well.
        self.writer
            .execute(sqlx::query("SELECT revision FROM installation WHERE id = 1"))
            .await?;
        Ok(None)
    }

    fn write_health(&self) -> &WriteHealth {
        self.writer.health()
    }

    async fn probe_writing(&self) -> Result<(), StoreError> {
        // The one row, which needs pages of its own.
        let statement = "INSERT INTO write_probes (id, filler) VALUES (1, printf('%.6000c', 'x'))
             ON CONFLICT (id) DO UPDATE SET filler = excluded.filler";
        self.writer.execute(sqlx::query(statement)).await?;
        self.writer.health().note_success();
        Ok(())
    }

    async fn wipe_expired_codes(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut wiped = 0;
        while wiped < limit.into() {
            let step = self.writer.write(move |db| Box::pin(wipe_next(db, now))).await?;
            let Some(codes) = step else { break };
            wiped += codes;
        }
        Ok(wiped)
    }

    async fn wipe_expired_notifications(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let statement = sqlx::query(
            "UPDATE notifications SET sealed_data = NULL
             WHERE id IN (SELECT id FROM notifications WHERE sealed_data IS NOT NULL AND expires_at <= ?1
                          ORDER BY expires_at LIMIT ?2)",
        );
        let statement = statement.bind(now.unix_micros()).bind(limit);
        self.writer.execute(statement).await
    }

    async fn remove_old(&self, before: Timestamp, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let removed = self
            .writer
            .write(move |db| Box::pin(remove_old(db, before, now, limit)))
            .await?;
        let clear_page = |after, size| {
            self.writer
                .write(move |db| Box::pin(limit::remove_ended(db, after, now, size)))
        };
        Ok(removed + self.walk.go_on(limit, clear_page).await?)
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

const EXPIRED: &str = "SELECT id, verification_ids FROM expiries WHERE due_at <= ?1 ORDER BY due_at LIMIT 1";

/// Wipes the codes that have died together, and answers how many there still were; `None` when none are due.
async fn wipe_next(db: &mut SqliteConnection, now: Timestamp) -> Result<Option<u64>, StoreError> {
    let expired = sqlx::query(EXPIRED).bind(now.unix_micros());
    let Some(row) = expired.fetch_optional(&mut *db).await? else {
        return Ok(None);
    };
    let fields = Fields::of(&row, "expiries", "an entry");
    let wipe = sqlx::query(
        "UPDATE verifications SET sealed_code = NULL
         WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND sealed_code IS NOT NULL",
    );
    let ids = split_ids(fields.value("verification_ids")?);
    let wiped = wipe.bind(key_list(&ids)).execute(&mut *db).await?;
    let id: i64 = fields.value("id")?;
    sqlx::query("DELETE FROM expiries WHERE id = ?1")
        .bind(id)
        .execute(db)
        .await?;
    Ok(Some(wiped.rows_affected()))
}

/// Each removes at most `?2` rows: of messages and notifications those whose ids are below `?1`, which sort by time, so that the
/// oldest are at the front of their key; with its newest message each verification, for a timeline needs both; and notifications
/// behind their messages.
const REMOVE_OLD: [&str; 3] = [
    old_messages!(
        "DELETE FROM verifications WHERE (id, message_id) IN ",
        "verification_id, id"
    ),
    old_messages!("DELETE FROM messages WHERE id IN ", "id"),
    "DELETE FROM notifications WHERE id IN (
         SELECT n.id FROM notifications n
         WHERE n.id < ?1 AND NOT EXISTS (SELECT 1 FROM notification_recipients r JOIN messages m ON m.id = r.message_id
                                         WHERE r.notification_id = n.id)
         ORDER BY n.id LIMIT ?2)",
];

const REMOVE_MONTHS: &str = "DELETE FROM monthly_counters WHERE rowid IN (
         SELECT rowid FROM monthly_counters WHERE month < ?1 LIMIT ?2)";

/// Removes records that were removed before `?1`, and when keys were used of which there is no record any more.
const REMOVE_RECORDS: [&str; 2] = [
    "DELETE FROM key_uses WHERE key_id IN (
         SELECT id FROM records WHERE document IS NULL AND written_at < ?1 AND kind = 'key'
         ORDER BY written_at LIMIT ?2)",
    "DELETE FROM records WHERE rowid IN (
         SELECT rowid FROM records WHERE document IS NULL AND written_at < ?1 ORDER BY written_at LIMIT ?2)",
];

async fn remove_old(
    db: &mut SqliteConnection,
    before: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let first_to_stay = first_id_at(before);
    let old = REMOVE_OLD.map(|statement| sqlx::query(statement).bind(first_to_stay));
    let months = sqlx::query(REMOVE_MONTHS).bind(now.month_start().unix_micros());
    let removed_before = (now - REMOVED_RECORDS_KEPT).unix_micros();
    let records = REMOVE_RECORDS.map(|statement| sqlx::query(statement).bind(removed_before));
    let mut removed = 0;
    for statement in old.into_iter().chain([months]).chain(records) {
        removed += statement.bind(limit).execute(&mut *db).await?.rows_affected();
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::EXPIRED;
    use crate::store::sqlite::plan::plan_of;

    #[tokio::test]
    async fn what_has_expired_is_found_along_the_index() {
        let plan = plan_of(EXPIRED).await;
        assert!(plan.contains("expiries_by_due_time (due_at<?)"), "{plan}");
    }
}
