//! What the tables hold, read behind the service's back: for what must be gone.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::database::Database;

enum Server {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// The tables of a database.
pub struct Tables(Server);

impl Tables {
    /// Of the database of a test.
    pub async fn of(database: &Database) -> Self {
        let url = database.url();
        Self(if url.starts_with("postgres") {
            Server::Postgres(PgConnection::connect(url).await.unwrap())
        } else {
            Server::Sqlite(SqliteConnection::connect(url).await.unwrap())
        })
    }

    /// The names of the tables that have a column of this name.
    pub async fn with(&mut self, column: &str) -> Vec<String> {
        match &mut self.0 {
            Server::Postgres(connection) => {
                let statement = "SELECT table_name::text FROM information_schema.columns
                     WHERE table_schema = 'public' AND column_name = $1 ORDER BY table_name";
                let query = sqlx::query_scalar(statement).bind(column);
                query.fetch_all(connection).await.unwrap()
            }
            Server::Sqlite(connection) => {
                let statement = "SELECT t.name FROM sqlite_master t, pragma_table_info(t.name) c
                     WHERE t.type = 'table' AND c.name = ?1 ORDER BY t.name";
                let query = sqlx::query_scalar(statement).bind(column);
                query.fetch_all(connection).await.unwrap()
            }
        }
    }

    /// How many rows each table has whose `column` is the id `id`, as the wire has it. Tables without any are left out.
    pub async fn holding(&mut self, column: &str, id: &str) -> BTreeMap<String, i64> {
        let hex = id.rsplit('_').next().unwrap();
        let mut found = BTreeMap::new();
        for table in self.with(column).await {
            let id = match &self.0 {
                Server::Postgres(_) => format!("'{hex}'::uuid"),
                Server::Sqlite(_) => format!("x'{hex}'"),
            };
            let rows = self.count(&table, &format!("{column} = {id}")).await;
            if rows > 0 {
                found.insert(table, rows);
            }
        }
        found
    }

    /// How many rows of `table` meet a condition.
    pub async fn count(&mut self, table: &str, condition: &str) -> i64 {
        let statement = AssertSqlSafe(format!("SELECT count(*) FROM {table} WHERE {condition}"));
        match &mut self.0 {
            Server::Postgres(connection) => sqlx::query_scalar(statement).fetch_one(connection).await,
            Server::Sqlite(connection) => sqlx::query_scalar(statement).fetch_one(connection).await,
        }
        .unwrap()
    }
}
