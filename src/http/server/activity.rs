//! What a connection is doing, and until when it may: reading a head, working, or waiting for the next request.
//! hyper's own time limit for heads also runs while a connection waits, so it cannot tell ten seconds from sixty.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::Limits;

/// Seen by the socket, which tells when bytes come; by the service, which tells when requests begin and end; and by
/// the task that drives both and ends the connection.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<State>>);

struct State {
    head_timeout: Duration,
    idle_timeout: Duration,
    in_flight: u32,
    reading_head: bool,
    multiplexed: bool,
    deadline: Instant,
}

impl Activity {
    /// Of a connection that has just been accepted and owes its first request.
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(State {
            head_timeout: limits.head_timeout,
            idle_timeout: limits.idle_timeout,
            in_flight: 0,
            reading_head: true,
            multiplexed: false,
            deadline: Instant::now() + limits.head_timeout,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come whole as far as its head goes. It is in flight until the guard is dropped.
    pub(super) fn begin(&self, version: Version) -> InFlight {
        let mut state = self.state();
        state.in_flight += 1;
        state.reading_head = false;
        state.multiplexed = version == Version::HTTP_2;
        InFlight(self.clone())
    }

    /// Bytes have come. Between requests they are the beginning of a head; on a multiplexed connection they may be
    /// anything, and only idleness counts.
    fn bytes_came(&self) {
        let mut state = self.state();
        if state.in_flight == 0 && !state.reading_head && !state.multiplexed {
            state.reading_head = true;
            state.deadline = Instant::now() + state.head_timeout;
        }
    }

    /// When the connection's time is up; `None` while a request is in flight, which has a time limit of its own.
    fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        (state.in_flight == 0).then_some(state.deadline)
    }

    /// Ready when the connection's time is up. What moves the deadline happens within the task that polls this, after which
    /// it polls this again, so nothing needs to wake it.
    pub(super) fn poll_expired(&self, mut sleep: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(deadline) = self.deadline() else {
                return Poll::Pending;
            };
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            ready!(sleep.as_mut().poll(cx));
            if self.deadline().is_some_and(|deadline| deadline <= Instant::now()) {
                return Poll::Ready(());
            }
        }
    }
}

/// A request in flight.
pub(super) struct InFlight(Activity);

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight -= 1;
        state.deadline = Instant::now() + state.idle_timeout;
    }
}

/// A socket that tells when bytes come.
pub(super) struct Watched {
    pub(super) stream: TcpStream,
    pub(super) activity: Activity,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.activity.bytes_came();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds_left(activity: &Activity) -> Option<u64> {
        activity
            .deadline()
            .map(|deadline| (deadline - Instant::now()).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_ten_seconds_and_idleness_sixty() {
        let activity = Activity::new(Limits::default());
        assert_eq!(seconds_left(&activity), Some(10));
        tokio::time::advance(Duration::from_secs(4)).await;
        activity.bytes_came();
        assert_eq!(seconds_left(&activity), Some(6), "more bytes give no more time");

        let first = activity.begin(Version::HTTP_11);
        assert_eq!(seconds_left(&activity), None);
        activity.bytes_came();
        drop(first);
        assert_eq!(seconds_left(&activity), Some(60));
        activity.bytes_came();
        assert_eq!(seconds_left(&activity), Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_multiplexed_connection_is_idle_when_its_last_request_has_ended() {
        let activity = Activity::new(Limits::default());
        let (one, two) = (activity.begin(Version::HTTP_2), activity.begin(Version::HTTP_2));
        drop(one);
        assert_eq!(seconds_left(&activity), None);
        drop(two);
        activity.bytes_came();
        assert_eq!(seconds_left(&activity), Some(60));
    }
}
