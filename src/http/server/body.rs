//! The bodies of requests and answers, watched for when they end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};

use super::activity::{Activity, InFlight};

/// What of an answer in HTTP/2 goes at once: as much as fits in a frame that every peer takes (RFC 9113, section 4.2).
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

/// The body of an answer. Its request is in flight as long as it is there.
///
/// In HTTP/2 it goes in parts, and each only when the peer has room for the one before: hyper would give all of it to h2,
/// and nobody would know any more whether it is taken. The last byte goes alone, so that the body is there until there
/// was room for all the others.
pub(super) struct Answer {
    body: Body,
    rest: Bytes,
    multiplexed: bool,
    in_flight: InFlight,
}

impl Answer {
    pub(super) fn new(body: Body, multiplexed: bool, in_flight: InFlight) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            multiplexed,
            in_flight,
        }
    }

    fn next_part(&mut self) -> Frame<Bytes> {
        let length = match self.rest.len() {
            1 => 1,
            length => (length - 1).min(PART),
        };
        self.in_flight.part_waits();
        Frame::data(self.rest.split_to(length))
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
            let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
            match frame {
                Some(Ok(frame)) if this.multiplexed => match frame.into_data() {
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
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        let upper = hint.upper().map(|upper| upper + rest);
        hint.set_lower(hint.lower() + rest);
        if let Some(upper) = upper {
            hint.set_upper(upper);
        }
        hint
    }
}
