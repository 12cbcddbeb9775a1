//! Opening the file: where it lies, how every connection to it is set up, and what is wrong when it cannot be used.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection, SqlitePool};

use super::{
    BUSY, CANNOT_OPEN, FULL, LOCKED, NOT_A_DATABASE, READ_ONLY, StoreError, primary_code, unavailable,
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a statement waits for another process that is writing to the same file: as long as an operation waits for a
/// connection to a server, for a caller is better told to come again than kept.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a read waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a start waits for another one that is bringing the same file up to date. Nobody waits for an answer then, and
/// giving up would take the service out of work.
const STARTING_TIMEOUT: Duration = Duration::from_secs(30);
/// Switching a new file to WAL does not always wait for another process that does the same; we do, for [`STARTING_TIMEOUT`].
const OPENING_TRIES: u32 = 300;
const OPENING_WAIT: Duration = Duration::from_millis(100);

/// What is wrong with a database file.
#[derive(Debug, thiserror::Error)]
pub enum UnusableFile {
    /// Not a SQLite URL, or one of a database in memory.
    #[error("`{0}` does not name a SQLite file; write sqlite://data/otpost.db")]
    NotAFileUrl(String),
    /// The path names a directory.
    #[error("{} is a directory; name a file in it", .0.display())]
    Directory(PathBuf),
    /// The file or its directory could not be made.
    #[error("{} cannot be created", .path.display())]
    NotCreated {
        /// What was to be made.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// It can be read and not written.
    #[error("{} or its directory is read-only, and SQLite must write to both", .0.display())]
    ReadOnly(PathBuf),
    /// It cannot be opened at all.
    #[error("{} cannot be opened; this user must be able to read and write it and its directory", .0.display())]
    NotOpened(PathBuf),
    /// It is something else.
    #[error("{} is not a SQLite database", .0.display())]
    NotADatabase(PathBuf),
    /// The disk is full.
    #[error("there is no space left on the disk of {}", .0.display())]
    DiskFull(PathBuf),
    /// Another process keeps it locked.
    #[error("{} is locked by another process", .0.display())]
    Locked(PathBuf),
    /// A newer release has changed its tables.
    #[error("{} was written by a newer release of this service", .0.display())]
    Newer(PathBuf),
    /// Its tables could not be brought up to date.
    #[error("the tables of {} cannot be brought up to date", .path.display())]
    NotMigrated {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: MigrateError,
    },
    /// Anything else.
    #[error("{} cannot be used", .path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: sqlx::Error,
    },
}

impl From<UnusableFile> for StoreError {
    fn from(reason: UnusableFile) -> Self {
        unavailable(reason)
    }
}

/// The file and how connections to it are made.
#[derive(Debug, Clone)]
pub(super) struct DatabaseFile {
    options: SqliteConnectOptions,
}

impl DatabaseFile {
    pub(super) fn named(url: &str) -> Result<Self, StoreError> {
        let in_memory = url.contains(":memory:") || url.contains("mode=memory");
        let options = SqliteConnectOptions::from_str(url).ok().filter(|options| {
            !in_memory && !url.starts_with("postgres") && !options.get_filename().as_os_str().is_empty()
        });
        let options = options.ok_or_else(|| UnusableFile::NotAFileUrl(url.to_owned()))?;
        // The file is made by us, with our mode; where it has gone missing later, an empty one must not take its place.
        let options = options
            .create_if_missing(false)
            .foreign_keys(true)
            // Else the journal of a savepoint is a temporary file, and where the root is read-only there is no place for it.
            .pragma("temp_store", "memory")
            .busy_timeout(BUSY_TIMEOUT);
        Ok(Self { options })
    }

    /// Connections from now on do not let the file grow beyond so many pages, or those that it has.
    #[cfg(test)]
    pub(super) fn with_at_most(self, pages: u32) -> Self {
        let options = self.options.pragma("max_page_count", pages.to_string());
        Self { options }
    }

    fn path(&self) -> &Path {
        self.options.get_filename()
    }

    /// Makes what is missing, migrates, and answers a connection for the writer.
    pub(super) async fn open_up_to_date(&self) -> Result<SqliteConnection, StoreError> {
        self.create()?;
        let mut connection = self.open_patiently().await?;
        self.wait_for_others(&mut connection, STARTING_TIMEOUT).await?;
        self.migrate(&mut connection).await?;
        self.wait_for_others(&mut connection, BUSY_TIMEOUT).await?;
        Ok(connection)
    }

    /// A connection to the file as it is; `None` where there is none.
    pub(super) async fn open_as_it_is(&self) -> Result<Option<SqliteConnection>, StoreError> {
        if !self.path().exists() {
            return Ok(None);
        }
        Ok(Some(self.open_patiently().await?))
    }

    /// A connection that writes. `synchronous=FULL` makes a commit in WAL mode survive a power cut.
    pub(super) async fn open_for_writing(&self) -> Result<SqliteConnection, sqlx::Error> {
        let options = self.options.clone().journal_mode(SqliteJournalMode::Wal);
        options.synchronous(SqliteSynchronous::Full).connect().await
    }

    /// Connections that only read. They are opened when they are needed.
    pub(super) fn readers(&self, max_connections: u32) -> SqlitePool {
        SqlitePoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(self.options.clone().pragma("query_only", "on"))
    }

    fn create(&self) -> Result<(), UnusableFile> {
        let path = self.path();
        if path.is_dir() {
            return Err(UnusableFile::Directory(path.to_owned()));
        }
        let not_created = |path: &Path| {
            let path = path.to_owned();
            move |source| UnusableFile::NotCreated { path, source }
        };
        let directory = path
            .parent()
            .filter(|directory| !directory.as_os_str().is_empty());
        if let Some(directory) = directory {
            create_private_directory(directory).map_err(not_created(directory))?;
        }
        // An existing file is not even opened: closing it would let go of the locks that SQLite holds on it elsewhere
        // in this process.
        if !path.exists() {
            create_private_file(path).map_err(not_created(path))?;
        }
        Ok(())
    }

    async fn open_patiently(&self) -> Result<SqliteConnection, UnusableFile> {
        let mut tries = 1;
        loop {
            match self.open_for_writing().await {
                Err(error) if is_busy(&error) && tries < OPENING_TRIES => {
                    tokio::time::sleep(OPENING_WAIT).await;
                }
                outcome => return outcome.map_err(|error| self.explain(error)),
            }
            tries += 1;
        }
    }

    /// Sets how long the connection's statements wait for another process that is writing.
    async fn wait_for_others(
        &self,
        connection: &mut SqliteConnection,
        timeout: Duration,
    ) -> Result<(), UnusableFile> {
        let statement = format!("PRAGMA busy_timeout = {}", timeout.as_millis());
        let set = sqlx::query(AssertSqlSafe(statement)).execute(connection).await;
        set.map(drop).map_err(|error| self.explain(error))
    }

    /// All migrations in one transaction that holds the write lock, so that of several processes one migrates and
    /// the others find it done.
    async fn migrate(&self, connection: &mut SqliteConnection) -> Result<(), UnusableFile> {
        let explain = |error| self.explain(error);
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(explain)?;
        MIGRATIONS
            .run_direct(None, &mut *transaction, false)
            .await
            .map_err(|error| self.explain_migration(error))?;
        transaction.commit().await.map_err(explain)
    }

    fn explain_migration(&self, error: MigrateError) -> UnusableFile {
        let path = self.path().to_owned();
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
                if code(&error).is_some() =>
            {
                self.explain(error)
            }
            MigrateError::VersionMissing(_) => UnusableFile::Newer(path),
            source => UnusableFile::NotMigrated { path, source },
        }
    }

    fn explain(&self, source: sqlx::Error) -> UnusableFile {
        let path = self.path().to_owned();
        match code(&source) {
            Some(READ_ONLY) => UnusableFile::ReadOnly(path),
            Some(CANNOT_OPEN) => UnusableFile::NotOpened(path),
            Some(NOT_A_DATABASE) => UnusableFile::NotADatabase(path),
            Some(FULL) => UnusableFile::DiskFull(path),
            Some(BUSY | LOCKED) => UnusableFile::Locked(path),
            _ => UnusableFile::Other { path, source },
        }
    }
}

fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error().and_then(primary_code)
}

fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(BUSY | LOCKED))
}

/// Whoever can read the file has the recipients, so nobody else may. SQLite gives the mode to the files beside it.
fn create_private_file(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // Another process was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome.map(drop),
    }
}

fn create_private_directory(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{connect, migrate};

    fn reason(error: StoreError) -> String {
        match error {
            StoreError::Unavailable(reason) => reason.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn no_temporary_file_is_needed() {
        let place = tempfile::tempdir().unwrap();
        let file = DatabaseFile::named(&format!("sqlite://{}/otpost.db", place.path().display())).unwrap();
        let mut connection = file.open_up_to_date().await.unwrap();
        let store: i64 = sqlx::query_scalar("PRAGMA temp_store")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(store, 2, "2 is memory");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_and_its_directory_are_made_and_nobody_elses_to_read() {
        use std::os::unix::fs::PermissionsExt;

        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("data");
        let file = directory.join("otpost.db");
        let store = connect(&format!("sqlite://{}", file.display()), 2).await.unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
        assert_eq!(mode(&directory.join("otpost.db-wal")), 0o600);
        crate::store::Maintenance::close(&store).await;
        assert!(
            !directory.join("otpost.db-wal").exists(),
            "the log is written back when the store is closed"
        );
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_used_is_told_with_its_reason() {
        let place = tempfile::tempdir().unwrap();
        let reason_of = async |name: &str| {
            let url = format!("sqlite://{}/{name}", place.path().display());
            reason(connect(&url, 2).await.unwrap_err())
        };
        std::fs::create_dir(place.path().join("directory")).unwrap();
        assert!(
            reason_of("directory")
                .await
                .ends_with("directory is a directory; name a file in it")
        );
        std::fs::write(place.path().join("letter"), "Dear reader, ".repeat(200)).unwrap();
        assert!(
            reason_of("letter")
                .await
                .ends_with("letter is not a SQLite database")
        );
        assert!(
            reason_of("letter/otpost.db")
                .await
                .ends_with("letter cannot be created")
        );
        drop(std::fs::File::create(place.path().join("plain")).unwrap());
        let read_only = reason_of("plain?mode=ro").await;
        assert!(
            read_only.ends_with("plain or its directory is read-only, and SQLite must write to both"),
            "{read_only}"
        );
    }

    #[tokio::test]
    async fn what_names_no_file_is_refused() {
        for url in [
            "sqlite::memory:",
            "sqlite://a?mode=memory",
            "sqlite://",
            "postgres://db/otpost",
        ] {
            assert!(
                reason(migrate(url).await.unwrap_err()).contains("does not name a SQLite file"),
                "{url}"
            );
        }
    }

    #[tokio::test]
    async fn a_file_of_a_newer_release_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/otpost.db", place.path().display());
        migrate(&url).await.unwrap();
        migrate(&url).await.unwrap();
        let mut connection = DatabaseFile::named(&url)
            .unwrap()
            .open_for_writing()
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (99991231235959, 'tomorrow', TRUE, x'00', 0)",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        connection.close().await.unwrap();
        let newer = reason(connect(&url, 2).await.unwrap_err());
        assert!(
            newer.ends_with("was written by a newer release of this service"),
            "{newer}"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_start_waits_longer_for_another_one_than_an_operation_for_its_place() {
        let place = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/otpost.db", place.path().display());
        migrate(&url).await.unwrap();
        let mut file = DatabaseFile::named(&url).unwrap();
        let mut other = file.open_for_writing().await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        // As if the time of an operation were over at once.
        file.options = file.options.busy_timeout(Duration::ZERO);
        let start = tokio::spawn(async move { file.open_up_to_date().await });
        tokio::time::sleep(OPENING_WAIT).await;
        assert!(!start.is_finished(), "{:?}", start.await);
        sqlx::query("COMMIT").execute(&mut other).await.unwrap();
        let mut connection = start.await.unwrap().unwrap();
        let timeout: i64 = sqlx::query_scalar("PRAGMA busy_timeout")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(u128::try_from(timeout), Ok(BUSY_TIMEOUT.as_millis()));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn processes_that_start_at_once_on_a_new_file_all_come_up() {
        let place = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/otpost.db", place.path().display());
        let starts: Vec<_> = (0..6)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { migrate(&url).await })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap();
        }
    }
}
