//! Reading rows: every column into the domain's own type. What cannot be is told by table, column and row.

use std::fmt;

use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};
use uuid::Uuid;

use super::StoreError;
use crate::domain::time::Timestamp;

/// The columns of one table in a row.
pub(super) struct Fields<'r> {
    row: &'r SqliteRow,
    table: &'static str,
    prefix: &'static str,
    id: String,
}

impl<'r> Fields<'r> {
    /// The columns of `table`; `id` is how an error names the row.
    pub(super) fn of(row: &'r SqliteRow, table: &'static str, id: impl fmt::Display) -> Self {
        Self::joined(row, table, "", id)
    }

    /// The columns of a joined table, which the statement names with `prefix` in front.
    pub(super) fn joined(
        row: &'r SqliteRow,
        table: &'static str,
        prefix: &'static str,
        id: impl fmt::Display,
    ) -> Self {
        let id = id.to_string();
        Self {
            row,
            table,
            prefix,
            id,
        }
    }

    /// A column of a type that the database knows.
    pub(super) fn value<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        let read = if self.prefix.is_empty() {
            self.row.try_get(column)
        } else {
            self.row.try_get(format!("{}{column}", self.prefix).as_str())
        };
        read.map_err(|error| match error {
            sqlx::Error::ColumnDecode { .. } => self.corrupt(column),
            error => error.into(),
        })
    }

    /// A column that `parse` makes something of.
    pub(super) fn parsed<R, T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(R) -> Option<T>,
    ) -> Result<T, StoreError>
    where
        R: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        parse(self.value(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// As [`Self::parsed`], of a column that may be null.
    pub(super) fn parsed_if_any<R, T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(R) -> Option<T>,
    ) -> Result<Option<T>, StoreError>
    where
        R: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        let value: Option<R> = self.value(column)?;
        value
            .map(|value| parse(value).ok_or_else(|| self.corrupt(column)))
            .transpose()
    }

    /// A moment.
    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.parsed(column, Timestamp::from_unix_micros)
    }

    /// A moment that may be missing.
    pub(super) fn time_if_any(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        self.parsed_if_any(column, Timestamp::from_unix_micros)
    }

    /// A hash.
    pub(super) fn hash<const N: usize>(&self, column: &'static str) -> Result<[u8; N], StoreError> {
        self.parsed(column, |bytes: &[u8]| bytes.try_into().ok())
    }

    /// A hash that may be missing.
    pub(super) fn hash_if_any<const N: usize>(
        &self,
        column: &'static str,
    ) -> Result<Option<[u8; N]>, StoreError> {
        self.parsed_if_any(column, |bytes: &[u8]| bytes.try_into().ok())
    }

    /// Moments, kept as a JSON array of microseconds; none where there is no array.
    pub(super) fn times(&self, column: &'static str) -> Result<Vec<Timestamp>, StoreError> {
        let json: Option<&str> = self.value(column)?;
        let micros: Option<Vec<i64>> = json.map_or(Some(Vec::new()), |json| serde_json::from_str(json).ok());
        let times = micros.and_then(|micros| micros.into_iter().map(Timestamp::from_unix_micros).collect());
        times.ok_or_else(|| self.corrupt(column))
    }

    /// The error for a column that was read and makes no sense.
    pub(super) fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column,
            id: self.id.clone(),
        }
    }
}

/// The id of a row, before anything else of it is read.
pub(super) fn id_of(row: &SqliteRow, table: &'static str, column: &'static str) -> Result<Uuid, StoreError> {
    Fields::of(row, table, "a row").value(column)
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::*;

    #[tokio::test]
    async fn what_cannot_be_read_is_told_by_table_column_and_row() {
        let mut connection = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let statement =
            "SELECT x'0102' AS hash, 'never' AS status, NULL AS at, '[1,\"x\"]' AS guessed_at, 256 AS sends,
                                9223372036854775807 AS made_at";
        let row = sqlx::query(statement).fetch_one(&mut connection).await.unwrap();
        let fields = Fields::of(&row, "messages", "msg_1");
        let told = |error: StoreError| error.to_string();
        let expected = |column: &str| format!("messages.{column} of msg_1 holds something unreadable");
        assert_eq!(told(fields.hash::<32>("hash").unwrap_err()), expected("hash"));
        assert_eq!(
            told(fields.parsed("status", |_: &str| None::<()>).unwrap_err()),
            expected("status")
        );
        assert_eq!(
            told(fields.times("guessed_at").unwrap_err()),
            expected("guessed_at")
        );
        assert_eq!(told(fields.value::<u8>("sends").unwrap_err()), expected("sends"));
        assert_eq!(
            told(fields.time_if_any("made_at").unwrap_err()),
            expected("made_at")
        );
        assert_eq!(fields.time_if_any("at").unwrap(), None);
        assert_eq!(fields.times("at").unwrap(), []);
    }
}
