//! One connection, from its first byte to its end. Between requests of HTTP/1 it is nothing but a socket: what hyper needs
//! to read and write is there only while there is something to read or write.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::Service;

use super::activity::{Activity, Expired};
use super::body;
use super::places::{Place, Places};
use super::rejection;
use super::socket::Socket;
use super::{Limits, Stop};
use crate::http::extract::ClientAddress;

/// How long a peer that is told to go has to take its last bytes.
const FAREWELL: Duration = Duration::from_secs(2);

/// How much of what a peer still sends is read after the last answer, so that the answer is not lost to a reset.
const LAST_BYTES: u64 = 256 * 1024;

/// How every connection of HTTP/2 begins (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What all connections of a listener have in common.
pub(super) struct Serving {
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) stop: Stop,
    pub(super) http1: http1::Builder,
    pub(super) http2: http2::Builder<TokioExecutor>,
    /// Places of the connections that speak HTTP/2, beside those of all.
    pub(super) multiplexed: Arc<Places>,
}

/// Serves the connection until its peer ends it, its time is up, its place is needed, or the service leaves.
pub(super) async fn run(serving: Arc<Serving>, stream: TcpStream, peer: SocketAddr, place: Place) {
    let activity = Arc::new(Activity::new(serving.limits, place));
    let connection = Connection {
        serving,
        peer,
        activity,
    };
    connection.serve(stream).await;
}

struct Connection {
    serving: Arc<Serving>,
    peer: SocketAddr,
    activity: Arc<Activity>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.activity.leave();
    }
}

enum Protocol {
    Http1,
    Http2,
}

/// How an exchange of HTTP/1 came to its end.
enum End {
    /// Answered, and another may follow.
    Settled,
    /// hyper is done with the connection.
    Finished,
    /// There is nothing to be said any more.
    Dropped,
}

impl Connection {
    async fn serve(&self, stream: TcpStream) {
        let mut socket = Socket::new(stream, Arc::clone(&self.activity));
        let mut fresh = true;
        // What an exchange needs is on the heap, and so only there while there is one.
        while let Some(protocol) = self.next_request(&mut socket, fresh).await {
            match protocol {
                Protocol::Http1 => match Box::pin(self.exchange(socket)).await {
                    Some(kept) => socket = kept,
                    None => return,
                },
                Protocol::Http2 => {
                    let http2 = Box::pin(self.multiplexed(socket));
                    return http2.await;
                }
            }
            fresh = false;
        }
    }

    /// Waits for the first bytes of the next request, and tells by them what is spoken.
    async fn next_request(&self, socket: &mut Socket, fresh: bool) -> Option<Protocol> {
        if !socket.replay.is_empty() {
            self.activity.head_begins();
            return Some(Protocol::Http1);
        }
        let limits = &self.serving.limits;
        let max_wait = if fresh {
            limits.head_timeout
        } else {
            limits.idle_timeout
        };
        let mut deadline = Instant::now() + max_wait;
        let mut bytes = [0; PREFACE.len()];
        let mut length = 0;
        let protocol = loop {
            let came = tokio::select! {
                biased;
                came = socket.stream.read(&mut bytes[length..]) => came.ok()?,
                () = self.told_to_leave(deadline) => return None,
            };
            if came == 0 {
                return None;
            }
            if length == 0 {
                self.activity.head_begins();
                deadline = Instant::now() + limits.head_timeout;
            }
            length += came;
            if !fresh || !PREFACE.starts_with(&bytes[..length]) {
                break Protocol::Http1;
            }
            if length == PREFACE.len() {
                break Protocol::Http2;
            }
        };
        socket.replay = Bytes::copy_from_slice(&bytes[..length]);
        Some(protocol)
    }

    /// Ready when a connection that waits has to go.
    async fn told_to_leave(&self, deadline: Instant) {
        let stop = &self.serving.stop;
        let last_call = async {
            stop.draining.cancelled().await;
            sleep(self.serving.limits.last_call).await;
        };
        tokio::select! {
            () = sleep_until(deadline) => {}
            () = self.activity.told_to_leave() => {}
            () = stop.abandon.cancelled() => {}
            () = last_call => {}
        }
    }

