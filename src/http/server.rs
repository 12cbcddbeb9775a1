//! Takes connections and speaks HTTP/1.1 and HTTP/2 on them, bounded in number, time and memory, and lets them finish
//! when the service leaves. `axum::serve` would do none of that.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::FutureExt;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::metrics;

mod activity;
mod connection;

/// What a peer may take of us.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first byte to the end of a request's head; also the whole life of a connection without a request.
    pub head_timeout: Duration,
    /// How long a connection may wait for its next request.
    pub idle_timeout: Duration,
    /// Connections at once; the next ones wait in the listener's queue.
    pub max_connections: usize,
}

impl Default for Limits {
    /// The figures of the contract, and no more connections than the process may have open files.
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(1),
            max_connections: max_connections(open_files_limit()),
        }
    }
}

/// How a server is told to end.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// No new connections; those that stand finish what they are doing.
    pub draining: CancellationToken,
    /// Connections that have not finished are dropped.
    pub abandon: CancellationToken,
}

/// Serves until told to stop, and returns when the last connection has ended. Answers how many were dropped unfinished.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: Stop) -> usize {
    let places = Arc::new(Semaphore::new(limits.max_connections));
    let connections = Connections {
        router,
        limits,
        stop: stop.clone(),
        http: protocol(),
        tasks: TaskTracker::new(),
    };
    tokio::select! {
        biased;
        () = stop.draining.cancelled() => {}
        () = connections.accept(&listener, &places) => {}
    }
    connections.take_waiting(&listener, &places);
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
    router: Router,
    limits: Limits,
    stop: Stop,
    http: auto::Builder<TokioExecutor>,
    tasks: TaskTracker,
}

impl Connections {
    /// Takes connections as long as there are places, whatever the operating system says in between.
    async fn accept(&self, listener: &TcpListener, places: &Arc<Semaphore>) {
        // The semaphore is never closed.
        while let Ok(place) = places.clone().acquire_owned().await {
            match listener.accept().await {
                Ok((stream, peer)) => self.start(stream, peer, place),
                Err(error) => rest(&error).await,
            }
        }
    }

    /// Takes what came before the listener closes, so that nobody is refused who was already in the queue.
    fn take_waiting(&self, listener: &TcpListener, places: &Arc<Semaphore>) {
        while let Ok(place) = places.clone().try_acquire_owned() {
            match listener.accept().now_or_never() {
                Some(Ok((stream, peer))) => self.start(stream, peer, place),
                _ => return,
            }
        }
    }

    fn start(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        // A small answer must not wait for the acknowledgement of the one before; without it it is only slower.
        let _ = stream.set_nodelay(true);
        let connection = connection::run(
            stream,
            peer,
            self.router.clone(),
            self.http.clone(),
            self.limits,
            self.stop.clone(),
        );
        self.tasks.spawn(async move {
            let gauge = ::metrics::gauge!(metrics::CONNECTIONS);
            gauge.increment(1);
            connection.await;
            gauge.decrement(1);
            drop(place);
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

/// Both protocols with limits fit for small JSON requests.
fn protocol() -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    // Time limits on heads and idleness are `activity`'s, which knows the one from the other.
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(64)
        .max_buf_size(64 * 1024);
    http.http2()
        .timer(TokioTimer::new())
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

/// Some files are needed for databases, providers and the rest.
fn max_connections(open_files: usize) -> usize {
    open_files.saturating_sub(256).clamp(64, 10_000)
}

/// The soft limit of open files, or 1,024 (the usual one) where the system does not tell it as Linux does.
fn open_files_limit() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next())
        .map_or(1_024, |soft| soft.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(max_connections(1_024), 768);
        assert_eq!(max_connections(100), 64);
        assert_eq!(max_connections(usize::MAX), 10_000);
        assert!(open_files_limit() > 0);
    }
}
