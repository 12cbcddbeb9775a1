//! A pool whose connections are handed out again as they are. The driver's own pool asks each connection that comes back whether it
//! lives, in a round trip as long as many a statement; here only those go back to it whose last work did not end well.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::{ACQUIRE_TIMEOUT, LastBreak, RESTED};

/// How long a connection is kept from the driver's pool, which ends those that are too old or too many.
const KEPT: Duration = Duration::from_secs(30);

/// The driver's pool, and what is kept at hand of it.
#[derive(Debug)]
pub(super) struct Pool {
    driver: PgPool,
    /// Those whose last work ended well, the one used last at the end.
    at_hand: Mutex<Vec<Resting>>,
    places: Arc<Semaphore>,
    pub(super) broken: LastBreak,
}

#[derive(Debug)]
struct Resting {
    connection: PoolConnection<Postgres>,
    kept_since: Instant,
    since: Instant,
}

/// A connection in use, and its place.
pub(super) struct Acquired {
    pub(super) connection: PoolConnection<Postgres>,
    kept_since: Instant,
    _place: OwnedSemaphorePermit,
}

impl Pool {
    /// Hands out what `driver` has, `size` connections.
    pub(super) fn new(driver: PgPool, size: u32, broken: LastBreak) -> Self {
        Self {
            driver,
            at_hand: Mutex::default(),
            places: Arc::new(Semaphore::new(size as usize)),
            broken,
        }
    }

    /// Hands out a connection, in the order of the asking.
    pub(super) async fn acquire(&self) -> Result<Acquired, sqlx::Error> {
        timeout(ACQUIRE_TIMEOUT, self.wait())
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn wait(&self) -> Result<Acquired, sqlx::Error> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let (connection, kept_since) = match self.take_at_hand() {
            Some(resting) => (resting.connection, resting.kept_since),
            None => (self.driver.acquire().await?, Instant::now()),
        };
        Ok(Acquired {
            connection,
            kept_since,
            _place: place,
        })
    }

    /// One that may be used unasked. The others go back to the driver's pool, which asks them.
    fn take_at_hand(&self) -> Option<Resting> {
        let mut at_hand = self.at_hand();
        while let Some(resting) = at_hand.pop() {
            let rest = resting.since.elapsed();
            let doubtful = rest > RESTED || self.broken.happened_within(rest);
            if !doubtful && resting.kept_since.elapsed() <= KEPT {
                return Some(resting);
            }
        }
        None
    }

    /// Takes back a connection whose last work ended well. One that did not is dropped instead.
    pub(super) fn release(&self, acquired: Acquired) {
        let mut at_hand = self.at_hand();
        // Under the lock that `close` empties, so that none is left behind.
        if !self.driver.is_closed() {
            at_hand.push(Resting {
                connection: acquired.connection,
                kept_since: acquired.kept_since,
                since: Instant::now(),
            });
        }
    }

    /// Ends all connections, those in use as they come back.
    pub(super) async fn close(&self) {
        let closed = self.driver.close();
        self.at_hand().clear();
        closed.await;
    }

    fn at_hand(&self) -> MutexGuard<'_, Vec<Resting>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
