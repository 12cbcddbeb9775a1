//! Test messages, each counted in one transaction.

use async_trait::async_trait;
use sqlx::{Connection as _, PgConnection, query_file};

use super::directory::write_audit_entries;
use super::row::{CounterColumns, integer, month};
use super::{PostgresStore, StoreError};
use crate::domain::limit::{self, Counters, SendRefusal};
use crate::domain::time::Timestamp;
use crate::store::audit::AuditEntry;
use crate::store::test_message::{MINUTE, NewTest, TestCount, TestMessages};

#[async_trait]
impl TestMessages for PostgresStore {
    async fn count_test(&self, test: NewTest, audit: AuditEntry) -> Result<TestCount, StoreError> {
        let mut connection = self.acquire().await?;
        connection
            .ask(async |connection| {
                let mut transaction = connection.begin().await?;
                let outcome = count(&mut transaction, &test, &audit).await?;
                // Of one that is refused nothing stays.
                if outcome == TestCount::Counted {
                    transaction.commit().await?;
                } else {
                    transaction.rollback().await?;
                }
                Ok(outcome)
            })
            .await
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

async fn count(
    connection: &mut PgConnection,
    test: &NewTest,
    audit: &AuditEntry,
) -> Result<TestCount, sqlx::Error> {
    if let Some(resets_at) = take_environments_place(connection, test).await? {
        return Ok(TestCount::TooMany { resets_at });
    }
    if let Some(refusal) = take_recipients_place(connection, test).await? {
        return Ok(TestCount::Refused(refusal));
    }
    if !take_quotas_place(connection, test).await? {
        return Ok(TestCount::Refused(SendRefusal::QuotaExhausted));
    }
    write_audit_entries(connection, &[audit]).await?;
    Ok(TestCount::Counted)
}

/// Or answers when the environment's minute ends, which is full.
async fn take_environments_place(
    connection: &mut PgConnection,
    test: &NewTest,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let taken = query_file!(
        "src/store/postgres/sql/count_test_message.sql",
        test.environment_id.0,
        test.at.to_offset_date_time(),
        integer(test.per_minute),
    )
    .fetch_optional(&mut *connection)
    .await?;
    if taken.is_some() {
        return Ok(None);
    }
    let window = query_file!(
        "src/store/postgres/sql/test_message_window.sql",
        test.environment_id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(Some(Timestamp::new(window.minute_started_at) + MINUTE))
}

async fn take_recipients_place(
    connection: &mut PgConnection,
    test: &NewTest,
) -> Result<Option<SendRefusal>, sqlx::Error> {
    let (key, now) = (&test.recipient_key[..], test.at.to_offset_date_time());
    query_file!("src/store/postgres/sql/begin_limit_counters.sql", key, now)
        .execute(&mut *connection)
        .await?;
    let mut counters = lock_counters(connection, test)
        .await?
        .unwrap_or_else(|| Counters::empty(test.at));
    let refusal = limit::refusal(Some(counters), None, true, &test.limits(), test.at);
    if refusal.is_none() {
        counters.count_send(test.at);
        put_counters(connection, test, counters).await?;
    }
    Ok(refusal)
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

async fn take_quotas_place(connection: &mut PgConnection, test: &NewTest) -> Result<bool, sqlx::Error> {
    let Some(quota) = test.quota else {
        return Ok(true);
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
    Ok(reserved.rows_affected() > 0)
}
