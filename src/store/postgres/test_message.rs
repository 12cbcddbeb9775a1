//! Test messages. A refusal is an error inside the transaction, so that nothing of it stays, and an outcome outside.

use std::error::Error;

use async_trait::async_trait;
use sqlx::{PgConnection, query_file};
use time::OffsetDateTime;

use super::directory::write_audit_entries;
use super::row::integer;
use super::send::month;
use super::{PostgresStore, StoreError, fault};
use crate::domain::policy::{DAY, HOUR};
use crate::domain::time::Timestamp;
use crate::store::audit::AuditEntry;
use crate::store::test_message::{MINUTE, NewTest, TestCount, TestMessages};
use crate::store::verification::{LimitName, SendRefusal};

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
        let mut lent = self.lend().await?;
        let counted = lent
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
        Err(fault::of(error))
    }

    async fn give_back_test(&self, test: NewTest, _now: Timestamp) -> Result<(), StoreError> {
        let mut lent = self.lend().await?;
        lent.transact(async |transaction| {
            query_file!(
                "src/store/postgres/sql/give_back_recipient.sql",
                test.environment_id.0,
                test.recipient_key,
                test.at.to_offset_date_time(),
            )
            .execute(&mut **transaction)
            .await?;
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
        .await
        .map_err(fault::of)
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
    let taken = query_file!(
        "src/store/postgres/sql/count_recipient.sql",
        test.environment_id.0,
        test.recipient_key,
        test.at.to_offset_date_time(),
        integer(test.per_hour),
        integer(test.per_day),
    )
    .fetch_optional(&mut *connection)
    .await?;
    if taken.is_some() {
        return Ok(());
    }
    let windows = query_file!(
        "src/store/postgres/sql/recipient_windows.sql",
        test.environment_id.0,
        test.recipient_key,
    )
    .fetch_one(connection)
    .await?;
    let end = |started_at: OffsetDateTime, length, sends, most: u32| {
        let end = Timestamp::new(started_at) + length;
        (sends >= integer(most) && end > test.at).then_some(end)
    };
    let hour = end(windows.hour_started_at, HOUR, windows.hour_sends, test.per_hour);
    let day = end(windows.day_started_at, DAY, windows.day_sends, test.per_day);
    // The one that lasts longest; both are `None` only where a place was given back at this very moment.
    let (limit, resets_at) = match (hour, day) {
        (Some(hour), Some(day)) if hour > day => (LimitName::RecipientHour, hour),
        (_, Some(day)) => (LimitName::RecipientDay, day),
        (Some(hour), None) => (LimitName::RecipientHour, hour),
        (None, None) => (LimitName::RecipientHour, test.at),
    };
    Err(Refused(TestCount::Refused(SendRefusal::Throttled { limit, resets_at })).into())
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
