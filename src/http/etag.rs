//! `ETag` and `If-Match`, from the number that every change of a row raises (RFC 9110, sections 8.8.3 and 13.1.1).

use axum::extract::FromRequestParts;
use axum::http::header::{ETAG, IF_MATCH, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::problem::{Code, Problem};
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
        let mut response = axum::Json(self.body).into_response();
        if let Ok(value) = HeaderValue::from_str(&tag(self.version)) {
            response.headers_mut().insert(ETAG, value);
        }
        response
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
        let mut response = self.resource.into_response();
        *response.status_mut() = StatusCode::CREATED;
        if let Ok(value) = HeaderValue::from_str(&self.location) {
            response.headers_mut().insert(LOCATION, value);
        }
        response
    }
}

fn tag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// What the caller last saw, if it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Whether a change of the row at `version` may go on, and on which version it then must land.
    pub fn expect(&self, version: i64) -> Result<Expected, Problem> {
        match &self.0 {
            None => Ok(Expected::Any),
            Some(tags) if tags.iter().any(|given| given == "*") => Ok(Expected::Any),
            Some(tags) if tags.contains(&tag(version)) => Ok(Expected::Version(version)),
            Some(_) => Err(precondition_failed()),
        }
    }

    fn read(headers: &HeaderMap) -> Self {
        let lines: Vec<&str> = headers
            .get_all(IF_MATCH)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .collect();
        if !headers.contains_key(IF_MATCH) {
            return Self(None);
        }
        Self(Some(
            lines
                .iter()
                .flat_map(|line| line.split(','))
                .map(|tag| tag.trim().to_owned())
                .collect(),
        ))
    }
}

/// Somebody else has changed the resource.
#[must_use]
pub fn precondition_failed() -> Problem {
    Problem::new(
        Code::PreconditionFailed,
        "It has changed since it was read; read it again, then change it.",
    )
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::read(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(values: &[&str]) -> IfMatch {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, value.parse().unwrap());
        }
        IfMatch::read(&headers)
    }

    #[test]
    fn only_the_version_that_is_there_or_a_star_matches() {
        assert_eq!(if_match(&[]).expect(3).unwrap(), Expected::Any);
        assert_eq!(if_match(&["*"]).expect(3).unwrap(), Expected::Any);
        assert_eq!(
            if_match(&["\"v2\", \"v3\""]).expect(3).unwrap(),
            Expected::Version(3)
        );
        for other in ["\"v2\"", "v3", "W/\"v3\"", ""] {
            assert!(if_match(&[other]).expect(3).is_err(), "{other}");
        }
    }
}
