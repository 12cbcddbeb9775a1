//! The idle connections of one account. A connection is taken out by value and comes back only after a dialogue that
//! ended cleanly, so that one whose message failed or was cancelled is closed and never speaks to another message.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::time::Instant;

/// How many connections may lie idle.
const IDLE_LIMIT: usize = 4;

/// How long a connection may lie idle. Servers close them after some minutes (RFC 5321, 4.5.3.2.7: five), what
/// stands between often earlier.
pub(super) const IDLE_TIME: Duration = Duration::from_secs(30);

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// Idle connections, the latest last.
pub(super) struct Pool {
    idle_time: Duration,
    idle: Mutex<Vec<Idle>>,
}

impl Pool {
    /// An empty pool, where connections may lie for `idle_time`.
    pub(super) fn new(idle_time: Duration) -> Self {
        Self {
            idle_time,
            idle: Mutex::default(),
        }
    }

    /// The connection that was used last, if one is fresh enough.
    pub(super) fn take(&self) -> Option<AsyncSmtpConnection> {
        self.fresh().pop().map(|idle| idle.connection)
    }

    /// Keeps a connection whose last dialogue ended cleanly.
    pub(super) fn put(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.fresh();
        if idle.len() < IDLE_LIMIT {
            idle.push(Idle {
                connection,
                since: Instant::now(),
            });
        }
    }

    /// Closes what has lain too long.
    fn fresh(&self) -> MutexGuard<'_, Vec<Idle>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < self.idle_time);
        idle
    }
}
