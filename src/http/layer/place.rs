//! The place of a request among those in flight. Its answer keeps it until the last of the body is taken or given up: what
//! waits to be read costs as much as what is being worked on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most bytes of an answer handed on at once. hyper takes a piece only when there is room for it, so that the body ends,
/// and with it the place, when nearly all of it has been taken and not when the first byte has.
const PIECE: usize = 16 * 1024;

/// A place that is taken.
#[derive(Clone)]
pub(super) struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Place {
    /// One of `places`; `None` when all are taken.
    pub(super) fn take(places: &Arc<Semaphore>) -> Option<Self> {
        let permit = Arc::clone(places).try_acquire_owned().ok()?;
        Some(Self {
            _permit: Arc::new(permit),
        })
    }

    /// Goes with the answer until [`keep`] gives it to the body.
    pub(super) fn attach(self, response: &mut Response) {
        response.extensions_mut().insert(self);
    }
}

/// Gives the place that is attached to an answer to the answer's body, in its final form.
pub(super) fn keep(mut response: Response) -> Response {
    match response.extensions_mut().remove::<Place>() {
        Some(place) => response.map(|body| {
            Body::new(Kept {
                body,
                waiting: Bytes::new(),
                _place: place,
            })
        }),
        None => response,
    }
}

struct Kept {
    body: Body,
    waiting: Bytes,
    _place: Place,
}

impl HttpBody for Kept {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.waiting.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.waiting = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                ended => return Poll::Ready(ended),
            }
        }
        let size = self.waiting.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.waiting.split_to(size)))))
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (waiting, rest) = (self.waiting.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(waiting));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(waiting)) {
            hint.set_upper(upper);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_place_is_free_again_when_the_answer_has_been_taken_or_given_up() {
        let places = Arc::new(Semaphore::new(1));
        let answer = || {
            let mut response = Response::new(Body::from("a".repeat(2 * PIECE + 1)));
            Place::take(&places).unwrap().attach(&mut response);
            keep(response)
        };
        drop(answer());
        assert_eq!(places.available_permits(), 1);

        let mut body = answer().into_body();
        for (left, size) in [(2 * PIECE + 1, PIECE), (PIECE + 1, PIECE), (1, 1)] {
            assert!(Place::take(&places).is_none());
            assert_eq!(body.size_hint().exact(), Some(left as u64));
            let piece = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(piece.len(), size);
        }
        assert!(body.is_end_stream());
        drop(body);
        assert_eq!(places.available_permits(), 1);
    }

    #[tokio::test]
    async fn no_byte_is_copied_on_the_way() {
        let bytes = Bytes::from(vec![0; 3 * PIECE]);
        let mut response = Response::new(Body::from(bytes.clone()));
        Place::take(&Arc::new(Semaphore::new(1)))
            .unwrap()
            .attach(&mut response);
        let mut body = keep(response).into_body();
        let mut at = bytes.as_ptr();
        while let Some(frame) = body.frame().await {
            let piece = frame.unwrap().into_data().unwrap();
            assert_eq!(piece.as_ptr(), at);
            at = at.wrapping_add(piece.len());
        }
    }
}
