//! What happens to every request before and after its handler, in this order: id, span, measurement and rendering of
//! problems; then the limit of requests in flight, the time limit, the catching of panics, the limit of the body.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use super::extract::limit_body;
use super::problem::{Code, Problem, render};
use super::request_id::RequestId;
use super::{health, metrics};
use crate::domain::random::Random;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the layers need to know.
#[derive(Clone)]
pub struct Layers {
    /// Where the problems are documented, without a slash at the end.
    pub public_url: Arc<str>,
    /// Draws the request ids.
    pub random: Arc<dyn Random>,
    /// How long a request may take in all, its body included: 15 s.
    pub timeout: Duration,
    /// Requests that may be in flight at once; the next ones are told to come again.
    pub max_in_flight: usize,
}

impl Layers {
    /// With the limits of the contract.
    pub fn new(public_url: &str, random: Arc<dyn Random>) -> Self {
        Self {
            public_url: public_url.trim_end_matches('/').into(),
            random,
            timeout: Duration::from_secs(15),
            max_in_flight: 1_024,
        }
    }
}

struct Shared {
    layers: Layers,
    in_flight: Semaphore,
}

/// Wraps all routes, and answers what matches none of them.
pub fn apply(router: Router, layers: Layers) -> Router {
    let shared = Arc::new(Shared {
        in_flight: Semaphore::new(layers.max_in_flight),
        layers,
    });
    router
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodNotAllowed, "Use a method that “Allow” names.")
        })
        .layer(from_fn_with_state(shared, observe))
}

/// Gives the request its id and its span, and its answer what every answer has.
async fn observe(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::draw(&*shared.layers.random);
    request.extensions_mut().insert(id);
    let path = request.extensions().get::<MatchedPath>().cloned();
    let route = path.as_ref().map_or("unmatched", MatchedPath::as_str);
    let method = known_method(request.method());
    let span =
        tracing::info_span!("request", request.id = %id, http.request.method = method, http.route = route);

    let answered = bounded(&shared, route, request, next)
        .instrument(span.clone())
        .await;

    let _entered = span.enter();
    let mut response = render(answered, &shared.layers.public_url, id);
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id.header());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let took = started.elapsed();
    metrics::record_request(method, route, response.status(), took);
    report(route, &response, took);
    response
}

/// Runs the handler within the limits of requests in flight and of time.
async fn bounded(shared: &Shared, route: &str, request: Request, next: Next) -> Response {
    // Whoever asks whether the service lives must not be told that it is busy.
    let place = if health::is_health(route) {
        None
    } else {
        Some(shared.in_flight.try_acquire())
    };
    if matches!(place, Some(Err(_))) {
        metrics::record_shed();
        return Problem::overloaded().into_response();
    }
    let handler = AssertUnwindSafe(next.run(limit_body(request))).catch_unwind();
    match timeout(shared.layers.timeout, handler).await {
        Ok(Ok(response)) => response,
        // The panic hook has logged where; the payload may hold anything and goes nowhere.
        Ok(Err(_)) => Problem::internal("a handler panicked").into_response(),
        Err(_) => Problem::unavailable("the request took longer than it may").into_response(),
    }
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
