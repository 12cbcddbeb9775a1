//! The bodies of requests and answers, watched for when they end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};

use super::activity::{Activity, InFlight};
use crate::http::layer::Place;

/// What of an answer goes at once. hyper takes a part only when there is room for it, so that the body ends when nearly all of it has
/// been taken and not when its first byte has. In HTTP/2 it fits in a frame that every peer takes (RFC 9113, section 4.2).
const PART: usize = 16 * 1024;

/// The body of a request of HTTP/1, which says when it has been read to its end.
pub(super) struct Request {
    incoming: Incoming,
    activity: Arc<Activity>,
}

impl Request {
    pub(super) fn watched(incoming: Incoming, activity: Arc<Activity>) -> Body {
        let watched = Self { incoming, activity };
        watched.tell_end();
        Body::new(watched)
    }

    fn tell_end(&self) {
        if self.incoming.is_end_stream() {
            self.activity.body_was_read();
        }
    }
}

impl HttpBody for Request {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        match &frame {
            None => self.activity.body_was_read(),
            Some(Ok(_)) => self.tell_end(),
            Some(Err(_)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The body of an answer. Its request is in flight, and keeps its place, as long as it is there. It goes in parts.
///
/// In HTTP/2 each goes only when the peer has room for the one before: hyper would give all of it to h2, and nobody would
/// know any more whether it is taken. The last byte goes alone, so that the body is there until there was room for all the
/// others.
pub(super) struct Answer {
    body: Body,
    rest: Bytes,
    multiplexed: bool,
    in_flight: InFlight,
    _place: Option<Place>,
}

impl Answer {
    /// Puts it in the place of the body of `response`.
    pub(super) fn of(mut response: Response, multiplexed: bool, in_flight: InFlight) -> Response<Self> {
        let place = response.extensions_mut().remove();
        response.map(|body| Self {
            body,
            rest: Bytes::new(),
            multiplexed,
            in_flight,
            _place: place,
        })
    }

    fn next_part(&mut self) -> Frame<Bytes> {
        let mut length = self.rest.len();
        if self.multiplexed {
            self.in_flight.part_waits();
            length = (length - 1).max(1);
        }
        Frame::data(self.rest.split_to(length.min(PART)))
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        this.in_flight.part_went();
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => this.rest = data,
                    Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                other => return Poll::Ready(other),
            }
        }
        Poll::Ready(Some(Ok(this.next_part())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (coming, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(coming.lower() + rest);
        if let Some(upper) = coming.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use http_body_util::BodyExt;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::http::server::Limits;
    use crate::http::server::places::Places;

    /// In one of `places`.
    fn answer(bytes: Bytes, multiplexed: bool, places: &Arc<Semaphore>) -> Answer {
        let connection = Places::new(1, Duration::ZERO).take(Ipv4Addr::LOCALHOST.into());
        let activity = Arc::new(Activity::new(Limits::default(), connection));
        let mut response = Response::new(Body::from(bytes));
        response.extensions_mut().insert(Place::take(places).unwrap());
        Answer::of(response, multiplexed, activity.begin()).into_body()
    }

    #[tokio::test]
    async fn a_place_is_free_again_when_the_answer_has_been_taken_or_given_up() {
        let places = Arc::new(Semaphore::new(1));
        let bytes = Bytes::from(vec![0; 2 * PART + 1]);
        for (multiplexed, parts) in [(false, [PART, PART, 1]), (true, [PART, PART, 1])] {
            drop(answer(bytes.clone(), multiplexed, &places));
            assert_eq!(places.available_permits(), 1);

            let mut body = answer(bytes.clone(), multiplexed, &places);
            let mut left = bytes.len();
            for size in parts {
                assert!(Place::take(&places).is_none());
                assert_eq!(body.size_hint().exact(), Some(left as u64));
                let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
                assert_eq!(part.len(), size);
                left -= size;
            }
            assert!(body.is_end_stream());
            drop(body);
            assert_eq!(places.available_permits(), 1);
        }
    }

    #[tokio::test]
    async fn no_byte_is_copied_on_the_way_and_the_last_one_goes_alone_in_http_2() {
        let bytes = Bytes::from(vec![0; 3 * PART]);
        for (multiplexed, last) in [(false, PART), (true, 1)] {
            let mut body = answer(bytes.clone(), multiplexed, &Arc::new(Semaphore::new(1)));
            let (mut at, mut size) = (bytes.as_ptr(), 0);
            while let Some(frame) = body.frame().await {
                let part = frame.unwrap().into_data().unwrap();
                assert_eq!(part.as_ptr(), at);
                (at, size) = (at.wrapping_add(part.len()), part.len());
            }
            assert_eq!(size, last);
        }
    }
}
