//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tower::Service;

use super::activity::{Activity, Watched};
use super::{Limits, Stop};
use crate::http::extract::ClientAddress;

/// How long a peer that is told to go has to take its last bytes.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves the connection until its peer ends it, its time is up, or the service leaves.
pub(super) async fn run(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    http: auto::Builder<TokioExecutor>,
    limits: Limits,
    stop: Stop,
) {
    let activity = Activity::new(limits);
    let service = service(router, peer, activity.clone());
    let watched = Watched {
        stream,
        activity: activity.clone(),
    };
    let mut connection = pin!(http.serve_connection(TokioIo::new(watched), service));
    let mut alarm = pin!(sleep_until(Instant::now() + limits.head_timeout));
    let mut leaving = false;
    loop {
        // The connection first: what it does decides whether its time is up.
        tokio::select! {
            biased;
            _ended = connection.as_mut() => return,
            () = poll_fn(|cx| activity.poll_expired(alarm.as_mut(), cx)) => break,
            () = stop.abandon.cancelled() => return,
            () = stop.draining.cancelled(), if !leaving => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
    connection.as_mut().graceful_shutdown();
    // Whoever does not take the farewell in time goes without it.
    let _ = tokio::time::timeout(FAREWELL.min(limits.head_timeout), connection).await;
}

/// The router, told whom each request comes from and counted as in flight.
fn service(
    router: Router,
    peer: SocketAddr,
    activity: Activity,
) -> impl hyper::service::Service<
    Request<Incoming>,
    Response = Response,
    Error = Infallible,
    Future = impl Future<Output = Result<Response, Infallible>> + Send + 'static,
> {
    hyper::service::service_fn(move |mut request: Request<Incoming>| {
        let in_flight = activity.begin(request.version());
        request.extensions_mut().insert(ClientAddress(peer));
        let answer = router.clone().call(request.map(Body::new));
        async move {
            let answer = answer.await;
            drop(in_flight);
            answer
        }
    })
}
