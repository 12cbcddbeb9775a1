//! Maintenance: the probe, and removing in small batches what nobody needs any more. Old messages are found by their ids;
//! counters have no index on their age, which every send would have to keep up, so their table is walked page by page.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use sqlx::query_file;

use super::{PooledConnection, PostgresStore, StoreError};
use crate::domain::policy::{DAY, HOUR};
use crate::domain::time::{Clock, ClockReading, Timestamp};
use crate::store::message::first_id_at;
use crate::store::write_health::WriteHealth;
use crate::store::{ClockSample, Maintenance, REMOVED_RECORDS_KEPT};

mod removal;

/// Pages without rows that the probe of writing uses up at most before it proves nothing: as many as there may be in its table after
/// so many outages.
const EMPTY_PAGES: u32 = 100;

/// Pages of counters that one call walks at most, so that a table where nothing is to be removed is still walked in time.
const PAGES: u32 = 10;

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
        let mut connection = self.acquire().await?;
        let (first_to_stay, rows) = (first_id_at(before), i64::from(limit));
        let messages = query_file!(
            "src/store/postgres/sql/remove_messages.sql",
            first_to_stay,
            before.to_offset_date_time(),
            rows,
        );
        let removed = connection.fetch_one(messages).await?.removed;
        let mut removed = u64::try_from(removed).unwrap_or(0);
        // Behind their messages.
        let notifications = query_file!(
            "src/store/postgres/sql/remove_notifications.sql",
            first_to_stay,
            rows
        );
        removed += connection.execute(notifications).await?;
        removed += self.walk.go_on(&mut connection, now, limit).await?;
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

/// A walk along the keys of `limit_counters`, which begins anew at its end: the last key that was looked at.
#[derive(Debug, Default)]
pub(super) struct Walk(Mutex<Vec<u8>>);

impl Walk {
    /// Removes at most `limit` rows that are not needed any more, on the next few pages of the table.
    async fn go_on(
        &self,
        connection: &mut PooledConnection,
        now: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let mut removed = 0;
        for _ in 0..PAGES {
            let size = i64::from(limit) - removed;
            if size <= 0 {
                break;
            }
            let after = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let page = connection
                .fetch_one(query_file!(
                    "src/store/postgres/sql/remove_limit_counters.sql",
                    &after[..],
                    (now - HOUR).to_offset_date_time(),
                    (now - DAY).to_offset_date_time(),
                    size,
                ))
                .await?;
            removed += page.removed;
            let at_the_end = page.seen < size;
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
                page.last.filter(|_| !at_the_end).unwrap_or_default();
            if at_the_end {
                break;
            }
        }
        Ok(u64::try_from(removed).unwrap_or(0))
    }
}
