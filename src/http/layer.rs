//! What happens to every request before and after its handler. Around all: id, span, measurement, rendering of problems,
//! the catching of panics, and the check of how it is framed. Around what takes a key: the body is read, then a place among
//! the requests in flight taken, then the time of the handler begins. Around what anybody may ask for: a place of another
//! set, and the body stays unread.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use super::extract::{Bodies, ClientAddress};
use super::problem::{Problem, render};
use super::request_id::RequestId;
use super::{auth, health, metrics};
use crate::domain::random::Random;

mod forwarded;
pub(super) mod framing;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the layers need to know.
#[derive(Clone)]
pub struct Settings {
    /// Where the problems are documented, without a slash at the end.
    pub public_url: Arc<str>,
    /// Draws the request ids.
    pub random: Arc<dyn Random>,
    /// Proxies that are believed when they say whom they ask for.
    pub trusted_proxies: Arc<[IpNet]>,
    /// How long a body may take from the end of its head to its own: 15 s.
    pub body_timeout: Duration,
    /// How long a handler may take: 15 s.
    pub timeout: Duration,
    /// Requests of callers with a key that may be in flight at once; the next ones are told to come again.
    pub max_in_flight: usize,
    /// Requests that anybody may make, in flight at once. They have places of their own, so that whoever has no key takes
    /// none from those who have.
    pub max_open_in_flight: usize,
}

impl Settings {
    /// With the limits of the contract.
    pub fn new(public_url: &str, random: Arc<dyn Random>) -> Self {
        Self {
            public_url: public_url.trim_end_matches('/').into(),
            random,
            trusted_proxies: Arc::new([]),
            body_timeout: Duration::from_secs(15),
            timeout: Duration::from_secs(15),
            max_in_flight: 1_024,
            max_open_in_flight: 256,
        }
    }
}

/// The layers of one listener, or of several that share their limits.
#[derive(Clone)]
pub struct Layers(Arc<Shared>);

struct Shared {
    settings: Settings,
    bodies: Bodies,
    places: Arc<Semaphore>,
    open_places: Arc<Semaphore>,
}

impl Layers {
    /// With all places free.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Shared {
            bodies: Bodies::new(settings.body_timeout),
            places: Arc::new(Semaphore::new(settings.max_in_flight)),
            open_places: Arc::new(Semaphore::new(settings.max_open_in_flight)),
            settings,
        }))
    }

    /// For routes that take a key: reads the body, takes a place, runs the handler within its time. What asks for the key
    /// goes around this, so that nothing of a stranger's body is kept.
    pub fn bound(&self, routes: Router) -> Router {
        routes.route_layer(from_fn_with_state(Arc::clone(&self.0), bound))
    }

    /// For routes that anybody may ask for: no body reaches them.
    pub fn bound_open(&self, routes: Router) -> Router {
        routes.route_layer(from_fn_with_state(Arc::clone(&self.0), bound_open))
    }

    /// Around all routes, and what matches none of them. Whoever asks whether the service lives must not be told that it is
    /// busy, so health checks have this layer alone.
    pub fn observe(&self, routes: Router) -> Router {
        routes
            .fallback(|| async { Problem::not_found() })
            .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
            .layer(from_fn(framing::check))
            .layer(from_fn_with_state(Arc::clone(&self.0), observe))
    }
}

/// Gives the request its id and its span, and its answer what every answer has.
async fn observe(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::draw(&*shared.settings.random);
    request.extensions_mut().insert(id);
    let path = request.extensions().get::<MatchedPath>().cloned();
    let route = path.as_ref().map_or("unmatched", MatchedPath::as_str);
    let method = known_method(request.method());
    let address = believe(&shared.settings.trusted_proxies, &mut request);
    let span = tracing::info_span!("request", request.id = %id, http.request.method = method, http.route = route,
        client.address = address.map(|address| tracing::field::display(address.ip())));

    let answered = AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .instrument(span.clone())
        .await
        // The panic hook has logged where; the payload may hold anything and goes nowhere.
        .unwrap_or_else(|_| Problem::internal("a handler panicked").into_response());

    let _entered = span.enter();
    let mut response = render(answered, &shared.settings.public_url, id);
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id.header());
    // What may be kept says so itself.
    let cache_control = headers.entry(CACHE_CONTROL);
    cache_control.or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let took = started.elapsed();
    metrics::record_request(method, route, response.status(), took);
    report(route, &response, took);
    response
}

