//! One statement for many rows: found by a list of keys, or written with a list of values.

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use super::StoreError;

/// A statement with its values bound, or on the way to it.
pub(super) type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// The most rows of one statement.
const LARGEST: usize = 64;

/// Keys of 16 bytes as one parameter. In a statement they are `(SELECT unhex(value) FROM json_each(?1))`.
pub(super) fn key_list<'k>(keys: impl IntoIterator<Item = &'k [u8; 16]>) -> String {
    let keys: Vec<String> = keys.into_iter().map(hex::encode).collect();
    serde_json::json!(keys).to_string()
}

/// A statement that writes a list of rows.
pub(super) struct Write {
    /// What stands before the rows.
    pub(super) before: &'static str,
    /// A row: as many `?` as it has values.
    pub(super) row: &'static str,
    /// What stands behind the rows.
    pub(super) after: &'static str,
}

impl Write {
    /// The statement for so many rows.
    pub(super) fn of(&self, rows: usize) -> String {
        let rows = vec![self.row; rows].join(", ");
        format!("{} {rows} {}", self.before, self.after)
    }

    /// Writes all rows and answers what the statement returns. They go in groups whose sizes are powers of two, so that there are few
    /// statements to prepare, and each is kept.
    pub(super) async fn fetch<'q, T>(
        &self,
        db: &mut SqliteConnection,
        rows: &'q [T],
        bind: impl Fn(Query<'q>, &'q T) -> Query<'q>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let mut returned = Vec::new();
        let mut rest = rows;
        while !rest.is_empty() {
            let (group, behind) = rest.split_at(group_size(rest.len()));
            let statement = sqlx::query(AssertSqlSafe(self.of(group.len())));
            let bound = group.iter().fold(statement, &bind);
            returned.extend(bound.fetch_all(&mut *db).await?);
            rest = behind;
        }
        Ok(returned)
    }

    /// Writes all rows.
    pub(super) async fn execute<'q, T>(
        &self,
        db: &mut SqliteConnection,
        rows: &'q [T],
        bind: impl Fn(Query<'q>, &'q T) -> Query<'q>,
    ) -> Result<(), StoreError> {
        self.fetch(db, rows, bind).await.map(drop)
    }
}

/// The largest power of two that is not more than `rows`.
fn group_size(rows: usize) -> usize {
    1 << rows.clamp(1, LARGEST).ilog2()
}

/// Ids of 16 bytes that stand one after the other.
pub(super) fn split_ids(bytes: &[u8]) -> Vec<[u8; 16]> {
    bytes.as_chunks().0.to_vec()
}

/// The ids in a column of a table, one a row, for statements that begin with it: `WITH RECURSIVE … ids (id)`.
macro_rules! ids_in {
    ($table:literal, $column:literal, $condition:literal) => {
        concat!(
            "WITH RECURSIVE ids (id, others) AS (SELECT substr(",
            $column,
            ", 1, 16), substr(",
            $column,
            ", 17) FROM ",
            $table,
            " WHERE ",
            $condition,
            " UNION ALL SELECT substr(others, 1, 16), substr(others, 17) FROM ids WHERE length(others) > 0) "
        )
    };
}
pub(super) use ids_in;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_in_groups_of_few_sizes() {
        let sizes = |mut rows: usize| {
            let mut sizes = Vec::new();
            while rows > 0 {
                sizes.push(group_size(rows));
                rows -= group_size(rows);
            }
            sizes
        };
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(100), [64, 32, 4]);
        assert_eq!(sizes(150), [64, 64, 16, 4, 2]);
    }
}
