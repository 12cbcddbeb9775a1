//! The store on an embedded SQLite file: nothing to install, and enough for a small team on one machine.
//! All changes go through one writer, which commits what has queued up together; reads have connections of their own.

use std::error::Error;
use std::fmt;

use sqlx::error::DatabaseError;
use sqlx::{SqliteConnection, SqlitePool};

use super::batch::Batches;
use super::outbox::Settlement;
use super::verification::{Guess, NewSend, NewVerification};
use super::{StoreError, Walk};

mod audit;
mod batch;
mod bulk;
mod connection;
mod directory;
mod limit;
mod maintenance;
mod message;
mod notification;
mod outbox;
#[cfg(test)]
mod plan;
mod quota;
mod row;
mod test_message;
mod verification;
mod writer;

use connection::DatabaseFile;
use writer::Writer;

pub use connection::UnusableFile;

/// A database in one file.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    issues: Batches<NewVerification>,
    resends: Batches<NewSend>,
    checks: Batches<Guess>,
    settlements: Batches<Settlement>,
    walk: Walk,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

/// Opens the file that `url` names (`sqlite://PATH`, `sqlite:PATH` or a path), makes it and its directory where they are
/// not there yet, brings its tables up to date, and keeps at most `max_connections` connections, one of them the writer's.
///
/// # Errors
/// [`StoreError::Unavailable`] over an [`UnusableFile`] that says what is wrong with the file.
pub async fn connect(url: &str, max_connections: u32) -> Result<SqliteStore, StoreError> {
    let file = DatabaseFile::named(url)?;
    let connection = file.open_up_to_date().await?;
    Ok(SqliteStore::over(file, connection, max_connections))
}

/// Opens the file as it is; `None` where there is none.
///
/// # Errors
/// As [`connect`].
pub async fn open(url: &str, max_connections: u32) -> Result<Option<SqliteStore>, StoreError> {
    let file = DatabaseFile::named(url)?;
    let connection = file.open_as_it_is().await?;
    Ok(connection.map(|connection| SqliteStore::over(file, connection, max_connections)))
}

impl SqliteStore {
    fn over(file: DatabaseFile, connection: SqliteConnection, max_connections: u32) -> Self {
        let readers = file.readers(max_connections.saturating_sub(1).max(1));
        let writer = Writer::start(file, connection);
        // One lane each: what comes while the writer is busy with a batch is the next one.
        Self {
            issues: Batches::new(writer.clone(), 1),
            resends: Batches::new(writer.clone(), 1),
            checks: Batches::new(writer.clone(), 1),
            settlements: Batches::new(writer.clone(), 1),
            writer,
            readers,
            walk: Walk::default(),
        }
    }
}

/// Brings the tables of the file that `url` names up to date, as [`connect`] does, and closes it again.
///
/// # Errors
/// As [`connect`].
pub async fn migrate(url: &str) -> Result<(), StoreError> {
    let connection = DatabaseFile::named(url)?.open_up_to_date().await?;
    Ok(sqlx::Connection::close(connection).await?)
}

fn unavailable(reason: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(reason))
}

/// Whether waiting may heal what SQLite refused.
pub(super) fn heals(error: &dyn DatabaseError) -> bool {
    matches!(
        primary_code(error),
        Some(BUSY | LOCKED | OUT_OF_MEMORY | READ_ONLY | INTERRUPTED | IO | FULL | CANNOT_OPEN | PROTOCOL)
    )
}

// Primary result codes, https://www.sqlite.org/rescode.html; the extended ones have them in their low byte.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const OUT_OF_MEMORY: i32 = 7;
const READ_ONLY: i32 = 8;
const INTERRUPTED: i32 = 9;
const IO: i32 = 10;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const PROTOCOL: i32 = 15;
const NOT_A_DATABASE: i32 = 26;

fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    let extended: i32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}
