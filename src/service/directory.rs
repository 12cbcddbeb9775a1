//! The directory in memory: environments with their settings, applications, connections, keys and senders, as one
//! immutable snapshot. The hot path reads nothing else; what is newer in the database makes the next one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::domain::keyring::KeyRing;
use crate::provider::Connect;
use crate::store::directory::Loaded;
use crate::store::{REMOVED_RECORDS_KEPT, SharedStore, StoreError};

mod build;
pub mod change;
pub mod fields;
pub mod record;
mod snapshot;

use build::Builder;
pub use snapshot::{Contents, EnvironmentSnapshot, KeyHolder, OutOfService, Snapshot, Versioned, behind};

/// How often a process asks whether another one has changed the directory. A change is in force everywhere within 2 s.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
const _: () = assert!(
    POLL_INTERVAL.as_millis() <= 1_000,
    "the other second is for reading the directory"
);

/// How long a process may go on with a directory that it cannot read again, and still be ready.
const LONGEST_UNREAD: Duration = Duration::from_secs(5);

/// Why no request should be answered from the directory in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It may be out of date.
    #[error("the directory could not be read for more than {LONGEST_UNREAD:?}")]
    Stale,
    /// There are environments, and this process cannot read any of them whole: it lacks their keys, or is of an older release.
    #[error("no environment is in service in this process, which cannot read all of any")]
    NoneInService,
}

/// Keeps the snapshot.
pub struct Directory {
    store: SharedStore,
    keys: Arc<KeyRing>,
    connect: Arc<dyn Connect>,
    current: ArcSwap<Snapshot>,
    reading: tokio::sync::Mutex<()>,
    /// When the snapshot was last known to be what the database has.
    confirmed_at: Mutex<Instant>,
}

impl Directory {
    /// Reads the directory for the first time.
    pub async fn open(
        store: SharedStore,
        keys: Arc<KeyRing>,
        connect: Arc<dyn Connect>,
    ) -> Result<Self, StoreError> {
        let directory = Self {
            store,
            keys,
            connect,
            current: ArcSwap::default(),
            reading: tokio::sync::Mutex::default(),
            confirmed_at: Mutex::new(Instant::now()),
        };
        directory.read().await?;
        Ok(directory)
    }

    /// The snapshot of now.
    #[must_use]
    pub fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Follows the changes of other processes until `stop`.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.refresh().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the directory could not be read again"
                );
            }
        }
    }

    /// Reads what is newer in the database, if anybody has changed it.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        if self.store.revision().await? == self.current.load().revision {
            self.confirm();
            return Ok(());
        }
        self.read().await
    }

    /// Reads what is newer in the database.
    pub async fn read(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.reading.lock().await;
        let builder = Builder {
            keys: &self.keys,
            connect: Some(&*self.connect),
        };
        let former = self.current.load_full();
        let next = if self.remembers_removals() {
            let newer = self.store.load(former.revision).await?;
            builder.update(&former, newer)
        } else {
            None
        };
        let next = match next {
            Some(next) => next,
            None => builder.build(self.store.load(0).await?, &former),
        };
        self.current.store(Arc::new(next));
        self.confirm();
        Ok(())
    }

    /// Whether the database still says of every record that was removed since the snapshot that it was.
    fn remembers_removals(&self) -> bool {
        self.current.load().revision > 0 && self.unread_for() < REMOVED_RECORDS_KEPT / 2
    }

    /// Whether the snapshot has lately been what the database has, for one that is not may let in whom an administrator has shut
    /// out; and whether there is anybody in it whose requests can be answered.
    ///
    /// # Errors
    /// If it could not be read for 5 s, or has environments of which none is in service.
    pub fn check(&self) -> Result<(), Unfit> {
        if self.unread_for() > LONGEST_UNREAD {
            return Err(Unfit::Stale);
        }
        if self.current.load().is_all_out_of_service() {
            return Err(Unfit::NoneInService);
        }
        Ok(())
    }

    fn unread_for(&self) -> Duration {
        self.confirmed_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }

    fn confirm(&self) {
        *self.confirmed_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

/// The directory as it is in the database, without senders.
pub async fn read(store: &SharedStore, keys: &KeyRing) -> Result<Snapshot, StoreError> {
    Ok(snapshot(store.load(0).await?, keys))
}

/// The directory of all records, without senders.
#[must_use]
pub fn snapshot(all: Loaded, keys: &KeyRing) -> Snapshot {
    let builder = Builder { keys, connect: None };
    builder.build(all, &Snapshot::default())
}
