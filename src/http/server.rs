//! Takes connections and speaks HTTP/1.1 and HTTP/2 on them, bounded in number, time and memory, and lets them finish
//! when the service leaves. `axum::serve` would do none of that.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::FutureExt;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::metrics;

mod activity;
mod body;
mod connection;
mod frames;
mod listener;
mod open_files;
mod places;
mod rejection;
mod socket;

pub use listener::listen;
pub use open_files::raise_limit as raise_limit_of_open_files;

use connection::Serving;
use places::Places;

/// Connections of the operations listener: a few who look after the service.
const OPERATIONS_CONNECTIONS: usize = 64;

/// What a peer may take of us.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first byte to the end of a request's head; also the whole life of a connection without a request.
    pub head_timeout: Duration,
    /// How long a head may be awaited before its connection makes room for another when places run short. It is nearly always
    /// here at once, or on its way from a caller that has just been connected; where nothing else makes room, newcomers wait
    /// in the listener's queue until then.
    pub head_grace: Duration,
    /// How long a connection may wait for its next request.
    pub idle_timeout: Duration,
    /// How long a peer may take nothing of an answer.
    pub stall_timeout: Duration,
    /// How long a connection that waits is kept when the service takes nothing new any more: what its peer has sent by then may
    /// still be on its way.
    pub last_call: Duration,
    /// Connections at once. For further ones those without a request have to leave; where there are none they wait in the
    /// listener's queue.
    pub max_connections: usize,
    /// Those of them that speak HTTP/2, which hold 17 KiB while they are idle, and the others 3.
    pub max_multiplexed_connections: usize,
}

impl Default for Limits {
    /// The figures of the contract, and no more connections than the process may have open files.
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            head_grace: Duration::from_millis(500),
            idle_timeout: Duration::from_mins(1),
            stall_timeout: Duration::from_secs(10),
            last_call: Duration::from_millis(100),
            max_connections: max_connections(open_files::limit_in_force()),
            max_multiplexed_connections: 2_048,
        }
    }
}

impl Limits {
    /// With as many places for connections as files are left beside `others`, such as connections to the database.
    #[must_use]
    pub fn beside(others: usize) -> Self {
        Self {
            max_connections: max_connections(open_files::limit_in_force().saturating_sub(others)),
            ..Self::default()
        }
    }

    /// The same for the operations listener, which few use.
    #[must_use]
    pub fn of_operations() -> Self {
        Self {
            max_connections: OPERATIONS_CONNECTIONS,
            ..Self::default()
        }
    }
}

/// How a server is told to end. Each begins no later than the next.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// Whoever is answered is told to go elsewhere with the next request.
    pub leaving: CancellationToken,
    /// No new connections; those that stand finish what they are doing.
    pub draining: CancellationToken,
    /// Connections that have not finished are dropped.
    pub abandon: CancellationToken,
}

/// Serves until told to stop, and returns when the last connection has ended. Answers how many were dropped unfinished.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: Stop) -> usize {
    let connections = Connections {
        places: Places::new(limits.max_connections, limits.head_grace),
        tasks: TaskTracker::new(),
        serving: Arc::new(Serving {
            router,
            limits,
            stop: stop.clone(),
            http1: http1(),
            http2: http2(),
            multiplexed: Places::new(limits.max_multiplexed_connections, limits.head_grace),
        }),
    };
    tokio::select! {
        biased;
        () = stop.draining.cancelled() => {}
        () = connections.accept(&listener) => {}
    }
    connections.take_waiting(&listener);
    drop(listener);
    connections.tasks.close();
    tokio::select! {
        biased;
        () = connections.tasks.wait() => 0,
        () = stop.abandon.cancelled() => {
            let unfinished = connections.tasks.len();
            connections.tasks.wait().await;
            unfinished
        }
    }
}

struct Connections {
    places: Arc<Places>,
    tasks: TaskTracker,
    serving: Arc<Serving>,
}

impl Connections {
    /// Takes connections as long as there are places, whatever the operating system says in between.
    async fn accept(&self, listener: &TcpListener) {
        loop {
            self.places.vacancy().await;
            match listener.accept().await {
                Ok((stream, peer)) => self.start(stream, peer),
                Err(error) => rest(&error).await,
            }
        }
    }

    /// Takes what came before the listener closes, so that nobody is refused who was already in the queue.
    fn take_waiting(&self, listener: &TcpListener) {
        while self.places.has_vacancy() {
            match listener.accept().now_or_never() {
                Some(Ok((stream, peer))) => self.start(stream, peer),
                _ => return,
            }
        }
    }

    fn start(&self, stream: TcpStream, peer: SocketAddr) {
        // A small answer must not wait for the acknowledgement of the one before; without it it is only slower.
        let _ = stream.set_nodelay(true);
        let place = self.places.take(peer.ip());
        let connection = connection::run(Arc::clone(&self.serving), stream, peer, place);
        self.tasks.spawn(async move {
            let gauge = ::metrics::gauge!(metrics::CONNECTIONS);
            gauge.increment(1);
            connection.await;
            gauge.decrement(1);
        });
    }
}

/// A peer that is gone again costs nothing; out of files or memory, others must end before another try makes sense.
async fn rest(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::warn!(error = %error, "a connection could not be accepted");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// HTTP/1 with limits fit for small JSON requests. Time limits are `activity`'s.
fn http1() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(64)
        .max_buf_size(16 * 1024);
    http
}

/// The same of HTTP/2.
fn http2() -> http2::Builder<TokioExecutor> {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(16 * 1024)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(128)
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .max_send_buf_size(256 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    http
}

/// Some files are needed for databases, providers and the rest. 10,000 idle connections and a new caller fit.
fn max_connections(open_files: usize) -> usize {
    open_files.saturating_sub(256).clamp(64, 16_384)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(max_connections(1_024), 768);
        assert_eq!(max_connections(100), 64);
        assert_eq!(max_connections(usize::MAX), 16_384);
        assert!(raise_limit_of_open_files() >= open_files::limit_in_force());
    }
}