async fn bound(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let key = auth::key_of(request.extensions());
    match shared.bodies.read(request, key).await {
        Ok(request) => shared.run(&shared.places, request, next).await,
        Err(problem) => problem.into_response(),
    }
}

async fn bound_open(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let request = request.map(|_| Body::empty());
    shared.run(&shared.open_places, request, next).await
}

impl Shared {
    /// Runs the handler in one of `places` and within its time.
    async fn run(&self, places: &Arc<Semaphore>, request: Request, next: Next) -> Response {
        let Some(place) = Place::take(places) else {
            metrics::record_shed();
            return Problem::overloaded().into_response();
        };
        let mut response = timeout(self.settings.timeout, next.run(request))
            .await
            .unwrap_or_else(|_| Problem::unavailable("the request took longer than it may").into_response());
        response.extensions_mut().insert(place);
        response
    }
}

/// A place among the requests in flight. It goes with the answer to [`super::server`], which keeps it until the last of the body is
/// taken or given up: what waits to be read costs as much as what is being worked on.
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
}

/// The caller's own address, where a trusted proxy tells it; from here on it is the only one.
fn believe(trusted: &[IpNet], request: &mut Request) -> Option<ClientAddress> {
    let peer = ClientAddress::of(request.extensions()).ok()?;
    let caller = forwarded::caller(peer.ip(), request.headers(), trusted);
    let address = if caller == peer.ip() {
        peer
    } else {
        ClientAddress::told(caller)
    };
    request.extensions_mut().insert(address);
    Some(address)
}

/// One line for each request. Health checks come every second, and are seen only by who asks for it.
fn report(route: &str, response: &Response, took: Duration) {
    let (status, milliseconds) = (response.status().as_u16(), took.as_secs_f64() * 1_000.0);
    if health::is_health(route) {
        tracing::debug!(
            http.response.status_code = status,
            duration_ms = milliseconds,
            "answered"
        );
    } else {
        tracing::info!(
            http.response.status_code = status,
            duration_ms = milliseconds,
            "answered"
        );
    }
}

/// The method as a word of a closed list: what a caller invents must not become a time series.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use axum::http::StatusCode;
    use axum::routing::post;
    use futures_util::stream;
    use tokio::time::sleep;
    use tower::ServiceExt;

    use crate::domain::random::OsRandom;

    /// Asks a handler that takes as long as it is told, with a body that takes as long as it is told.
    async fn ask(body: Duration, handler: Duration) -> StatusCode {
        let handler = move |_: Bytes| async move { sleep(handler).await };
        let layers = Layers::new(Settings::new("http://otp.example", Arc::new(OsRandom)));
        let router = layers.observe(layers.bound(Router::new().route("/", post(handler))));
        let body = stream::once(async move {
            sleep(body).await;
            Ok::<_, std::convert::Infallible>("{}")
        });
        let request = Request::post("/").header("host", "otp.example");
        let request = request.body(Body::from_stream(body)).unwrap();
        router.oneshot(request).await.unwrap().status()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_and_a_handler_have_fifteen_seconds_each() {
        let (short, long) = (Duration::from_secs(14), Duration::from_secs(16));
        assert_eq!(ask(short, short).await, StatusCode::OK);
        assert_eq!(ask(long, short).await, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(ask(short, long).await, StatusCode::SERVICE_UNAVAILABLE);
    }
}
