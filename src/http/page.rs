//! Lists: a page of at most 100, and the cursor of the next one.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use crate::domain::field::FieldError;

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub data: Vec<T>,
    /// Where the next page begins; `null` on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Which page.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many, 1–100; 20 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Reads a limit of 1–100, 20 where there is none.
pub fn read_limit(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(20) {
        limit @ 1..=100 => Ok(limit),
        _ => Err(Problem::validation(vec![FieldError::new(
            "/limit",
            "must be 1 to 100",
        )])),
    }
}

/// A cursor that no page has given.
#[must_use]
pub fn invalid_cursor() -> Problem {
    Problem::validation(vec![FieldError::new(
        "/cursor",
        "must be \"next_cursor\" of the page before",
    )])
}

impl<T> Page<T> {
    /// The page of `all` that `query` asks for. The cursor is the id of the last item on the page before.
    pub fn of(all: Vec<T>, query: &PageQuery, id: impl Fn(&T) -> String) -> Result<Self, Problem> {
        let limit = read_limit(query.limit)? as usize;
        let start = match &query.cursor {
            None => 0,
            Some(cursor) => {
                all.iter()
                    .position(|item| id(item) == *cursor)
                    .ok_or_else(invalid_cursor)?
                    + 1
            }
        };
        let more = all.len() > start + limit;
        let data: Vec<T> = all.into_iter().skip(start).take(limit).collect();
        let next_cursor = if more { data.last().map(id) } else { None };
        Ok(Self { data, next_cursor })
    }
}
