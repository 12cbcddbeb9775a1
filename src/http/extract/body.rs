//! Bodies: read whole before their handlers are asked for, at most 64 KiB, and then as JSON and nothing else, strictly.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::document::{self, Draft, Fault, Mistake, Value};
use crate::domain::id::KeyId;
use crate::http::metrics;
use crate::http::problem::{Code, FieldError, Problem};

/// The most bytes a body may have.
const BODY_LIMIT: usize = 64 * 1024;

/// What the bodies that are still coming may hold together, in bytes. Most are far below a KiB and here at once.
const BUFFERED: usize = 64 * 1024 * 1024;

/// Reads bodies within a size, within a time, and within what all that are still coming may hold of memory together.
pub struct Bodies {
    timeout: Duration,
    memory: Arc<Mutex<Memory>>,
}

impl Bodies {
    /// A body may take `timeout` from its head to its end.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            memory: Arc::default(),
        }
    }

    /// The request, made with `key`, with its body in memory. A declared length over 64 KiB is refused before anything is read,
    /// an undeclared one as soon as it passes the limit.
    pub async fn read(&self, request: Request, key: Option<KeyId>) -> Result<Request, Problem> {
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
struct Memory {
    held: usize,
    /// What bodies of each key hold of it, as long as some are coming.
    held_by: HashMap<Option<KeyId>, usize>,
}

/// The figures are right between any two of their changes, so a panic elsewhere does not spoil them.
fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one body holds of it, until it is dropped.
struct Share {
    memory: Arc<Mutex<Memory>>,
    key: Option<KeyId>,
    size: usize,
}

impl Share {
    /// Of a body of which nothing has come yet.
    fn of(memory: &Arc<Mutex<Memory>>, key: Option<KeyId>) -> Self {
        Self {
            memory: Arc::clone(memory),
            key,
            size: 0,
        }
    }

    fn extend(&mut self, size: usize) -> Result<(), Problem> {
        let mut memory = lock(&self.memory);
        let of_key = memory.held_by.get(&self.key).copied().unwrap_or_default();
        if of_key + size > BUFFERED.saturating_sub(memory.held + size) {
            metrics::record_shed();
            return Err(Problem::overloaded());
        }
        memory.held += size;
        memory.held_by.insert(self.key, of_key + size);
        self.size += size;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut memory = lock(&self.memory);
        memory.held -= self.size;
        if let Some(of_key) = memory.held_by.get_mut(&self.key) {
            *of_key -= self.size;
            if *of_key == 0 {
                memory.held_by.remove(&self.key);
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

/// A JSON body, in requests and in answers.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// A JSON body of the right form, whose values are judged further in, together with its bytes.
#[derive(Debug, Clone)]
pub struct Payload<T> {
    /// What was sent.
    pub value: Draft<T>,
    /// The bytes it was sent as.
    pub bytes: Bytes,
}

/// For operations without a body: refuses one that is there.
#[derive(Debug, Clone, Copy)]
pub struct NoBody;

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(document::read(&document(request).await?.0).finish()?))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Payload<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (document, bytes) = document(request).await?;
        let value = document::read(&document);
        match of_form(value.mistakes()) {
            Some(sentences) => Err(Problem::new(Code::InvalidRequest, sentences)),
            None => Ok(Self { value, bytes }),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        match body_bytes(request).await? {
            bytes if bytes.is_empty() => Ok(Self),
            _ => Err(Problem::new(
                Code::InvalidRequest,
                "This operation takes no body.",
            )),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The body as a document, of whatever type, and its bytes.
pub(super) async fn document(request: Request) -> Result<(Value, Bytes), Problem> {
    let is_json = is_json(request.headers());
    // Looked at first, so that a forgotten header is not taken for a forgotten body.
    if !is_json && request.headers().contains_key(CONTENT_TYPE) {
        return Err(unsupported());
    }
    let bytes = body_bytes(request).await?;
    if bytes.is_empty() {
        let detail = "The body is empty; a JSON object is expected.";
        return Err(Problem::new(Code::InvalidRequest, detail));
    }
    if !is_json {
        return Err(unsupported());
    }
    let value = document::from_json(&bytes);
    let value = value.map_err(|error| Problem::new(Code::InvalidRequest, error.to_string()))?;
    Ok((value, bytes))
}

/// A body of the right form whose values cannot all be taken is told field by field; any other in sentences.
impl From<Vec<Mistake>> for Problem {
    fn from(mistakes: Vec<Mistake>) -> Self {
        if let Some(sentences) = of_form(&mistakes) {
            return Self::new(Code::InvalidRequest, sentences);
        }
        let errors = mistakes.iter();
        let errors = errors.map(|mistake| FieldError::new(mistake.place.pointer(), mistake.detail()));
        Self::validation(errors.collect())
    }
}

/// What is wrong with the form, in a few sentences.
pub(super) fn of_form(mistakes: &[Mistake]) -> Option<String> {
    let mut of_form: Vec<&Mistake> = mistakes
        .iter()
        .filter(|mistake| !matches!(mistake.fault, Fault::Refused(_)))
        .collect();
    of_form.sort_by_key(|mistake| &mistake.place);
    let sentences: Vec<_> = of_form.into_iter().map(Mistake::sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn unsupported() -> Problem {
    let detail = "Send uncompressed UTF-8 JSON with “Content-Type: application/json”.";
    Problem::new(Code::UnsupportedMediaType, detail)
}

/// Whether the body is declared as plain JSON: `application/json` or `application/…+json`, with no other
/// parameter than `charset=utf-8`, and not compressed.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(declared), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(declared) = declared.to_str() else {
        return false;
    };
    let mut parts = declared.split(';').map(|part| part.trim().to_ascii_lowercase());
    let media_type = parts.next().unwrap_or_default();
    let json = media_type
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || (subtype.len() > 5 && subtype.ends_with("+json")));
    let utf8 = |part: String| matches!(part.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"");
    let plain = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    json && plain && parts.all(utf8)
}

/// The whole body, of any type. [`Bodies`] have read it before; the limit is for a route that was left out there.
async fn body_bytes(request: Request) -> Result<Bytes, Problem> {
    let read = axum::body::to_bytes(request.into_body(), BODY_LIMIT).await;
    read.map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::OsRandom;
    use futures_util::{StreamExt, stream};
    use std::io;

    #[test]
    fn json_is_known_by_its_media_type_and_nothing_else_passes() {
        let table = [
            ("application/json", true),
            ("Application/JSON; Charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/merge-patch+json", true),
            ("application/json; charset=latin1", false),
            ("application/jsonp", false),
            ("application/+json", false),
            ("text/json", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ];
        for (declared, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, declared.parse().unwrap());
            assert_eq!(is_json(&headers), expected, "{declared}");
        }
        let mut compressed = HeaderMap::new();
        compressed.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        compressed.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(!is_json(&compressed));
    }

    #[tokio::test]
    async fn a_payload_has_the_bytes_that_were_sent() {
        let request = Request::post("/")
            .header("content-type", "application/json")
            .body(Body::from("[ 1]"))
            .unwrap();
        let payload = Payload::<Vec<u8>>::from_request(request, &()).await.unwrap();
        assert_eq!(payload.value.finish().unwrap(), [1]);
        assert_eq!(payload.bytes, "[ 1]");
    }

    /// Pieces that come at once, and then nothing.
    fn stopping(pieces: Vec<Bytes>) -> Request {
        let pieces = stream::iter(pieces).map(Ok::<_, io::Error>);
        Request::new(Body::from_stream(pieces.chain(stream::pending())))
    }

    fn is_empty(memory: &Mutex<Memory>) -> bool {
        let memory = lock(memory);
        memory.held == 0 && memory.held_by.is_empty()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_given_up_and_leaves_nothing_behind() {
        let bodies = Bodies::new(Duration::from_secs(15));
        let read = bodies
            .read(stopping(vec![Bytes::from_static(b"{"); 3]), None)
            .await;
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
            coming.spawn(async move { bodies.read(request, None).await.unwrap_err().code() });
        }
        let mut codes = coming.join_all().await;
        codes.sort_by_key(|code| code.as_str());
        assert_eq!(codes.pop(), Some(Code::ServiceUnavailable));
        assert!(codes.iter().all(|code| *code == Code::RequestTimeout));
        assert!(is_empty(&bodies.memory));
    }

    /// Takes as much for `key` as it gets, in full bodies.
    fn taken(memory: &Arc<Mutex<Memory>>, key: Option<KeyId>) -> Vec<Share> {
        let body = || {
            let mut share = Share::of(memory, key);
            share.extend(BODY_LIMIT).ok().map(|()| share)
        };
        std::iter::from_fn(body).collect()
    }

    #[test]
    fn whatever_others_hold_there_is_room_for_a_key_that_holds_nothing() {
        let memory = Arc::<Mutex<Memory>>::default();
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
