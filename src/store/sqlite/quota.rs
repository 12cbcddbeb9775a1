//! Counters by environment and calendar month.

use sqlx::SqliteConnection;

use super::{StoreError, fault};
use crate::domain::id::EnvironmentId;
use crate::domain::time::Timestamp;
use crate::store::outbox::{MonthlyCounter, MonthlyLimit};

/// Takes one place; `false` when there is none left.
pub(super) async fn reserve(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    limit: MonthlyLimit,
) -> Result<bool, StoreError> {
    let reserved = sqlx::query(
        "INSERT INTO monthly_counters (environment_id, counter, month, used)
         SELECT ?1, ?2, ?3, 1 WHERE ?4 > 0
         ON CONFLICT (environment_id, counter, month) DO UPDATE SET used = used + 1 WHERE used < ?4",
    )
    .bind(environment.0)
    .bind(limit.counter.as_str())
    .bind(limit.month.unix_micros())
    .bind(limit.limit)
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(reserved.rows_affected() == 1)
}

/// Gives one place back.
pub(super) async fn release(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    counter: MonthlyCounter,
    month: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE monthly_counters SET used = used - 1
         WHERE environment_id = ?1 AND counter = ?2 AND month = ?3 AND used > 0",
    )
    .bind(environment.0)
    .bind(counter.as_str())
    .bind(month.unix_micros())
    .execute(db)
    .await
    .map_err(fault)?;
    Ok(())
}
