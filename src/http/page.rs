//! Lists: a page of at most 100, and the cursor of the next one, which is the id of the last item on the page before. An item that
//! is gone when its id comes back as a cursor is missed by nobody: the next page begins where it stood.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Problem;
use crate::domain::field::FieldError;
use crate::domain::id::Id;

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

/// Which page, read: at most `limit` items behind the one with the id `after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window<I> {
    /// How many, 1–100.
    pub limit: u32,
    /// The last item of the page before.
    pub after: Option<I>,
}

impl<I: Id> Window<I> {
    /// Reads `limit` and `cursor`, and tells what is wrong with each.
    pub fn read(limit: Option<u32>, cursor: Option<&str>, errors: &mut Vec<FieldError>) -> Self {
        let limit = limit.unwrap_or(20);
        if !(1..=100).contains(&limit) {
            errors.push(FieldError::new("/limit", "must be 1 to 100"));
        }
        let after = cursor.and_then(I::parse);
        if cursor.is_some() && after.is_none() {
            errors.push(invalid_cursor());
        }
        Self { limit, after }
    }

    /// How many items to ask the store for: one more than wanted tells whether there is another page.
    #[must_use]
    pub fn to_fetch(&self) -> u32 {
        self.limit + 1
    }
}

impl PageQuery {
    /// Reads both, with all that is wrong.
    pub fn read<I: Id>(&self) -> Result<Window<I>, Problem> {
        let mut errors = Vec::new();
        let window = Window::read(self.limit, self.cursor.as_deref(), &mut errors);
        if errors.is_empty() {
            Ok(window)
        } else {
            Err(Problem::validation(errors))
        }
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
        query: &PageQuery,
        id: impl Fn(&R) -> I,
        view: impl Fn(&R) -> T,
    ) -> Result<Self, Problem> {
        let window = query.read::<I>()?;
        let start = match window.after {
            None => 0,
            Some(after) => {
                let place = all.iter().position(|item| id(item) == after);
                place.ok_or_else(|| Problem::validation(vec![invalid_cursor()]))? + 1
            }
        };
        Ok(Self::of(all[start..].iter(), &window, id, view))
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

fn invalid_cursor() -> FieldError {
    FieldError::new("/cursor", "must be \"next_cursor\" of the page before")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use uuid::Uuid;

    use super::*;
    use crate::domain::id::MessageId;

    fn id(number: u128) -> MessageId {
        MessageId(Uuid::from_u128(number))
    }

    fn query(limit: u32, cursor: Option<u128>) -> PageQuery {
        PageQuery {
            limit: Some(limit),
            cursor: cursor.map(|number| id(number).to_string()),
        }
    }

    fn page(all: &[u128], query: &PageQuery) -> (Vec<u128>, Option<String>) {
        let window = query.read::<MessageId>().unwrap();
        let behind = all
            .iter()
            .filter(|number| window.after.is_none_or(|after| id(**number) > after));
        let page = Page::of(behind, &window, |number| id(*number), |number| *number);
        (page.data, page.next_cursor)
    }

    #[test]
    fn a_page_begins_behind_its_cursor_even_where_that_item_is_gone() {
        let all = [1, 2, 4, 5];
        assert_eq!(page(&all, &query(2, None)), (vec![1, 2], Some(id(2).to_string())));
        assert_eq!(page(&all, &query(2, Some(2))), (vec![4, 5], None));
        assert_eq!(page(&all, &query(1, Some(3))), (vec![4], Some(id(4).to_string())));
        assert_eq!(page(&all, &query(1, Some(9))), (vec![], None));
        assert_eq!(page(&[], &query(1, None)), (vec![], None));
    }

    #[test]
    fn only_what_is_on_a_page_is_looked_at() {
        let (taken, shown) = (Cell::new(0), Cell::new(0));
        let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
        let all: Vec<u128> = (0..10_000).collect();
        let window = query(100, None).read::<MessageId>().unwrap();
        let behind = all.iter().inspect(|_| count(&taken));
        Page::of(behind, &window, |number| id(*number), |_| count(&shown));
        assert_eq!((taken.get(), shown.get()), (101, 100));
    }

    #[test]
    fn limit_and_cursor_are_refused_together() {
        let query = PageQuery {
            limit: Some(101),
            cursor: Some("msg_1".to_owned()),
        };
        let mut errors = Vec::new();
        Window::<MessageId>::read(query.limit, query.cursor.as_deref(), &mut errors);
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.clone()).collect();
        assert_eq!(pointers, ["/limit", "/cursor"]);
    }
}
