//! Test messages. All of this runs inside the writer's transaction, so that to read, compare and write is one step.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use super::directory::write_audit_entry;
use super::limit::{CountedSend, Tally};
use super::row::Fields;
use super::{SqliteStore, StoreError, quota};
use crate::domain::id::EnvironmentId;
use crate::domain::time::Timestamp;
use crate::store::audit::AuditEntry;
use crate::store::test_message::{MINUTE, NewTest, TestCount, TestMessages};

#[async_trait]
impl TestMessages for SqliteStore {
    async fn count_test(&self, test: NewTest, audit: AuditEntry) -> Result<TestCount, StoreError> {
        self.writer
            .write(move |db| Box::pin(count(db, test, audit)))
            .await
    }

    async fn refund_test(&self, test: NewTest, now: Timestamp) -> Result<(), StoreError> {
        self.writer.write(move |db| Box::pin(refund(db, test, now))).await
    }
}

async fn count(db: &mut SqliteConnection, test: NewTest, audit: AuditEntry) -> Result<TestCount, StoreError> {
    let (environment, now) = (test.environment_id, test.at);
    let former = window(db, environment).await?;
    let (started_at, sends) = former
        .filter(|(start, _)| *start + MINUTE > now)
        .unwrap_or((now, 0));
    if sends >= test.per_minute {
        let resets_at = started_at + MINUTE;
        return Ok(TestCount::TooMany { resets_at });
    }
    let send = CountedSend {
        environment_id: environment,
        recipient_key: test.recipient_key,
        ip_key: None,
        limits: test.limits(),
        quota: test.quota,
        now,
    };
    let quota = test.quota.map(|quota| (environment, quota)).into_iter().collect();
    let mut tally = Tally::load(db, vec![test.recipient_key], quota).await?;
    if let Some(refusal) = tally.count_send(&send)? {
        return Ok(TestCount::Refused(refusal));
    }
    tally.save(db).await?;
    sqlx::query(
        "INSERT INTO test_message_windows (environment_id, minute_started_at, sends) VALUES (?1, ?2, ?3)
         ON CONFLICT (environment_id) DO UPDATE SET
             minute_started_at = excluded.minute_started_at, sends = excluded.sends",
    )
    .bind(environment.0)
    .bind(started_at.unix_micros())
    .bind(sends + 1)
    .execute(&mut *db)
    .await?;
    write_audit_entry(db, &audit).await?;
    Ok(TestCount::Counted)
}

async fn window(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
) -> Result<Option<(Timestamp, u32)>, StoreError> {
    let row =
        sqlx::query("SELECT minute_started_at, sends FROM test_message_windows WHERE environment_id = ?1")
            .bind(environment.0)
            .fetch_optional(db)
            .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let fields = Fields::of(&row, "test_message_windows", environment);
    Ok(Some((fields.time("minute_started_at")?, fields.value("sends")?)))
}

async fn refund(db: &mut SqliteConnection, test: NewTest, now: Timestamp) -> Result<(), StoreError> {
    let mut tally = Tally::load(db, vec![test.recipient_key], Vec::new()).await?;
    tally.change(test.recipient_key, now, |counters| counters.refund_send(test.at))?;
    tally.save(db).await?;
    if let Some(quota) = test.quota {
        quota::release(test.environment_id, quota.counter, quota.month)
            .execute(db)
            .await?;
    }
    Ok(())
}
