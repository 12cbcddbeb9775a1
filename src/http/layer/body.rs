//! Reads the body of a request whole before its handler is asked for: within a size, within a time, and within what all
//! bodies that are still coming may hold of memory together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::domain::id::KeyId;
use crate::http::auth;
use crate::http::extract::BODY_LIMIT;
use crate::http::metrics;
use crate::http::problem::{Code, Problem};

/// What the bodies that are still coming may hold together, in bytes. Most are far below a KiB and here at once.
const BUFFERED: usize = 64 * 1024 * 1024;

/// Where bodies are read.
pub(super) struct Bodies {
    timeout: Duration,
    memory: Arc<Memory>,
}

impl Bodies {
    /// A body may take `timeout` from its head to its end.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            memory: Arc::default(),
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
        let key = auth::key_of(&head.extensions);
        let bytes = timeout(self.timeout, self.collect(body, key))
            .await
            .map_err(|_| too_slow())??;
        Ok(Request::from_parts(head, Body::from(bytes)))
    }

    /// Copied together, so that a body that comes byte by byte costs no more than its bytes.
    async fn collect(&self, mut body: Body, key: Option<KeyId>) -> Result<Vec<u8>, Problem> {
        let (mut bytes, mut share) = (Vec::new(), Share::of(&self.memory, key));
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(cut_short)?.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > BODY_LIMIT {
                return Err(too_large());
            }
            share.extend(data.len())?;
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    }
}

/// The memory for bodies that are coming. Bodies of one key hold no more of it than is free, so that whoever dribbles bodies
/// to the brim keeps nobody else out: there is always room left for those who hold less.
#[derive(Default)]
struct Memory(Mutex<Held>);

#[derive(Default)]
struct Held {
    all: usize,
    /// Of the keys that have bodies coming.
    by_key: HashMap<Option<KeyId>, usize>,
}

impl Memory {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one body holds of it, until it is dropped.
struct Share {
    memory: Arc<Memory>,
    key: Option<KeyId>,
    size: usize,
}

impl Share {
    /// Of a body of which nothing has come yet.
    fn of(memory: &Arc<Memory>, key: Option<KeyId>) -> Self {
        Self {
            memory: Arc::clone(memory),
            key,
            size: 0,
        }
    }

    fn extend(&mut self, size: usize) -> Result<(), Problem> {
        let mut held = self.memory.held();
        let of_key = held.by_key.get(&self.key).copied().unwrap_or_default();
        if of_key + size > BUFFERED.saturating_sub(held.all + size) {
            metrics::record_shed();
            return Err(Problem::overloaded());
        }
        held.all += size;
        held.by_key.insert(self.key, of_key + size);
        self.size += size;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.memory.held();
        held.all -= self.size;
        if let Some(of_key) = held.by_key.get_mut(&self.key) {
            *of_key -= self.size;
            if *of_key == 0 {
                held.by_key.remove(&self.key);
            }
        }
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
    use crate::domain::random::OsRandom;
    use axum::body::Bytes;
    use futures_util::{StreamExt, stream};
    use std::io;

    /// Pieces that come at once, and then nothing.
    fn stopping(pieces: Vec<Bytes>) -> Request {
        let pieces = stream::iter(pieces).map(Ok::<_, io::Error>);
        Request::new(Body::from_stream(pieces.chain(stream::pending())))
    }

    fn is_empty(memory: &Memory) -> bool {
        let held = memory.held();
        held.all == 0 && held.by_key.is_empty()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_given_up_and_leaves_nothing_behind() {
        let bodies = Bodies::new(Duration::from_secs(15));
        let read = bodies.read(stopping(vec![Bytes::from_static(b"{"); 3])).await;
        assert_eq!(read.unwrap_err().code(), Code::RequestTimeout);
        assert!(is_empty(&bodies.memory));
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_that_are_coming_hold_no_more_together_than_they_may() {
        let bodies = Arc::new(Bodies::new(Duration::from_secs(15)));
        let mut coming = tokio::task::JoinSet::new();
        let full = Bytes::from(vec![b' '; BODY_LIMIT]);
        let refused = BUFFERED / 2 / BODY_LIMIT;
        for _ in 0..=refused {
            let (bodies, request) = (Arc::clone(&bodies), stopping(vec![full.clone()]));
            coming.spawn(async move { bodies.read(request).await.unwrap_err().code() });
        }
        let mut codes = coming.join_all().await;
        codes.sort_by_key(|code| code.as_str());
        assert_eq!(codes.pop(), Some(Code::ServiceUnavailable));
        assert!(codes.iter().all(|code| *code == Code::RequestTimeout));
        assert!(is_empty(&bodies.memory));
    }

    /// Takes as much for `key` as it gets, in full bodies.
    fn taken(memory: &Arc<Memory>, key: Option<KeyId>) -> Vec<Share> {
        let body = || {
            let mut share = Share::of(memory, key);
            share.extend(BODY_LIMIT).ok().map(|()| share)
        };
        std::iter::from_fn(body).collect()
    }

    #[test]
    fn whatever_others_hold_there_is_room_for_a_key_that_holds_nothing() {
        let memory = Arc::default();
        let all = BUFFERED / BODY_LIMIT;
        let mut greedy = Vec::new();
        for share in [2, 4, 8, 16, 32, 64] {
            let taken = taken(&memory, Some(KeyId::unguessable(&OsRandom)));
            assert_eq!(taken.len(), all / share);
            greedy.push(taken);
        }
        // What is given back is there for all, and first for those who hold less.
        greedy.remove(0);
        assert_eq!(taken(&memory, None).len(), all / 4 + all / 128);
        drop(greedy);
        assert!(is_empty(&memory));
    }
}
