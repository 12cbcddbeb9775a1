//! The one writer. Operations queue up for it; it carries out what has queued up in one transaction, each in a savepoint
//! of its own, commits once, and only then answers: an answer means durable.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bulk::Query;
use super::connection::DatabaseFile;
use super::{StoreError, unavailable};
use crate::store::batch::Failure;
use crate::store::write_health::{Effect, WriteHealth};

/// The most operations in one transaction: beyond this the cost of the commit is spread thin enough.
const MAX_BATCH: usize = 128;
/// The most operations that queue up; further callers wait to be queued.
const QUEUE: usize = 1_024;

/// The way to the writer.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Operation>>,
    closing: CancellationToken,
    tasks: TaskTracker,
    health: Arc<WriteHealth>,
}

/// The writer is gone, or was lost in the middle of an operation.
#[derive(Debug, thiserror::Error)]
#[error("the database is closed")]
struct Closed;

/// An operation broke off in the middle; nothing of it remains.
#[derive(Debug, thiserror::Error)]
#[error("the operation panicked")]
struct Panicked;

impl Writer {
    /// Starts the task that owns `connection`, and opens another one to `file` when this one fails.
    pub(super) fn start(file: DatabaseFile, connection: SqliteConnection) -> Self {
        let (queue, queued) = mpsc::channel(QUEUE);
        let (closing, tasks) = (CancellationToken::new(), TaskTracker::new());
        let task = WriterTask {
            file,
            connection: Some(connection),
            queued,
            closing: closing.clone(),
        };
        tasks.spawn(task.run());
        Self {
            queue,
            closing,
            tasks,
            health: Arc::default(),
        }
    }

    pub(super) fn health(&self) -> &WriteHealth {
        &self.health
    }

    /// Carries out `action` in a transaction and answers what it answers, once that is durable. When it answers an error,
    /// or the commit fails, nothing it did remains. A caller that stops waiting before its turn is passed over.
    pub(super) async fn write<T, F>(&self, action: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        self.try_write(action).await.map_err(Failure::into_reason)
    }

    /// Carries out one statement, and answers how many rows it has changed.
    pub(super) async fn execute(&self, statement: Query<'static>) -> Result<u64, StoreError> {
        self.write(|db| Box::pin(async { Ok(statement.execute(db).await?.rows_affected()) }))
            .await
    }

    /// As [`Self::write`], and tells what `action` answers from what all fail alike for.
    pub(super) async fn try_write<T, F>(&self, action: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let operation = Queued {
            action: Some(action),
            outcome: None,
            caller,
        };
        let outcome = match self.queue.send(Box::new(operation)).await {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(closed())),
            Err(_) => Err(closed()),
        };
        outcome.inspect_err(|failure| self.health.note_error(Effect::Writes, failure.reason()))
    }

    /// Takes no further operations and waits for those that are queued.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn closed() -> Failure {
    Failure::Lost(unavailable(Closed))
}

/// An operation in the queue, whatever its answer's type.
trait Operation: Send {
    /// Whether somebody still waits for the answer.
    fn is_awaited(&self) -> bool;
    /// Carries it out; `false` when what it did must be undone.
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool>;
    /// Tells the caller, now that it is durable.
    fn answer(self: Box<Self>);
    /// Tells the caller that nothing of it remains.
    fn fail(self: Box<Self>, reason: &Arc<sqlx::Error>);
}

struct Queued<T, F> {
    action: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, Failure>>,
}

impl<T, F> Operation for Queued<T, F>
where
    T: Send + 'static,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
{
    fn is_awaited(&self) -> bool {
        !self.caller.is_closed()
    }

    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            if let Some(action) = self.action.take() {
                let carried_out = AssertUnwindSafe(async { action(connection).await });
                let outcome = carried_out.catch_unwind().await;
                // The hook has told of it. What it did is rolled back with its savepoint; the others know nothing of it.
                self.outcome =
                    Some(outcome.unwrap_or_else(|_| Err(StoreError::Statement(Box::new(Panicked)))));
            }
            matches!(self.outcome, Some(Ok(_)))
        })
    }

    fn answer(self: Box<Self>) {
        let outcome = match self.outcome {
            Some(outcome) => outcome.map_err(Failure::Refused),
            None => Err(closed()),
        };
        // A caller that has gone away has no use for it.
        let _ = self.caller.send(outcome);
    }

    fn fail(self: Box<Self>, reason: &Arc<sqlx::Error>) {
        let _ = self
            .caller
            .send(Err(Failure::Lost(unavailable(Arc::clone(reason)))));
    }
}

