//! Lists: a page of at most 100, and the cursor of the next one, which is the id of the last item on the page before. An item that
//! is gone when its id comes back as a cursor is missed by nobody: the next page begins where it stood.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::extract::Query;
use super::problem::Problem;
use crate::domain::id::Id;
use crate::domain::parsed;

/// What a cursor takes.
pub(super) const CURSOR: &str = "must be \"next_cursor\" of the page before";

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub data: Vec<T>,
    /// Where the next page begins; `null` on the last.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// How many items a page has: 1–100.
#[derive(Debug, Clone, Copy)]
pub struct Limit(u32);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed::read(deserializer, "1", |limit: u32| {
            let fits = (1..=100).contains(&limit);
            fits.then_some(Self(limit)).ok_or("must be 1 to 100")
        })
    }
}

/// The id of the last item of the page before.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<I>(I);

impl<'de, I: Id> Deserialize<'de> for Cursor<I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed::read(deserializer, "", |id: String| {
            I::parse(&id).map(Self).ok_or(CURSOR)
        })
    }
}

/// Which page.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, bound = "I: Id")]
#[into_params(parameter_in = Query)]
pub struct PageQuery<I: PartialSchema> {
    /// How many, 1–100; 20 where it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<I>>,
}

/// At most `limit` items behind the one with the id `after`. As an argument of a handler: of a query of nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window<I> {
    /// How many, 1–100.
    pub limit: u32,
    /// The last item of the page before.
    pub after: Option<I>,
}

impl<I> Window<I> {
    /// What a request asks for.
    #[must_use]
    pub fn new(limit: Option<Limit>, cursor: Option<Cursor<I>>) -> Self {
        Self {
            limit: limit.map_or(20, |Limit(limit)| limit),
            after: cursor.map(|Cursor(id)| id),
        }
    }

    /// How many items to ask the store for: one more than wanted tells whether there is another page.
    #[must_use]
    pub fn to_fetch(&self) -> u32 {
        self.limit + 1
    }
}

impl<I: Id + PartialSchema, S: Sync> FromRequestParts<S> for Window<I> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(query) = Query::<PageQuery<I>>::from_request_parts(parts, state).await?;
        Ok(Self::new(query.limit, query.cursor))
    }
}

impl<T> Page<T> {
    /// The page that begins with the first of `items`, which are those behind `window.after`; `id` tells the id of each. Beside what is
    /// on the page only the first of the next one is looked at.
    pub fn of<I: Id>(
        items: impl IntoIterator<Item = T>,
        window: &Window<I>,
        id: impl FnOnce(&T) -> I,
    ) -> Self {
        let mut items = items.into_iter();
        let data: Vec<T> = items.by_ref().take(window.limit as usize).collect();
        let last = items.next().and(data.last());
        Self {
            next_cursor: last.map(|last| id(last).to_string()),
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use uuid::Uuid;

    use super::*;
    use crate::document::{from_query, read};
    use crate::domain::id::MessageId;

    fn id(number: u128) -> MessageId {
        MessageId(Uuid::from_u128(number))
    }

    fn window(limit: u32, cursor: Option<u128>) -> Window<MessageId> {
        Window {
            limit,
            after: cursor.map(id),
        }
    }

    fn page(all: &[u128], window: &Window<MessageId>) -> (Vec<u128>, Option<String>) {
        let behind = all
            .iter()
            .filter(|number| window.after.is_none_or(|after| id(**number) > after));
        let page = Page::of(behind.copied(), window, |number| id(*number));
        (page.data, page.next_cursor)
    }

    #[test]
    fn a_page_begins_behind_its_cursor_even_where_that_item_is_gone() {
        let all = [1, 2, 4, 5];
        assert_eq!(
            page(&all, &window(2, None)),
            (vec![1, 2], Some(id(2).to_string()))
        );
        assert_eq!(page(&all, &window(2, Some(2))), (vec![4, 5], None));
        assert_eq!(
            page(&all, &window(1, Some(3))),
            (vec![4], Some(id(4).to_string()))
        );
        assert_eq!(page(&all, &window(1, Some(9))), (vec![], None));
        assert_eq!(page(&[], &window(1, None)), (vec![], None));
    }

    #[test]
    fn only_what_is_on_a_page_is_looked_at_and_one_more() {
        let taken = Cell::new(0);
        let behind = (0..10_000).inspect(|_| taken.set(taken.get() + 1));
        let page = Page::of(behind, &window(100, None), |number| id(*number));
        assert_eq!((page.data.len(), taken.get()), (100, 101));
    }

    #[test]
    fn limit_and_cursor_are_refused_together() {
        let given = from_query("limit=101&cursor=msg_1").unwrap();
        let mistakes = read::<PageQuery<MessageId>>(&given).finish().unwrap_err();
        let pointers: Vec<_> = mistakes.iter().map(|mistake| mistake.place.pointer()).collect();
        assert_eq!(pointers, ["/cursor", "/limit"]);
    }
}