    /// Serves requests of HTTP/1 until one is answered and the next has not begun. Gives the socket back if another may.
    async fn exchange(&self, socket: Socket) -> Option<Socket> {
        let mut http = self
            .serving
            .http1
            .serve_connection(TokioIo::new(socket), self.service(false));
        let end = {
            let mut alarm = pin!(sleep_until(Instant::now()));
            let mut draining = false;
            loop {
                let step = poll_fn(|cx| match Pin::new(&mut http).poll(cx) {
                    Poll::Ready(_) => Poll::Ready(End::Finished),
                    Poll::Pending if self.activity.is_settled() => Poll::Ready(End::Settled),
                    Poll::Pending => Poll::Pending,
                });
                tokio::select! {
                    // hyper first: what it does decides whether its time is up.
                    biased;
                    end = step => break end,
                    _ = poll_fn(|cx| self.activity.poll_expired(alarm.as_mut(), cx)) => break End::Dropped,
                    () = self.serving.stop.abandon.cancelled() => break End::Dropped,
                    () = self.activity.told_to_leave() => break End::Dropped,
                    () = self.serving.stop.draining.cancelled(), if !draining => {
                        draining = true;
                        if self.activity.is_idle() {
                            Pin::new(&mut http).graceful_shutdown();
                        }
                    }
                }
            }
        };
        let parts = http.into_parts();
        let mut socket = parts.io.into_inner();
        match end {
            End::Settled => {
                // Copied, for what it stands in may be a buffer of the size of a head.
                socket.replay = Bytes::copy_from_slice(&parts.read_buf);
                self.activity.is_at_rest();
                Some(socket)
            }
            End::Finished => {
                self.part(socket).await;
                None
            }
            End::Dropped => None,
        }
    }

    /// Says what there is still to say in HTTP/1, and that there is no more.
    async fn part(&self, mut socket: Socket) {
        self.activity.is_at_rest();
        let last = async {
            if !socket.rejection.is_empty() {
                let answer = rejection::answer(&self.serving.router, self.peer, &socket.rejection).await;
                socket.stream.write_all(&answer).await?;
            }
            socket.stream.shutdown().await?;
            let mut left = (&mut socket.stream).take(LAST_BYTES);
            tokio::io::copy(&mut left, &mut tokio::io::sink()).await
        };
        tokio::select! {
            // Whoever does not take it in time goes without it.
            _ = timeout(FAREWELL.min(self.serving.limits.head_timeout), last) => {}
            () = self.activity.told_to_leave() => {}
            () = self.serving.stop.abandon.cancelled() => {}
        }
    }

    /// Serves HTTP/2 until the end of the connection.
    async fn multiplexed(&self, mut socket: Socket) {
        let places = &self.serving.multiplexed;
        let Ok(()) = timeout(self.serving.limits.head_timeout, places.vacancy()).await else {
            return;
        };
        socket.multiplex(places.take(self.peer.ip()));
        let http = self
            .serving
            .http2
            .serve_connection(TokioIo::new(socket), self.service(true));
        let mut http = pin!(http);
        let mut alarm = pin!(sleep_until(Instant::now()));
        let mut told = false;
        let mut farewell = FAREWELL.min(self.serving.limits.head_timeout);
        loop {
            tokio::select! {
                biased;
                _ended = http.as_mut() => return,
                why = poll_fn(|cx| self.activity.poll_expired(alarm.as_mut(), cx)) => {
                    if told || why != Expired::Idle {
                        return;
                    }
                    break;
                }
                () = self.serving.stop.abandon.cancelled() => return,
                () = self.activity.told_to_leave() => {
                    // Somebody waits for the place.
                    farewell = Duration::ZERO;
                    break;
                }
                () = self.time_to_tell(), if !told => {
                    told = true;
                    self.activity.idles_at_most(farewell);
                    http.as_mut().graceful_shutdown();
                }
            }
        }
        http.as_mut().graceful_shutdown();
        let _ = timeout(farewell, http).await;
    }

    /// Ready when the peer of a connection of HTTP/2 has to look for another: when the service leaves, but not before it
    /// had an answer here, for the next connection would be told the same; and when it takes nothing new any more.
    async fn time_to_tell(&self) {
        let stop = &self.serving.stop;
        let leaving_after_a_request = async {
            stop.leaving.cancelled().await;
            poll_fn(|_| {
                // A request comes within the task that polls this.
                if self.activity.has_carried_a_request() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
        };
        tokio::select! {
            () = leaving_after_a_request => {}
            () = stop.draining.cancelled() => {}
        }
    }

    /// The router, told whom each request comes from and counted as in flight.
    fn service(
        &self,
        multiplexed: bool,
    ) -> impl hyper::service::Service<
        Request<Incoming>,
        Response = Response<body::Answer>,
        Error = Infallible,
        Future = impl Future<Output = Result<Response<body::Answer>, Infallible>> + Send + use<>,
    > + use<> {
        let (router, peer) = (self.serving.router.clone(), self.peer);
        let (activity, leaving) = (Arc::clone(&self.activity), self.serving.stop.leaving.clone());
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let in_flight = activity.begin();
            let mut request = if multiplexed {
                request.map(Body::new)
            } else {
                request.map(|incoming| body::Request::watched(incoming, Arc::clone(&activity)))
            };
            request.extensions_mut().insert(ClientAddress(peer));
            let activity = Arc::clone(&activity);
            let answer = router.clone().call(request);
            let leaving = leaving.clone();
            async move {
                let mut response = answer.await?;
                // A body that nobody has read is not read to get at the next request (RFC 9112, section 9.6).
                let is_last = leaving.is_cancelled() || activity.has_body_left();
                if is_last && !multiplexed {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(CONNECTION, close);
                }
                Ok(body::Answer::of(response, multiplexed, in_flight))
            }
        })
    }
}
