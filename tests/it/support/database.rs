//! A database for one test: a SQLite file of its own, or with `OTPOST_TEST_POSTGRES_URL` a Postgres database of its own,
//! copied from a template whose tables are up to date. It goes when the test ends.

use std::ops::Deref;
use std::sync::Arc;

use otpost::store::{SharedStore, StoreError, sqlite};
use sqlx::Connection as _;
use tempfile::TempDir;

use self::postgres::PostgresDatabase;

mod postgres;

/// The most connections a test's store has.
const MAX_CONNECTIONS: u32 = 8;

/// As many operations as are carried out at once. On a server that is as many as the store has connections for what is no check
/// of a code: where all cores are busy with something else, those that wait for a connection behind others are told to come again
/// after two seconds. A file's writer takes all that has queued up in one transaction, so there more are under way.
pub fn at_once() -> usize {
    match postgres::maintenance_url() {
        Some(_) => (MAX_CONNECTIONS - MAX_CONNECTIONS / 4) as usize,
        None => 64,
    }
}

/// A fresh database with its store.
pub struct Database {
    store: SharedStore,
    url: String,
    // Dropped last, when nothing uses the database any more.
    _place: Place,
}

enum Place {
    File(#[expect(dead_code, reason = "removes the directory when it is dropped")] TempDir),
    Server(#[expect(dead_code, reason = "drops the database when it is dropped")] PostgresDatabase),
}

impl Database {
    /// Makes a database that nothing was written to.
    pub async fn fresh() -> Self {
        let (url, place) = if let Some(maintenance) = postgres::maintenance_url() {
            let database = PostgresDatabase::create(&maintenance).await;
            (database.url.clone(), Place::Server(database))
        } else {
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("otpost.db");
            (format!("sqlite://{}", file.display()), Place::File(directory))
        };
        let store = connect(&url).await.unwrap();
        Self {
            store,
            url,
            _place: place,
        }
    }

    /// The store, as the service holds it.
    pub fn store(&self) -> SharedStore {
        Arc::clone(&self.store)
    }

    /// Its URL, for a service of its own.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is on a Postgres server.
    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    /// Bytes as a statement has them.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let hex = hex::encode(bytes);
        if self.is_postgres() {
            format!(r"'\x{hex}'::bytea")
        } else {
            format!("x'{hex}'")
        }
    }

    /// Carries a statement out behind the store's back. Answers how many rows it touched.
    pub async fn run(&self, statement: String) -> Result<u64, sqlx::Error> {
        let query = sqlx::AssertSqlSafe(statement);
        if self.is_postgres() {
            let mut beside = sqlx::PgConnection::connect(&self.url).await?;
            Ok(sqlx::query(query).execute(&mut beside).await?.rows_affected())
        } else {
            let mut beside = sqlx::SqliteConnection::connect(&self.url).await?;
            Ok(sqlx::query(query).execute(&mut beside).await?.rows_affected())
        }
    }

    /// A further store on the same database, as another process has it.
    pub async fn second_store(&self) -> SharedStore {
        connect(&self.url).await.unwrap()
    }
}

impl Deref for Database {
    type Target = SharedStore;

    fn deref(&self) -> &Self::Target {
        &self.store
    }
}

/// A database without any table: a SQLite file that is not there yet, or a new Postgres database.
pub struct EmptyDatabase(Empty);

enum Empty {
    File(TempDir),
    Server(PostgresDatabase),
}

impl EmptyDatabase {
    /// Makes it.
    pub async fn create() -> Self {
        Self(match postgres::maintenance_url() {
            Some(maintenance) => Empty::Server(PostgresDatabase::create_empty(&maintenance).await),
            None => Empty::File(tempfile::tempdir().unwrap()),
        })
    }

    /// Its URL.
    pub fn url(&self) -> String {
        match &self.0 {
            Empty::File(directory) => format!("sqlite://{}", directory.path().join("otpost.db").display()),
            Empty::Server(database) => database.url.clone(),
        }
    }

    /// Whether the service demands a keys file rather than making one.
    pub fn wants_keys(&self) -> bool {
        matches!(self.0, Empty::Server(_))
    }
}

/// Opens a store on the database at `url`.
pub async fn connect(url: &str) -> Result<SharedStore, StoreError> {
    if url.starts_with("postgres") {
        return postgres::connect(url, MAX_CONNECTIONS).await;
    }
    Ok(Arc::new(sqlite::connect(url, MAX_CONNECTIONS).await?))
}
