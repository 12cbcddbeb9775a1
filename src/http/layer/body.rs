//! Reads the body of a request whole before its handler is asked for: within a size, within a time, and within what all
//! bodies that are still coming may hold of memory together.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::http::extract::BODY_LIMIT;
use crate::http::metrics;
use crate::http::problem::{Code, Problem};

/// What the bodies that are still coming may hold together, in bytes. Most are far below a KiB and here at once.
const BUFFERED: usize = 64 * 1024 * 1024;

/// Where bodies are read.
pub(super) struct Bodies {
    timeout: Duration,
    buffered: Arc<Semaphore>,
}

impl Bodies {
    /// A body may take `timeout` from its head to its end.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            buffered: Arc::new(Semaphore::new(BUFFERED)),
        }
    }

    /// The request with its body in memory. A declared length over [`BODY_LIMIT`] is refused before anything is read, an
    /// undeclared one as soon as it passes the limit.
    pub(super) async fn read(&self, request: Request) -> Result<Request, Problem> {
        if request.body().is_end_stream() {
            return Ok(request);
        }
        let declared = request.headers().get(CONTENT_LENGTH);
        let declared = declared
            .and_then(|length| length.to_str().ok())
            .and_then(|length| length.parse::<u64>().ok());
        if declared.is_some_and(|length| length > BODY_LIMIT as u64) {
            return Err(too_large());
        }
        let (head, body) = request.into_parts();
        let bytes = timeout(self.timeout, self.collect(body))
            .await
            .map_err(|_| too_slow())??;
        Ok(Request::from_parts(head, Body::from(bytes)))
    }

    /// Copied together, so that a body that comes byte by byte costs no more than its bytes.
    async fn collect(&self, mut body: Body) -> Result<Vec<u8>, Problem> {
        let (mut bytes, mut share) = (Vec::new(), None);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(cut_short)?.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > BODY_LIMIT {
                return Err(too_large());
            }
            self.extend(&mut share, data.len())?;
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    }

    /// Adds `size`, which is at most [`BODY_LIMIT`], to what is held of the memory for all bodies.
    fn extend(&self, share: &mut Option<OwnedSemaphorePermit>, size: usize) -> Result<(), Problem> {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let Ok(more) = Arc::clone(&self.buffered).try_acquire_many_owned(size) else {
            metrics::record_shed();
            return Err(Problem::overloaded());
        };
        match share {
            Some(share) => share.merge(more),
            None => *share = Some(more),
        }
        Ok(())
    }
}

fn too_large() -> Problem {
    Problem::new(Code::PayloadTooLarge, "Send at most 64 KiB.")
}

/// It stopped, or comes too slowly to be waited for.
fn too_slow() -> Problem {
    let detail = "The body did not arrive in time. Send the whole request again on a new connection.";
    Problem::new(Code::RequestTimeout, detail)
}

/// The body broke off or was not framed as HTTP has it; whoever sent it is most likely gone.
fn cut_short(cause: axum::Error) -> Problem {
    Problem::new(Code::InvalidRequest, "The body did not arrive whole.").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use futures_util::{StreamExt, stream};
    use std::io;

    /// Pieces that come at once, and then nothing.
    fn stopping(pieces: Vec<Bytes>) -> Request {
        let pieces = stream::iter(pieces).map(Ok::<_, io::Error>);
        Request::new(Body::from_stream(pieces.chain(stream::pending())))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_given_up_and_leaves_nothing_behind() {
        let bodies = Bodies::new(Duration::from_secs(15));
        let read = bodies.read(stopping(vec![Bytes::from_static(b"{"); 3])).await;
        assert_eq!(read.unwrap_err().code(), Code::RequestTimeout);
        assert_eq!(bodies.buffered.available_permits(), BUFFERED);
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_that_are_coming_hold_no_more_together_than_they_may() {
        let bodies = Arc::new(Bodies::new(Duration::from_secs(15)));
        let mut coming = tokio::task::JoinSet::new();
        let full = Bytes::from(vec![b' '; BODY_LIMIT]);
        let refused = BUFFERED / BODY_LIMIT;
        for _ in 0..=refused {
            let (bodies, request) = (Arc::clone(&bodies), stopping(vec![full.clone()]));
            coming.spawn(async move { bodies.read(request).await.unwrap_err().code() });
        }
        let mut codes = coming.join_all().await;
        codes.sort_by_key(|code| code.as_str());
        assert_eq!(codes.pop(), Some(Code::ServiceUnavailable));
        assert!(codes.iter().all(|code| *code == Code::RequestTimeout));
        assert_eq!(bodies.buffered.available_permits(), BUFFERED);
    }
}
