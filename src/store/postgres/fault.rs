//! What a failure of the database means: whether waiting may heal it, whether the connection it happened on may be used again, and
//! what becomes of a batch.

use std::fmt;

use sqlx::migrate::MigrateError;

use super::StoreError;
use crate::store::batch::Failure;

/// A statement that did not end in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the database did not answer within {0} s")]
pub(super) struct TooSlow(pub(super) u64);

impl From<TooSlow> for sqlx::Error {
    fn from(slow: TooSlow) -> Self {
        Self::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, slow))
    }
}

pub(super) fn of_migration(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        error => StoreError::Statement(Box::new(error)),
    }
}

/// Columns that say another thing to the domain than they said to the statement.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the statement refused what nothing speaks against")]
struct Disagreement;

pub(super) fn disagreement() -> StoreError {
    StoreError::Statement(Box::new(Disagreement))
}

/// What the failure of a batch means for its operations. Where the database answered, nothing of it was taken, and what was wrong may be
/// wrong with one of them alone, or have been so at that moment alone.
pub(super) fn of_batch(error: sqlx::Error) -> Failure {
    let concerns_one = match &error {
        sqlx::Error::Database(_) => !heals(&error) || is_conflict(&error),
        _ => false,
    };
    if is_lost_race(&error) || is_overtaken_by_a_copy(&error) {
        Failure::Overtaken(error.into())
    } else if concerns_one {
        Failure::Refused(error.into())
    } else {
        Failure::Lost(error.into())
    }
}

/// Whether a statement met another one: a deadlock, or a row that is there by now. One that did not get a lock in time is not tried
/// again by itself: each operation of the batch may then wait as long.
fn is_conflict(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01" | "23505"))
}

/// A column that does not hold what was written.
pub(super) fn corrupt(table: &'static str, column: &'static str, id: impl fmt::Display) -> StoreError {
    StoreError::Corrupt {
        table,
        column,
        id: id.to_string(),
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error
        .as_database_error()?
        .code()
        .map(std::borrow::Cow::into_owned)
}

/// Whether waiting may heal it.
pub(in crate::store) fn heals(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        _ => code(error).is_some_and(|code| {
            // Connection lost; resources used up (disk full is 53100); somebody intervened (shutdown, statement timeout);
            // the system failed; read-only after a failover; lost against others; the row is there by now.
            matches!(code.get(..2), Some("08" | "53" | "57" | "58"))
                || matches!(code.as_str(), "25006" | "40001" | "40P01" | "55P03" | "23505")
        }),
    }
}

/// Whether the connection must not be used again: it broke, it is about to, or it leads to a server that only reads.
pub(super) fn spoils_the_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        _ => code(error)
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || code == "25006"),
    }
}

/// Whether the statement took itself back because a counter reached its limit after its snapshot. It does so by a cast that
/// cannot succeed, so that its sentence stands in the message.
pub(super) fn is_lost_race(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().as_deref() == Some("22P02") && error.message().contains("otpost: a limit was reached")
    })
}

/// Whether another copy of the same keyed request made its verification or notification after the statement's snapshot.
pub(super) fn is_overtaken_by_a_copy(error: &sqlx::Error) -> bool {
    is_violation_of(error, "verifications_pkey") || is_violation_of(error, "notifications_by_key")
}

/// Whether `constraint` was what refused the statement.
pub(super) fn is_violation_of(error: &sqlx::Error, constraint: &str) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.constraint() == Some(constraint))
}
