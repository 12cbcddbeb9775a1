//! What is kept, and the operations on it. Traits by concern, implemented twice, over Postgres and over the embedded
//! SQLite; the unit is an operation, never a row, and transactions never leave this module.
//!
//! Expected outcomes are enum values. `Err` means "could not tell": the caller answers 503 or 500.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::SqliteError;

use crate::domain::idempotency::KeyedHash;
use crate::domain::keyring::OpenError;
use crate::domain::time::{Clock, ClockIsOff, ClockReading, Timestamp};

mod attempt;
pub mod audit;
mod batch;
pub mod directory;
pub mod message;
pub mod notification;
pub mod outbox;
pub mod postgres;
pub mod sqlite;
pub mod test_message;
pub mod verification;
pub mod write_health;

pub use audit::Audit;
pub use directory::Directory;
pub use message::Messages;
pub use notification::Notifications;
pub use outbox::Outbox;
pub use test_message::TestMessages;
pub use verification::Verifications;
use write_health::WriteHealth;

/// All concerns of one database.
pub trait Store:
    Verifications + Notifications + Outbox + Messages + Directory + Audit + TestMessages + Maintenance
{
}

impl<T: Verifications + Notifications + Outbox + Messages + Directory + Audit + TestMessages + Maintenance>
    Store for T
{
}

/// A shared handle to a database.
pub type SharedStore = Arc<dyn Store>;

/// How long after a removal something may still be made for what was removed, by a process that did not know it yet or a request
/// that had begun before: far longer than either lasts.
pub const REMOVAL_GRACE: Duration = Duration::from_mins(5);

/// How long the directory says of a removed record that it was removed. A process that has not read the directory for half of
/// that reads it whole.
pub const REMOVED_RECORDS_KEPT: Duration = Duration::from_hours(1);

/// What keeps a database healthy.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Answers when the database does, with what its clock said; `None` where it has no clock but this machine's, `machine`.
    async fn probe(&self, machine: &dyn Clock) -> Result<Option<ClockSample>, StoreError>;

    /// What became of the writes through this store.
    fn write_health(&self) -> &WriteHealth;

    /// Writes something that is of no use to anybody, and needs new room on the disk as a send does.
    async fn probe_writing(&self) -> Result<(), StoreError>;

    /// Wipes the sealed codes of verifications that expired by `now`, of at most about `limit`. Answers how many rows it touched: fewer than
    /// `limit` once nothing is left to wipe.
    async fn wipe_expired_codes(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Wipes what at most `limit` notifications say that expired by `now`. Answers how many.
    async fn wipe_expired_notifications(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes at most `limit` rows of each kind that nobody needs any more: verifications, notifications and messages
    /// made before `before`, and counters that ended before `now`. Answers how many.
    async fn remove_old(&self, before: Timestamp, now: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Removes at most `limit` rows of each kind of what one removed environment or application has left. `false` when there
    /// is none to look after. Each is looked after until nothing is left, and again after [`REMOVAL_GRACE`].
    async fn clear_removed(&self, now: Timestamp, limit: u32) -> Result<bool, StoreError>;

    /// Closes all connections, after what they are doing.
    async fn close(&self);
}

/// Pages of counters that one call walks at most, so that a table where nothing is to be removed is still walked in time.
const PAGES: u32 = 10;

/// A walk along the keys of the counters, page by page and from their end to their beginning again: they have no index on their age,
/// which every send would have to keep up. Holds the last key that was looked at.
#[derive(Debug, Default)]
struct Walk(Mutex<KeyedHash>);

/// A page of counters that was looked at.
struct Page {
    /// How many of them had ended, and are removed.
    removed: u32,
    /// The last key on it; `None` on the last page.
    last: Option<KeyedHash>,
}

impl Walk {
    /// Removes at most `limit` counters that have ended, on the next few pages. `clear` looks at the page behind a key, of so many
    /// counters.
    async fn go_on<F>(&self, limit: u32, clear: impl Fn(KeyedHash, u32) -> F) -> Result<u64, StoreError>
    where
        F: Future<Output = Result<Page, StoreError>>,
    {
        let last = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut removed = 0;
        for _ in 0..PAGES {
            let after = *last();
            let page = clear(after, limit - removed).await?;
            removed = limit.min(removed + page.removed);
            *last() = page.last.unwrap_or_default();
            if page.last.is_none() || removed == limit {
                break;
            }
        }
        Ok(removed.into())
    }
}

/// What the database's clock said, and when it was asked.
#[derive(Debug, Clone, Copy)]
pub struct ClockSample {
    /// This machine's clocks before the question.
    pub asked: ClockReading,
    /// This machine's clocks after the answer.
    pub answered: ClockReading,
    /// The database's clock, at some moment between.
    pub there: Timestamp,
}

/// The database could not tell, or was not asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was not asked, because the clock by which it would judge is off.
    #[error(transparent)]
    Clock(ClockIsOff),
    /// It is away, full, or too slow; the same call may succeed later.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It holds what another process can read, with other keys or of another release. Nothing was changed.
    #[error("what is stored is not for this process to read")]
    Keys(#[source] OpenError),
    /// A row does not hold what this release writes; another release may be able to read it. Nothing was changed.
    #[error("{table}.{column} of {id} holds something unreadable")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
    },
    /// A statement failed in a way that waiting does not heal.
    #[error("a database statement failed")]
    Statement(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<sqlx::Error> for StoreError {
    /// Tells what waiting may heal from what it will not. What Postgres says beside its message (keys, whole rows) is dropped: it
    /// holds recipients.
    fn from(error: sqlx::Error) -> Self {
        let heals = match &error {
            sqlx::Error::Database(refused) if refused.try_downcast_ref::<SqliteError>().is_some() => {
                sqlite::heals(&**refused)
            }
            _ => postgres::heals(&error),
        };
        let source: Box<dyn std::error::Error + Send + Sync> = match error {
            sqlx::Error::Database(refused) => Box::new(Refused {
                code: refused.code().unwrap_or_default().into_owned(),
                message: refused.message().to_owned(),
            }),
            error => Box::new(error),
        };
        if heals {
            Self::Unavailable(source)
        } else {
            Self::Statement(source)
        }
    }
}

/// What a database refused a statement with: a SQLSTATE of Postgres, a result code of SQLite.
#[derive(Debug, thiserror::Error)]
#[error("{message} (code {code})")]
struct Refused {
    code: String,
    message: String,
}

/// Opens the database of a URL: `postgres://…` or `sqlite://…`, its tables brought up to date.
pub async fn connect(url: &str, max_connections: u32) -> Result<SharedStore, StoreError> {
    if is_postgres(url) {
        postgres::migrate(url).await?;
        return Ok(Arc::new(postgres::connect(url, max_connections).await?));
    }
    Ok(Arc::new(sqlite::connect(url, max_connections).await?))
}

/// Opens the database of a URL as it is, to look at it without changing it; `None` where there is no SQLite file.
pub async fn open(url: &str, max_connections: u32) -> Result<Option<SharedStore>, StoreError> {
    if is_postgres(url) {
        return Ok(Some(Arc::new(postgres::connect(url, max_connections).await?)));
    }
    let store = sqlite::open(url, max_connections).await?;
    Ok(store.map(|store| Arc::new(store) as SharedStore))
}

/// Brings the tables of a URL's database up to date.
pub async fn migrate(url: &str) -> Result<(), StoreError> {
    if is_postgres(url) {
        postgres::migrate(url).await
    } else {
        sqlite::migrate(url).await
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}
