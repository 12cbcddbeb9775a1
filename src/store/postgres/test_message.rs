//! Test messages. A refusal is an error inside the transaction, so that nothing of it stays, and an outcome outside.

use std::error::Error;

use async_trait::async_trait;
use sqlx::{PgConnection, query_file};

use super::directory::write_audit_entries;
use super::row::{CounterColumns, integer, month};
use super::{PostgresStore, StoreError};
use crate::domain::limit::{self, Counters, SendRefusal};
use crate::domain::time::Timestamp;
use crate::store::audit::AuditEntry;
use crate::store::test_message::{MINUTE, NewTest, TestCount, TestMessages};

/// A test that is not to be sent.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the test is refused: {0:?}")]
struct Refused(TestCount);

impl From<Refused> for sqlx::Error {
    fn from(refused: Refused) -> Self {
        Self::AnyDriverError(Box::new(refused))
    }
}

#[async_trait]
impl TestMessages for PostgresStore {
    async fn count_test(&self, test: NewTest, audit: AuditEntry) -> Result<TestCount, StoreError> {
        let mut connection = self.acquire().await?;
        let counted = connection
            .transact(async |transaction| {
                take_environments_place(transaction, &test).await?;
                take_recipients_place(transaction, &test).await?;
                take_quotas_place(transaction, &test).await?;
                write_audit_entries(transaction, &[&audit]).await
            })
            .await;
        let Err(error) = counted else {
            return Ok(TestCount::Counted);
        };
        if let sqlx::Error::AnyDriverError(source) = &error
            && let Some(Refused(outcome)) = (&**source as &(dyn Error + 'static)).downcast_ref()
        {
            return Ok(*outcome);
        }
        Err(error.into())
    }

    async fn refund_test(&self, test: NewTest, _now: Timestamp) -> Result<(), StoreError> {
        let mut connection = self.acquire().await?;
        connection
            .transact(async |transaction| {
                if let Some(mut counters) = lock_counters(transaction, &test).await? {
                    counters.refund_send(test.at);
                    put_counters(transaction, &test, counters).await?;
                }
                if let Some(quota) = test.quota {
                    query_file!(
                        "src/store/postgres/sql/release.sql",
                        test.environment_id.0,
                        quota.counter.as_str(),
                        month(quota),
                    )
                    .execute(&mut **transaction)
                    .await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

async fn take_environments_place(connection: &mut PgConnection, test: &NewTest) -> Result<(), sqlx::Error> {
    let taken = query_file!(
        "src/store/postgres/sql/count_test_message.sql",
        test.environment_id.0,
        test.at.to_offset_date_time(),
        integer(test.per_minute),
    )
    .fetch_optional(&mut *connection)
    .await?;
    if taken.is_some() {
        return Ok(());
    }
    let window = query_file!(
        "src/store/postgres/sql/test_message_window.sql",
        test.environment_id.0
    )
    .fetch_one(connection)
    .await?;
    let resets_at = Timestamp::new(window.minute_started_at) + MINUTE;
    Err(Refused(TestCount::TooMany { resets_at }).into())
}

async fn take_recipients_place(connection: &mut PgConnection, test: &NewTest) -> Result<(), sqlx::Error> {
    let (key, now) = (&test.recipient_key[..], test.at.to_offset_date_time());
    query_file!("src/store/postgres/sql/begin_limit_counters.sql", key, now)
        .execute(&mut *connection)
        .await?;
    let mut counters = lock_counters(connection, test)
        .await?
        .unwrap_or_else(|| Counters::empty(test.at));
    if let Some(refusal) = limit::refusal(Some(counters), None, true, &test.limits(), test.at) {
        return Err(Refused(TestCount::Refused(refusal)).into());
    }
    counters.count_send(test.at);
    put_counters(connection, test, counters).await
}

async fn lock_counters(
    connection: &mut PgConnection,
    test: &NewTest,
) -> Result<Option<Counters>, sqlx::Error> {
    let row = query_file!(
        "src/store/postgres/sql/limit_counters.sql",
        &test.recipient_key[..]
    )
    .fetch_optional(connection)
    .await?;
    let columns = row.map(|row| CounterColumns {
        hour: (Some(row.hour_started_at), Some(row.hour_sends)),
        day: (Some(row.day_started_at), Some(row.day_sends)),
        guesses: (Some(row.guesses_started_at), Some(row.wrong_guesses)),
    });
    Ok(columns.and_then(|columns| columns.counters()))
}

async fn put_counters(
    connection: &mut PgConnection,
    test: &NewTest,
    counters: Counters,
) -> Result<(), sqlx::Error> {
    let Counters { hour, day, .. } = counters;
    query_file!(
        "src/store/postgres/sql/put_limit_counters.sql",
        &test.recipient_key[..],
        hour.started_at.to_offset_date_time(),
        integer(hour.count),
        day.started_at.to_offset_date_time(),
        integer(day.count),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn take_quotas_place(connection: &mut PgConnection, test: &NewTest) -> Result<(), sqlx::Error> {
    let Some(quota) = test.quota else {
        return Ok(());
    };
    let reserved = query_file!(
        "src/store/postgres/sql/reserve.sql",
        test.environment_id.0,
        quota.counter.as_str(),
        month(quota),
        integer(quota.limit),
    )
    .execute(connection)
    .await?;
    if reserved.rows_affected() > 0 {
        return Ok(());
    }
    Err(Refused(TestCount::Refused(SendRefusal::QuotaExhausted)).into())
}
