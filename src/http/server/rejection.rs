//! What hyper answers by itself, to a head that it cannot read, said as everything else that goes wrong is said. hyper has
//! no way to be told how, so its own words do not leave [`super::socket`], and the layers are asked for the answer.

use std::fmt::Write;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode, Uri};
use axum::response::Response;
use http_body_util::{BodyExt, Collected};
use tower::Service;

use crate::http::extract::ClientAddress;
use crate::http::layer::framing::Unreadable;

/// The answer to write instead of hyper's `rejection`, after which the connection ends.
pub(super) async fn answer(router: &Router, peer: SocketAddr, rejection: &[u8]) -> Vec<u8> {
    let rejection = String::from_utf8_lossy(rejection);
    let status = rejection.split(' ').nth(1);
    let status = status
        .and_then(|status| status.parse().ok())
        .unwrap_or(StatusCode::BAD_REQUEST);
    let date = rejection.lines().find(|line| line.starts_with("date:"));

    let mut request = Request::new(Body::empty());
    // Neither is known: whatever they were, it could not be read.
    *request.method_mut() = Method::from_bytes(b"UNREADABLE").unwrap_or_default();
    *request.uri_mut() = Uri::from_static("*");
    request.extensions_mut().insert(ClientAddress(peer));
    request.extensions_mut().insert(Unreadable(status));
    let Ok(response) = router.clone().call(request).await;
    write(response, date).await
}

/// As HTTP/1.1.
async fn write(response: Response, date: Option<&str>) -> Vec<u8> {
    let (head, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .map_or_else(|_| Bytes::new(), Collected::to_bytes);
    let mut text = format!("HTTP/1.1 {}\r\nconnection: close\r\n", head.status);
    if let Some(date) = date {
        // Writing into a String does not fail.
        let _ = write!(text, "{date}\r\n");
    }
    let mut bytes = text.into_bytes();
    let of_the_connection = |name: &_| *name == axum::http::header::CONNECTION;
    for (name, value) in head.headers.iter().filter(|(name, _)| !of_the_connection(name)) {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes
}
