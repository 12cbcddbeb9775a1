//! The store on Postgres, for many processes on one database. Every operation of the hot path is one statement in
//! `sql/`, which carries out a whole batch of them, checked at compile time against `.sqlx`, which `.ci/prepare-queries` writes anew after a change of a statement.
//!
//! Nothing here lasts on a connection beyond a statement or a transaction, so that `PgBouncer` may stand between in transaction mode,
//! from 1.21 with `max_prepared_statements`, and with `ignore_startup_parameters = extra_float_digits,options`.

use std::sync::Arc;

use super::batch::Batches;
use super::outbox::Settlement;
use super::verification::{Guess, NewSend, NewVerification};
use super::write_health::Effect;
use super::{StoreError, Walk};

mod audit;
mod connection;
mod directory;
mod fault;
mod maintenance;
mod message;
mod notification;
mod outbox;
mod row;
mod test_message;
mod verification;

use connection::{PooledConnection, Pools};
use outbox::{Consequence, Settlements};
use verification::{Checks, Issues, Resends};

pub(super) use fault::heals;

/// Batches of one kind that are under way at once. One lane alone would leave Postgres' own group commit unused; more make
/// smaller batches.
const LANES: usize = 3;

/// The most operations in one batch, so many as fit into 16 KiB, for an issue of some 900 bytes and for the others of some 500: that is a
/// record of TLS (RFC 8446, section 5.1) and goes out in one piece. The driver leaves Nagle's algorithm on (RFC 1122, section 4.2.3.4), so
/// that what goes behind the first piece waits until the server acknowledges it, which it delays for 40 ms.
const LARGEST_OF_ISSUES: usize = 16;
const LARGEST_BATCH: usize = 32;

/// A Postgres database.
pub struct PostgresStore {
    pools: Arc<Pools>,
    issues: Batches<NewVerification>,
    resends: Batches<NewSend>,
    checks: Batches<Guess>,
    settlements: Batches<Settlement>,
    requeues: Batches<Settlement>,
    refunds: Batches<Settlement>,
    walk: Walk,
}

/// Connects to a database whose tables are there (see [`migrate`]), with at most `max_connections` connections in all.
/// A quarter of them is kept for checking codes, so that no rush of sends keeps a user from signing in.
///
/// # Errors
/// [`StoreError::Unavailable`] when the database does not answer within 2 seconds, [`StoreError::Statement`] when it
/// does not let us in or `url` is no URL of a database.
pub async fn connect(url: &str, max_connections: u32) -> Result<PostgresStore, StoreError> {
    let pools = Arc::new(Pools::connect(url, max_connections).await?);
    let settlements = |consequence| {
        let pools = Arc::clone(&pools);
        Batches::new(Settlements { pools, consequence }, LANES)
    };
    Ok(PostgresStore {
        issues: Batches::new(Issues(Arc::clone(&pools)), LANES),
        resends: Batches::new(Resends(Arc::clone(&pools)), LANES),
        checks: Batches::new(Checks(Arc::clone(&pools)), LANES),
        settlements: settlements(Consequence::End),
        requeues: settlements(Consequence::Retry),
        refunds: settlements(Consequence::Refund),
        walk: Walk::default(),
        pools,
    })
}

/// Brings the tables up to date. Processes that try at once wait for each other. `url` must lead to the server itself: the lock
/// belongs to a session, which a pooler in transaction mode does not keep.
///
/// # Errors
/// As [`connect`]; also [`StoreError::Statement`] when the tables were made by a newer version, or differently.
pub async fn migrate(url: &str) -> Result<(), StoreError> {
    use sqlx::Connection as _;

    let mut connection = sqlx::PgConnection::connect(url).await?;
    sqlx::migrate!("migrations/postgres")
        .run(&mut connection)
        .await
        .map_err(fault::of_migration)?;
    Ok(connection.close().await?)
}

impl PostgresStore {
    /// A connection for an operation that writes, but for checking codes.
    async fn acquire(&self) -> Result<PooledConnection, StoreError> {
        self.pools.acquire(Effect::Writes).await
    }

    /// A connection for an operation that only reads.
    async fn acquire_for_reading(&self) -> Result<PooledConnection, StoreError> {
        self.pools.acquire(Effect::Reads).await
    }
}
