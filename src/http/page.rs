//! Lists: a page of at most 100, and the cursor of the next one, which is the id of the last item on the page before. An item that
//! is gone when its id comes back as a cursor is missed by nobody: the next page begins where it stood.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::problem::{FieldError, Problem};
use crate::document::Draft;
use crate::domain::id::Id;
use crate::domain::parsed;

const NO_CURSOR: &str = "must be \"next_cursor\" of the page before";

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
            I::parse(&id).map(Self).ok_or(NO_CURSOR)
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

/// At most `limit` items behind the one with the id `after`.
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

    /// What a query of nothing else asks for.
    pub fn of(query: Draft<PageQuery<I>>) -> Result<Self, Problem>
    where
        I: PartialSchema,
    {
        let query = query.finish()?;
        Ok(Self::new(query.limit, query.cursor))
    }

    /// How many items to ask the store for: one more than wanted tells whether there is another page.
    #[must_use]
    pub fn to_fetch(&self) -> u32 {
        self.limit + 1
    }
}

impl<T> Page<T> {
    /// The page that begins with the first of `behind`, which is what stands behind `window.after`: only what is on the page is
    /// looked at.
    pub fn of<'a, R: 'a, I: Id>(
        behind: impl Iterator<Item = &'a R>,
        window: &Window<I>,
        id: impl Fn(&R) -> I,
        view: impl Fn(&R) -> T,
    ) -> Self {
        let found: Vec<&R> = behind.take(window.to_fetch() as usize).collect();
        Self::fetched(found, window, |item| id(item), view)
    }

    /// As [`Page::of`], for a few items in an order of their own, none of which ever goes.
    pub fn of_few<R, I: Id>(
        all: &[R],
        window: &Window<I>,
        id: impl Fn(&R) -> I,
        view: impl Fn(&R) -> T,
    ) -> Result<Self, Problem> {
        let place = |after| all.iter().position(|item| id(item) == after);
        let start = match window.after.map(place) {
            None => 0,
            Some(Some(last)) => last + 1,
            Some(None) => return Err(Problem::validation(vec![FieldError::new("/cursor", NO_CURSOR)])),
        };
        Ok(Self::of(all[start..].iter(), window, id, view))
    }

    /// The page of what a store answered that was asked for [`Window::to_fetch`] items.
    pub fn fetched<R, I: Id>(
        mut found: Vec<R>,
        window: &Window<I>,
        id: impl Fn(&R) -> I,
        view: impl Fn(R) -> T,
    ) -> Self {
        let more = found.len() > window.limit as usize;
        found.truncate(window.limit as usize);
        let last = found.last().filter(|_| more);
        Self {
            next_cursor: last.map(|last| id(last).to_string()),
            data: found.into_iter().map(view).collect(),
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
        let page = Page::of(behind, window, |number| id(*number), |number| *number);
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
    fn only_what_is_on_a_page_is_looked_at() {
        let (taken, shown) = (Cell::new(0), Cell::new(0));
        let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
        let all: Vec<u128> = (0..10_000).collect();
        let window = window(100, None);
        let behind = all.iter().inspect(|_| count(&taken));
        Page::of(behind, &window, |number| id(*number), |_| count(&shown));
        assert_eq!((taken.get(), shown.get()), (101, 100));
    }

    #[test]
    fn limit_and_cursor_are_refused_together() {
        let given = from_query("limit=101&cursor=msg_1").unwrap();
        let mistakes = read::<PageQuery<MessageId>>(&given).finish().unwrap_err();
        let pointers: Vec<_> = mistakes.iter().map(|mistake| mistake.place.pointer()).collect();
        assert_eq!(pointers, ["/cursor", "/limit"]);
    }
}
