//! Connections: two pools, and what is acquired from them. A statement ends within ten seconds or its connection does, so that a
//! network that swallows packets costs no more than that.

use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::{Map, Query};
use sqlx::{Connection as _, PgConnection, Postgres, Transaction, query_file};
use tokio::time::{Instant, timeout};

use pool::{Acquired, Pool};

use super::{StoreError, fault};
use crate::store::batch::Failure;
use crate::store::write_health::{Effect, WriteHealth};

mod pool;

/// How long an operation waits for a connection: a caller is better told to come again than kept.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a statement may take with its way through the network. Longer than the server's own limit, so that it is
/// the server that ends a statement while it can be reached.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long a connection may rest and still be used unasked.
const RESTED: Duration = Duration::from_secs(30);

/// Sent with the start of a connection, unless the URL sets them itself. Behind a `PgBouncer` that leaves them out,
/// `ALTER ROLE … SET` does the same.
///
/// Every statement here finds its rows by a key or along an index, and joins a few of them by their keys. A plan made once for all
/// parameters does not know that a batch is small, and one made while a table was empty would read it whole for ever; so
/// plans that scan or hash tables are ruled out. The statements count on `read committed`.
const SESSION: [(&str, &str); 10] = [
    ("default_transaction_isolation", "read committed"),
    ("statement_timeout", "5s"),
    ("lock_timeout", "3s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
];

/// All connections to the database.
#[derive(Debug)]
pub(super) struct Pools {
    general: Arc<Pool>,
    /// Those kept for checking codes; the general ones where there is only one.
    checks: Arc<Pool>,
    writes: Arc<WriteHealth>,
}

impl Pools {
    pub(super) async fn connect(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        let options = options(url)?;
        let broken = LastBreak::default();
        let for_checks = max_connections / 4;
        let for_checks = if max_connections > 1 { for_checks.max(1) } else { 0 };
        let for_others = (max_connections - for_checks).max(1);
        let pool_of_others = pool_options(for_others, &broken)
            .connect_with(options.clone())
            .await?;
        let new_pool = |pool, size| Arc::new(Pool::new(pool, size, broken.clone()));
        let general = new_pool(pool_of_others, for_others);
        let checks = match for_checks {
            0 => Arc::clone(&general),
            some => new_pool(pool_options(some, &broken).connect_lazy_with(options), some),
        };
        Ok(Self {
            general,
            checks,
            writes: Arc::default(),
        })
    }

    pub(super) async fn acquire(&self, effect: Effect) -> Result<PooledConnection, StoreError> {
        self.acquire_from(&self.general, effect).await
    }

    pub(super) async fn acquire_for_check(&self) -> Result<PooledConnection, StoreError> {
        self.acquire_from(&self.checks, Effect::Writes).await
    }

    pub(super) fn writes(&self) -> &WriteHealth {
        &self.writes
    }

    async fn acquire_from(&self, pool: &Arc<Pool>, effect: Effect) -> Result<PooledConnection, StoreError> {
        let acquired = pool.acquire().await.map_err(|error| {
            self.writes.note_failure(effect);
            StoreError::from(error)
        })?;
        Ok(PooledConnection {
            acquired: Some(acquired),
            effect,
            writes: Arc::clone(&self.writes),
            in_order: true,
            pool: Arc::clone(pool),
        })
    }

    pub(super) async fn close(&self) {
        self.checks.close().await;
        self.general.close().await;
    }
}

fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?;
    let given = options.get_options().unwrap_or_default().to_owned();
    let missing = SESSION.into_iter().filter(|(name, _)| !given.contains(name));
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("otpost"),
    };
    Ok(options.options(missing))
}

