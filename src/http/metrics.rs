//! What is measured of HTTP, and `GET /metrics` on the operations listener.
//! Labels are methods, route templates and statuses: never a path, a query or anything a caller made up.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

pub use crate::telemetry::measured::{BUCKETS, CONNECTIONS, REQUEST_DURATION, SHED};

pub(super) fn record_request(method: &'static str, route: &str, status: StatusCode, took: Duration) {
    metrics::histogram!(
        REQUEST_DURATION,
        "http_request_method" => method,
        "http_route" => route.to_owned(),
        "http_response_status_code" => status.as_str().to_owned(),
    )
    .record(took.as_secs_f64());
}

pub(super) fn record_shed() {
    metrics::counter!(SHED).increment(1);
}

/// `GET /metrics`, in Prometheus' text format.
pub fn router(handle: PrometheusHandle) -> Router {
    let render = move || async move {
        let content_type = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
        (content_type, handle.render()).into_response()
    };
    Router::new().route("/metrics", get(render))
}
