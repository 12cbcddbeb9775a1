//! Counters by environment and calendar month.

use sqlx::{SqliteConnection, SqliteExecutor};

use super::StoreError;
use super::row::Fields;
use crate::domain::id::EnvironmentId;
use crate::domain::time::Timestamp;
use crate::store::outbox::{MonthlyCounter, MonthlyLimit};

/// How many places are taken.
pub(super) async fn used(
    db: impl SqliteExecutor<'_>,
    environment: EnvironmentId,
    counter: MonthlyCounter,
    month: Timestamp,
) -> Result<u32, StoreError> {
    let row = sqlx::query(
        "SELECT used FROM monthly_counters WHERE environment_id = ?1 AND counter = ?2 AND month = ?3",
    )
    .bind(environment.0)
    .bind(counter.as_str())
    .bind(month.unix_micros())
    .fetch_optional(db)
    .await?;
    row.map_or(Ok(0), |row| {
        Fields::of(&row, "monthly_counters", environment).value("used")
    })
}

/// Takes places.
pub(super) async fn add(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    counter: MonthlyCounter,
    month: Timestamp,
    places: u32,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO monthly_counters (environment_id, counter, month, used) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (environment_id, counter, month) DO UPDATE SET used = used + excluded.used",
    )
    .bind(environment.0)
    .bind(counter.as_str())
    .bind(month.unix_micros())
    .bind(places)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes one place; `false` when there is none left.
pub(super) async fn reserve(
    db: &mut SqliteConnection,
    environment: EnvironmentId,
    MonthlyLimit {
        counter,
        month,
        limit,
    }: MonthlyLimit,
) -> Result<bool, StoreError> {
    let is_left = used(&mut *db, environment, counter, month).await? < limit;
    if is_left {
        add(db, environment, counter, month, 1).await?;
    }
    Ok(is_left)
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
    .await?;
    Ok(())
}
