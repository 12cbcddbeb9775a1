//! The idle connections of one account. A connection is taken out by value and comes back only after a dialogue that
//! ended cleanly, so that one whose message failed or was cancelled never speaks to another message. What is left of
//! them is closed in order, and by nobody who waits for anything else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Quit;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many connections may lie idle.
const IDLE_LIMIT: usize = 4;

/// How long a connection may lie idle. Servers close them after some minutes (RFC 5321, 4.5.3.2.7: five), what
/// stands between often earlier.
pub(super) const IDLE_TIME: Duration = Duration::from_secs(30);

/// How long a server may take to answer QUIT. Nothing depends on its answer.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// Says QUIT on connections that nobody needs any more (RFC 5321, 4.1.1.10), in the background. Shared by all clients
/// of a process, so that its end can wait for it.
#[derive(Clone, Default)]
pub struct Closer {
    tasks: TaskTracker,
    finishing: CancellationToken,
}

impl Closer {
    /// Closes all idle connections, and from now on each as soon as it has carried its message. Takes a second at most.
    pub async fn finish(&self) {
        self.finishing.cancel();
        self.tasks.close();
        // What has not answered by then is cut off with the process.
        let _ = timeout(QUIT_TIMEOUT, self.tasks.wait()).await;
    }

    /// Closes a connection between two commands.
    pub(super) fn quit(&self, mut connection: AsyncSmtpConnection) {
        // Not `quit`, which on a refusal says it once more.
        self.close(async move { connection.command(Quit).await });
    }

    /// Carries out `goodbye`, which owns the connection that it says QUIT on.
    pub(super) fn close<T>(&self, goodbye: impl Future<Output = T> + Send + 'static) {
        self.tasks.spawn(async move {
            let _ = timeout(QUIT_TIMEOUT, goodbye).await;
        });
    }
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// What lies idle, the latest last.
#[derive(Default)]
struct Connections {
    idle: Vec<Idle>,
    /// Whether a task waits to retire them; it is there as long as any are.
    watched: bool,
}

/// Idle connections. Those of a pool that is dropped are closed.
pub(super) struct Pool {
    idle_time: Duration,
    connections: Arc<Mutex<Connections>>,
    closer: Closer,
    /// Cancelled with the pool and with the process.
    closing: CancellationToken,
}

impl Pool {
    /// An empty pool, where connections may lie for `idle_time`.
    pub(super) fn new(idle_time: Duration, closer: Closer) -> Self {
        Self {
            idle_time,
            connections: Arc::default(),
            closing: closer.finishing.child_token(),
            closer,
        }
    }

    /// The connection that was used last, if one is fresh enough.
    pub(super) fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut connections = lock(&self.connections);
        // Whatever lies before one that has lain too long has lain longer; the task that watches them retires them.
        let last = connections
            .idle
            .pop_if(|idle| idle.since.elapsed() < self.idle_time);
        last.map(|idle| idle.connection)
    }

    /// Keeps a connection whose last dialogue ended cleanly, or closes it where there are enough.
    pub(super) fn put(&self, connection: AsyncSmtpConnection) {
        let mut connections = lock(&self.connections);
        if connections.idle.len() >= IDLE_LIMIT || self.closing.is_cancelled() {
            drop(connections);
            self.closer.quit(connection);
            return;
        }
        connections.idle.push(Idle {
            connection,
            since: Instant::now(),
        });
        if !std::mem::replace(&mut connections.watched, true) {
            self.closer.tasks.spawn(retire(
                Arc::clone(&self.connections),
                self.idle_time,
                self.closer.clone(),
                self.closing.clone(),
            ));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// Closes each connection when it has lain for `idle_time`, and all that are left when the end has come.
async fn retire(
    connections: Arc<Mutex<Connections>>,
    idle_time: Duration,
    closer: Closer,
    closing: CancellationToken,
) {
    loop {
        let oldest = {
            let mut connections = lock(&connections);
            let oldest = connections.idle.first().map(|idle| idle.since);
            connections.watched = oldest.is_some();
            oldest
        };
        let Some(oldest) = oldest else { return };
        tokio::select! {
            () = sleep_until(oldest + idle_time) => {}
            () = closing.cancelled() => {}
        }
        let all = closing.is_cancelled();
        let retired: Vec<Idle> = lock(&connections)
            .idle
            .extract_if(.., |idle| all || idle.since.elapsed() >= idle_time)
            .collect();
        for idle in retired {
            closer.quit(idle.connection);
        }
    }
}

fn lock(connections: &Mutex<Connections>) -> MutexGuard<'_, Connections> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}