fn pool_options(size: u32, broken: &LastBreak) -> PoolOptions<Postgres> {
    let broken = broken.clone();
    PoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // Asking every connection whether it lives would double the round trips of every operation.
        .test_before_acquire(false)
        .before_acquire(move |connection: &mut PgConnection, meta| {
            let doubtful = meta.idle_for > RESTED || broken.happened_within(meta.idle_for);
            Box::pin(async move {
                if doubtful {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// When a connection last broke: those that have rested since before are asked whether they live before they are used again.
#[derive(Debug, Clone, Default)]
struct LastBreak(Arc<Mutex<Option<Instant>>>);

impl LastBreak {
    fn happens(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn happened_within(&self, span: Duration) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|moment| moment.elapsed() <= span)
    }
}

/// A statement with its values, whose rows are read by `F`.
type Statement<F> = Map<'static, Postgres, F, PgArguments>;

/// A connection for one operation.
pub(super) struct PooledConnection {
    /// Gone only while this is dropped.
    acquired: Option<Acquired>,
    /// What the operation says of writing.
    effect: Effect,
    writes: Arc<WriteHealth>,
    /// Whether the last work on it ended well, its last answer read.
    in_order: bool,
    pool: Arc<Pool>,
}

impl PooledConnection {
    /// Runs one statement, or a few that need no transaction.
    pub(super) async fn ask<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, StoreError> {
        Ok(self.try_ask(work).await?)
    }

    /// The rows of a statement.
    pub(super) async fn fetch_all<R: Send + Unpin>(
        &mut self,
        statement: Statement<impl FnMut(PgRow) -> Result<R, sqlx::Error> + Send>,
    ) -> Result<Vec<R>, StoreError> {
        self.ask(async |connection| statement.fetch_all(connection).await)
            .await
    }

    /// The row of a statement, where it has one.
    pub(super) async fn fetch_optional<R: Send + Unpin>(
        &mut self,
        statement: Statement<impl FnMut(PgRow) -> Result<R, sqlx::Error> + Send>,
    ) -> Result<Option<R>, StoreError> {
        self.ask(async |connection| statement.fetch_optional(connection).await)
            .await
    }

    /// The one row of a statement.
    pub(super) async fn fetch_one<R: Send + Unpin>(
        &mut self,
        statement: Statement<impl FnMut(PgRow) -> Result<R, sqlx::Error> + Send>,
    ) -> Result<R, StoreError> {
        self.ask(async |connection| statement.fetch_one(connection).await)
            .await
    }

    /// Runs a statement without rows, and answers how many it has changed.
    pub(super) async fn execute(
        &mut self,
        statement: Query<'static, Postgres, PgArguments>,
    ) -> Result<u64, StoreError> {
        let done = self.ask(async |connection| statement.execute(connection).await);
        Ok(done.await?.rows_affected())
    }

    /// As [`Self::ask`], for a caller who has a use for some of the failures.
    pub(super) async fn try_ask<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let Some(Acquired { connection, .. }) = &mut self.acquired else {
            return Err(sqlx::Error::PoolClosed);
        };
        // Until proven otherwise, for this may be dropped at any point of the work.
        self.in_order = false;
        let result = timeout(DEADLINE, work(connection))
            .await
            .unwrap_or_else(|_| Err(fault::TooSlow(DEADLINE.as_secs()).into()));
        match &result {
            Ok(_) => self.in_order = true,
            Err(error) if fault::spoils_the_connection(error) => {
                connection.close_on_drop();
                self.pool.broken.happens();
            }
            Err(_) => {}
        }
        if let Err(error) = &result
            && fault::heals(error)
        {
            self.writes.note_failure(self.effect);
        }
        result
    }

    /// As [`Self::ask`], of a statement that carries out a batch.
    pub(super) async fn ask_for_batch<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, Failure> {
        self.try_ask(work).await.map_err(fault::of_batch)
    }

    /// Runs several statements as one: all of what they write, or nothing when one fails.
    pub(super) async fn transact<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Transaction<'_, Postgres>) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        self.try_ask(async |connection| {
            let mut transaction = connection.begin().await?;
            let done = work(&mut transaction).await?;
            transaction.commit().await?;
            Ok(done)
        })
        .await
    }

    /// The rows of a statement that lists along an index, from wherever a page begins at the same cost.
    pub(super) async fn fetch_page<R: Send + Unpin>(
        &mut self,
        statement: Statement<impl FnMut(PgRow) -> Result<R, sqlx::Error> + Send>,
    ) -> Result<Vec<R>, StoreError> {
        self.ask(async |connection| {
            let mut transaction = connection
                .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await?;
            query_file!("src/store/postgres/sql/walk_along_indexes.sql")
                .fetch_one(&mut *transaction)
                .await?;
            let page = statement.fetch_all(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(page)
        })
        .await
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        if let Some(acquired) = self.acquired.take()
            && self.in_order
        {
            self.pool.release(acquired);
        }
    }
}
