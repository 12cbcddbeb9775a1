//! The socket as hyper sees it: what has been read of it before comes first, and the connection's [`Activity`] is told
//! what comes and goes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::activity::Activity;
use super::places::Place;

/// More than the head of any answer that hyper gives by itself.
const LONGEST_REJECTION: usize = 1_024;

pub(super) struct Socket {
    pub(super) stream: TcpStream,
    /// Read already, and to be read again.
    pub(super) replay: Bytes,
    /// What hyper answered to a head that it could not read, kept back so that it can be said properly.
    pub(super) rejection: Vec<u8>,
    multiplexed: bool,
    activity: Arc<Activity>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            replay: Bytes::new(),
            rejection: Vec::new(),
            multiplexed: false,
            activity,
        }
    }

    /// From now on what is read and written is HTTP/2.
    pub(super) fn multiplex(&mut self, place: Place) {
        self.multiplexed = true;
        self.activity.is_multiplexed(place);
    }

    fn observed(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(_)) => self.activity.wrote(),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.activity.write_is_blocked(),
        }
        written
    }

    /// Keeps `bytes` back when they are hyper's own words.
    fn keep_verdict<'a>(&mut self, bytes: impl Iterator<Item = &'a [u8]>) -> Option<usize> {
        if !self.activity.owes_no_answer() {
            return None;
        }
        let before = self.rejection.len();
        bytes.for_each(|bytes| self.rejection.extend_from_slice(bytes));
        let taken = self.rejection.len() - before;
        self.rejection.truncate(LONGEST_REJECTION);
        Some(taken)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.replay.is_empty() {
            let length = self.replay.len().min(buffer.remaining());
            buffer.put_slice(&self.replay.split_to(length));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let came = &buffer.filled()[before..];
        if !came.is_empty() {
            self.activity.bytes_came(came);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(taken) = self.keep_verdict(std::iter::once(bytes)) {
            return Poll::Ready(Ok(taken));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.observed(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(taken) = self.keep_verdict(slices.iter().map(|slice| &**slice)) {
            return Poll::Ready(Ok(taken));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.observed(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.activity.flushed();
        Poll::Ready(Ok(()))
    }

    /// In HTTP/1 the connection has the last word, not hyper.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.multiplexed {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        } else {
            Poll::Ready(Ok(()))
        }
    }
}

impl Drop for Socket {
    /// What a peer does not take is not kept for it by the system either.
    fn drop(&mut self) {
        if self.activity.is_stalled() {
            // Without it, it is kept a little longer.
            let _ = self.stream.set_zero_linger();
        }
    }
}
