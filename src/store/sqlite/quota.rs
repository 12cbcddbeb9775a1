//! Counters by environment and calendar month.

use sqlx::SqliteExecutor;

use super::StoreError;
use super::bulk::Query;
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
    let statement =
        "SELECT used FROM monthly_counters WHERE environment_id = ?1 AND counter = ?2 AND month = ?3";
    let row = of_month(statement, environment, counter, month)
        .fetch_optional(db)
        .await?;
    row.map_or(Ok(0), |row| {
        Fields::of(&row, "monthly_counters", environment).value("used")
    })
}

/// Takes places. Changes no row where there are not as many left below `limit`.
pub(super) fn take(
    environment: EnvironmentId,
    MonthlyLimit {
        counter,
        month,
        limit,
    }: MonthlyLimit,
    places: u32,
) -> Query<'static> {
    let statement = "INSERT INTO monthly_counters (environment_id, counter, month, used) SELECT ?1, ?2, ?3, ?4 WHERE ?4 <= ?5
         ON CONFLICT (environment_id, counter, month) DO UPDATE SET used = used + ?4 WHERE used + ?4 <= ?5";
    of_month(statement, environment, counter, month)
        .bind(places)
        .bind(limit)
}

/// Gives one place back.
pub(super) fn release(
    environment: EnvironmentId,
    counter: MonthlyCounter,
    month: Timestamp,
) -> Query<'static> {
    let statement = "UPDATE monthly_counters SET used = used - 1
         WHERE environment_id = ?1 AND counter = ?2 AND month = ?3 AND used > 0";
    of_month(statement, environment, counter, month)
}

fn of_month(
    statement: &'static str,
    environment: EnvironmentId,
    counter: MonthlyCounter,
    month: Timestamp,
) -> Query<'static> {
    sqlx::query(statement)
        .bind(environment.0)
        .bind(counter.as_str())
        .bind(month.unix_micros())
}