struct WriterTask {
    file: DatabaseFile,
    connection: Option<SqliteConnection>,
    queued: mpsc::Receiver<Box<dyn Operation>>,
    closing: CancellationToken,
}

impl WriterTask {
    async fn run(mut self) {
        let closing = self.closing.clone();
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                biased;
                () = closing.cancelled(), if !self.queued.is_closed() => self.queued.close(),
                taken = self.queued.recv_many(&mut batch, MAX_BATCH) => {
                    if taken == 0 {
                        break;
                    }
                    self.carry_out(batch).await;
                }
            }
        }
        if let Some(connection) = self.connection
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the database was not closed in order");
        }
    }

    async fn carry_out(&mut self, mut batch: Vec<Box<dyn Operation>>) {
        batch.retain(|operation| operation.is_awaited());
        match self.commit(&mut batch).await {
            Ok(()) => {
                for operation in batch {
                    operation.answer();
                }
            }
            Err(reason) => {
                // Whatever state the connection is in, closing it rolls everything back.
                self.connection = None;
                let reason = Arc::new(reason);
                for operation in batch {
                    operation.fail(&reason);
                }
            }
        }
    }

    /// SQLite may roll the whole transaction back by itself when it runs out of space; the savepoint then is gone, and the
    /// error ends the batch before a further operation runs outside the transaction.
    async fn commit(&mut self, batch: &mut [Box<dyn Operation>]) -> Result<(), sqlx::Error> {
        if batch.is_empty() {
            return Ok(());
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.file.open_for_writing().await?,
        };
        let connection = self.connection.insert(connection);
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        for operation in batch {
            let mut savepoint = transaction.begin().await?;
            if operation.run(&mut savepoint).await {
                savepoint.commit().await?;
            } else {
                savepoint.rollback().await?;
            }
        }
        transaction.commit().await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt as _;

    use super::*;

    async fn writer(place: &tempfile::TempDir) -> Writer {
        let file = DatabaseFile::named(&format!("sqlite://{}/otpost.db", place.path().display())).unwrap();
        let connection = file.open_up_to_date().await.unwrap();
        Writer::start(file, connection)
    }

    /// A writer that may not make the file larger than `pages` once its first connection is gone.
    async fn writer_of_at_most(place: &tempfile::TempDir, pages: u32) -> Writer {
        let file = DatabaseFile::named(&format!("sqlite://{}/otpost.db", place.path().display())).unwrap();
        let connection = file.open_up_to_date().await.unwrap();
        Writer::start(file.with_at_most(pages), connection)
    }

    async fn execute(db: &mut SqliteConnection, statement: &'static str) -> Result<(), StoreError> {
        sqlx::query(statement).execute(db).await?;
        Ok(())
    }

    async fn revision(writer: &Writer) -> i64 {
        let read = writer.write(|db| {
            Box::pin(async move {
                let query = sqlx::query_scalar("SELECT revision FROM installation");
                Ok(query.fetch_one(db).await?)
            })
        });
        read.await.unwrap()
    }

    const RAISE: &str = "UPDATE installation SET revision = revision + 1";

    #[tokio::test]
    async fn an_operation_that_fails_is_undone_alone() {
        let place = tempfile::tempdir().unwrap();
        let writer = writer(&place).await;
        let before = revision(&writer).await;
        let good = || writer.write(|db| Box::pin(execute(db, RAISE)));
        let bad = writer.write(|db| {
            Box::pin(async move {
                execute(db, RAISE).await?;
                execute(db, "INSERT INTO installation (id, revision) VALUES (2, 2)").await
            })
        });
        let (first, failed, second) = tokio::join!(good(), bad, good());
        assert!(matches!(failed, Err(StoreError::Statement(_))), "{failed:?}");
        first.and(second).unwrap();
        assert_eq!(revision(&writer).await, before + 2);
    }

    #[tokio::test]
    async fn an_operation_that_panics_is_undone_alone_and_the_writer_goes_on() {
        let place = tempfile::tempdir().unwrap();
        let writer = writer(&place).await;
        let before = revision(&writer).await;
        let good = || writer.write(|db| Box::pin(execute(db, RAISE)));
        let at_once = writer.write::<(), _>(|_| panic!("before it begins"));
        let in_the_middle = writer.write::<(), _>(|db| {
            Box::pin(async move {
                execute(db, RAISE).await?;
                let mut within = db.begin().await?;
                execute(&mut within, RAISE).await?;
                let mut rows = sqlx::query("VALUES (1), (2)").fetch(&mut *within);
                rows.try_next().await?;
                panic!("in a transaction within, while rows are coming");
            })
        });
        let (first, at_once, second, in_the_middle, third) =
            tokio::join!(good(), at_once, good(), in_the_middle, good());
        for panicked in [at_once, in_the_middle] {
            assert!(matches!(panicked, Err(StoreError::Statement(_))), "{panicked:?}");
        }
        first.and(second).and(third).unwrap();
        assert_eq!(revision(&writer).await, before + 3);
        good().await.unwrap();
        assert_eq!(revision(&writer).await, before + 4);
    }

    #[tokio::test]
    async fn nothing_of_a_batch_remains_when_its_commit_fails_and_the_writer_goes_on() {
        let place = tempfile::tempdir().unwrap();
        let writer = writer(&place).await;
        let before = revision(&writer).await;
        let good = writer.write(|db| Box::pin(execute(db, RAISE)));
        // A reference that is only looked at when the transaction commits.
        let doomed = writer.write(|db| {
            Box::pin(async move {
                execute(db, "PRAGMA defer_foreign_keys = ON").await?;
                execute(
                    db,
                    "INSERT INTO notification_recipients
                         (notification_id, number, recipient_key, limit_key, sealed_recipient, masked_recipient)
                     VALUES (x'00', 1, x'', x'', x'', '')",
                )
                .await
            })
        });
        let (good, doomed) = tokio::join!(good, doomed);
        assert!(matches!(good, Err(StoreError::Unavailable(_))), "{good:?}");
        assert!(matches!(doomed, Err(StoreError::Unavailable(_))), "{doomed:?}");
        assert_eq!(revision(&writer).await, before);
    }

    #[tokio::test]
    async fn a_full_disk_is_not_available() {
        let place = tempfile::tempdir().unwrap();
        let writer = writer(&place).await;
        let before = revision(&writer).await;
        let full = writer.write(|db| {
            Box::pin(async move {
                execute(db, RAISE).await?;
                execute(db, "PRAGMA max_page_count = 1").await?;
                execute(db, "UPDATE installation SET revision = 1 + revision").await?;
                execute(
                    db,
                    "INSERT INTO audit_entries (id, action, target, changes, at)
                     VALUES (x'00', '', '', printf('%1000000d', 0), 0)",
                )
                .await
            })
        });
        let full = full.await;
        assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
        assert_eq!(revision(&writer).await, before);
    }

    /// As if so much time had passed.
    async fn pass(time: std::time::Duration) {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }

    #[tokio::test]
    async fn a_full_file_is_one_that_nothing_is_written_to_until_there_is_room_again() {
        const FILL: &str = "INSERT INTO write_probes (id, filler) VALUES (1, printf('%.100000c', 'x'))";
        const MORE: &str = "INSERT INTO audit_entries (id, action, target, changes, at)
             VALUES (randomblob(16), '', '', printf('%.90000c', 'x'), 0)";
        let place = tempfile::tempdir().unwrap();
        let writer = writer_of_at_most(&place, 1).await;
        let write = async |statement| writer.write(move |db| Box::pin(execute(db, statement))).await;
        write(FILL).await.unwrap();
        // No fewer pages than there are, and the next connection has no more either.
        write("PRAGMA max_page_count = 1").await.unwrap();
        for _ in 0..2 {
            let full = write(MORE).await;
            assert!(matches!(full, Err(StoreError::Unavailable(_))), "{full:?}");
        }
        assert!(writer.health().check().is_ok(), "it is too early to tell");
        pass(std::time::Duration::from_secs(5)).await;
        write("DELETE FROM key_uses").await.unwrap();
        assert!(writer.health().check().is_err(), "nothing was found to write");
        write("DELETE FROM write_probes").await.unwrap();
        write(MORE).await.unwrap();
        writer.health().note_success();
        assert!(writer.health().check().is_ok());
    }

    #[tokio::test]
    async fn what_is_queued_is_done_before_the_writer_closes() {
        let place = tempfile::tempdir().unwrap();
        let writer = writer(&place).await;
        let (done, ()) = tokio::join!(writer.write(|db| Box::pin(execute(db, RAISE))), writer.close());
        done.unwrap();
        let late = writer.write(|db| Box::pin(execute(db, RAISE))).await;
        assert!(matches!(late, Err(StoreError::Unavailable(_))), "{late:?}");
    }
}
