//! Query parameters: the documented ones, each at most once. A key or token in a query is never read, only refused.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::json::sentences;
use crate::document;
use crate::http::problem::{Code, Problem};

/// The query, read strictly.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// Of an operation that takes none: refuses any.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default())
            .map(Self)
            .map_err(|detail| Problem::new(Code::InvalidRequest, format!("In the query: {detail}")))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, String> {
    let parameters = document::from_query(query).map_err(|error| error.to_string())?;
    document::read(&parameters)
        .finish()
        .map_err(|mistakes| sentences(&mistakes))
}
