//! The names of what is measured of HTTP. The recorder must know them before anything is measured.

/// How long requests took, in seconds, by method, route and status (OpenTelemetry's name, in Prometheus' spelling).
pub const REQUEST_DURATION: &str = "http_server_request_duration_seconds";

/// Requests refused because too many were in flight.
pub const SHED: &str = "otpost_http_requests_shed_total";

/// Connections that stand.
pub const CONNECTIONS: &str = "otpost_http_connections";

/// The upper bounds of [`REQUEST_DURATION`]'s buckets, in seconds (OpenTelemetry semantic conventions).
pub const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
