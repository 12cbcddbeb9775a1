//! What everything that is started begins with: the configured database, and a clock that agrees with it.

use std::sync::Arc;

use super::StartError;
use crate::config::Config;
use crate::domain::time::{Clock, Timestamp};
use crate::service::clock::GuardedClock;
use crate::store::{self, SharedStore, StoreError};

/// Opens the configured database and brings its tables up to date.
pub(super) async fn open(config: &Config) -> Result<SharedStore, StartError> {
    let database = &config.database;
    store::connect(database.url.expose(), database.max_connections)
        .await
        .map_err(StartError::Database)
}

/// A machine's clock, held against the database's.
pub(super) async fn guarded_clock(
    store: &SharedStore,
    machine: Arc<dyn Clock>,
) -> Result<GuardedClock, StartError> {
    let clock = GuardedClock::new(Arc::clone(&machine), machine);
    clock.look(store).await?;
    Ok(clock)
}

/// The time, which must agree with the database's: it is written with every change.
pub(super) fn confirmed_time(clock: &GuardedClock) -> Result<Timestamp, StartError> {
    clock.now().map_err(|_| StartError::ClockIsOff)
}

/// Whether there is no environment yet.
pub(super) async fn is_empty(store: &SharedStore) -> Result<bool, StoreError> {
    Ok(store.load(0).await?.records.is_empty())
}
