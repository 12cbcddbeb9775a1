//! Maintenance: the probe, and removing in small batches what nobody needs any more. Old messages are found by their ids.

use async_trait::async_trait;
use sqlx::query_file;

use super::{PostgresStore, StoreError};
use crate::domain::idempotency::KeyedHash;
use crate::domain::policy::{DAY, HOUR};
use crate::domain::time::{Clock, ClockReading, Timestamp};
use crate::store::message::first_id_at;
use crate::store::write_health::WriteHealth;
use crate::store::{ClockSample, Maintenance, Page, REMOVED_RECORDS_KEPT};

mod removal;

/// Pages without rows that the probe of writing uses up at most before it proves nothing: as many as there may be in its table after
/// so many outages.
const EMPTY_PAGES: u32 = 100;

#[async_trait]
impl Maintenance for PostgresStore {
    async fn probe(&self, machine: &dyn Clock) -> Result<Option<ClockSample>, StoreError> {
        // Without the wait for a connection, which would blur the answer.
        let mut connection = self.acquire_for_reading().await?;
        let asked = ClockReading::of(machine);
        let row = connection
            .fetch_one(query_file!("src/store/postgres/sql/clock.sql"))
            .await?;
        Ok(Some(ClockSample {
            asked,
            answered: ClockReading::of(machine),
            there: Timestamp::new(row.now),
        }))
    }

    fn write_health(&self) -> &WriteHealth {
        self.pools.writes()
    }

    async fn probe_writing(&self) -> Result<(), StoreError> {
        let mut connection = self.acquire().await?;
        for _ in 0..EMPTY_PAGES {
            let written = connection
                .fetch_one(query_file!("src/store/postgres/sql/probe_writing.sql"))
                .await?;
            if written.took_new_room {
                self.write_health().note_success();
                break;
            }
        }
        Ok(())
    }

    async fn wipe_expired_codes(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let (now, limit) = (now.to_offset_date_time(), i64::from(limit));
        let wipe = query_file!("src/store/postgres/sql/wipe_expired_codes.sql", now, limit);
        let wiped = self.acquire().await?.fetch_one(wipe).await?;
        Ok(u64::try_from(wiped.touched).unwrap_or(0))
    }

    async fn wipe_expired_notifications(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let (now, limit) = (now.to_offset_date_time(), i64::from(limit));
        let wipe = query_file!(
            "src/store/postgres/sql/wipe_expired_notifications.sql",
            now,
            limit
        );
        self.acquire().await?.execute(wipe).await
    }

    async fn remove_old(&self, before: Timestamp, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let clear_page = |after, size| self.clear_page(after, now, size);
        let mut removed = self.walk.go_on(limit, clear_page).await?;
        let mut connection = self.acquire().await?;
        let (first_to_stay, rows) = (first_id_at(before), i64::from(limit));
        let messages = query_file!(
            "src/store/postgres/sql/remove_messages.sql",
            first_to_stay,
            before.to_offset_date_time(),
            rows,
        );
        let messages = connection.fetch_one(messages).await?.removed;
        removed += u64::try_from(messages).unwrap_or(0);
        // Behind their messages.
        let notifications = query_file!(
            "src/store/postgres/sql/remove_notifications.sql",
            first_to_stay,
            rows
        );
        removed += connection.execute(notifications).await?;
        // An hour late, so that a process whose clock is behind does not begin an ended month anew.
        let month = (now - HOUR).month_start().to_offset_date_time();
        let months = query_file!("src/store/postgres/sql/remove_monthly_counters.sql", month, rows);
        removed += connection.execute(months).await?;
        let removed_before = (now - REMOVED_RECORDS_KEPT).to_offset_date_time();
        let records = query_file!(
            "src/store/postgres/sql/remove_removed_records.sql",
            removed_before,
            rows
        );
        removed += connection.execute(records).await?;
        Ok(removed)
    }

    async fn clear_removed(&self, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let mut connection = self.acquire().await?;
        let cleared =
            connection.transact(async |transaction| removal::clear_next(transaction, now, limit).await);
        Ok(cleared.await?)
    }

    async fn close(&self) {
        self.pools.close().await;
    }
}

impl PostgresStore {
    /// Removes those of the next `size` counters behind `after` that are not needed any more.
    async fn clear_page(&self, after: KeyedHash, now: Timestamp, size: u32) -> Result<Page, StoreError> {
        let clear = query_file!(
            "src/store/postgres/sql/remove_limit_counters.sql",
            &after[..],
            (now - HOUR).to_offset_date_time(),
            (now - DAY).to_offset_date_time(),
            i64::from(size),
        );
        let page = self.acquire().await?.fetch_one(clear).await?;
        let last = page.last.filter(|_| page.seen >= size.into());
        Ok(Page {
            removed: u32::try_from(page.removed).unwrap_or(0),
            last: last.and_then(|key| key.try_into().ok()),
        })
    }
}
