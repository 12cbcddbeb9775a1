//! Query parameters: the documented ones, each at most once. A key or token in a query is never read, only refused.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::body::of_form;
use crate::document;
use crate::http::problem::{Code, Problem};

/// A query.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

/// Of an operation that takes none: refuses any.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let refused = |detail: String| Problem::new(Code::InvalidRequest, format!("In the query: {detail}"));
        let parameters = document::from_query(parts.uri.query().unwrap_or_default());
        let query = document::read(&parameters.map_err(|error| refused(error.to_string()))?);
        match of_form(query.mistakes()) {
            Some(detail) => Err(refused(detail)),
            None => Ok(Self(query.finish()?)),
        }
    }
}
