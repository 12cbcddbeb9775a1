//! `ETag` and `If-Match`, from the number that every change of a row raises (RFC 9110, sections 8.8.3 and 13.1.1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::service::administration::Expected;

/// A resource with its version.
pub struct Tagged<T> {
    /// The version.
    pub version: i64,
    /// The resource.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        ([(ETAG, tag(self.version))], axum::Json(self.body)).into_response()
    }
}

/// A resource that was just made, and where it is.
pub struct Created<T> {
    /// `Location`.
    pub location: String,
    /// The resource.
    pub resource: Tagged<T>,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let location = [(LOCATION, self.location)];
        (StatusCode::CREATED, location, self.resource).into_response()
    }
}

fn tag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// The version that has this tag. A weak tag, and one that is none of ours, is of no version.
fn version(given: &str) -> Option<i64> {
    let version = given.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok()?;
    (tag(version) == given).then_some(version)
}

/// What the caller last saw, if it says so.
pub struct IfMatch(pub Expected);

impl IfMatch {
    fn read(headers: &HeaderMap) -> Expected {
        if !headers.contains_key(IF_MATCH) {
            return Expected::Any;
        }
        let lines = headers.get_all(IF_MATCH).iter();
        let tags: Vec<&str> = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .collect();
        if tags.contains(&"*") {
            return Expected::Any;
        }
        Expected::Versions(tags.into_iter().filter_map(version).collect())
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Self::read(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_change(values: &[&str], version: i64) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, value.parse().unwrap());
        }
        IfMatch::read(&headers).check(version).is_ok()
    }

    #[test]
    fn only_the_version_that_is_there_or_a_star_matches() {
        for some in [&[][..], &["*"], &["\"v2\", \"v3\""], &["\"v2\"", "\"x\", \"v3\""]] {
            assert!(may_change(some, 3), "{some:?}");
        }
        for other in ["\"v2\"", "v3", "W/\"v3\"", "\"v+3\"", "\"v03\"", "\"3\"", ""] {
            assert!(!may_change(&[other], 3), "{other}");
        }
    }
}
