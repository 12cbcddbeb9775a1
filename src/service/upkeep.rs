//! What must be done now and then: codes wiped once they have died, and rows removed that nobody needs any more, in small
//! batches that no request notices.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::time::Clock;
use crate::store::{SharedStore, StoreError};

const INTERVAL: Duration = Duration::from_secs(10);

/// Rows of one statement.
const BATCH: u32 = 1_000;

/// Batches in one round, so that a long backlog does not keep the database busy.
const BATCHES: u32 = 20;

/// Keeps the database small and free of dead codes.
pub struct Upkeep {
    store: SharedStore,
    clock: Arc<dyn Clock>,
    retention: Duration,
}

impl Upkeep {
    /// Removes what is older than `retention`.
    pub fn new(store: SharedStore, clock: Arc<dyn Clock>, retention: Duration) -> Self {
        Self {
            store,
            clock,
            retention,
        }
    }

    /// Works until `stop`.
    pub async fn work(&self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.round().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "upkeep was cut short");
            }
        }
    }

    /// One round: everything that is due, up to a number of batches. Answers how many rows it touched.
    pub async fn round(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let mut touched = 0;
        for _ in 0..BATCHES {
            let wiped = self.store.wipe_expired_codes(now, BATCH).await?;
            touched += wiped;
            if wiped < u64::from(BATCH) {
                break;
            }
        }
        for _ in 0..BATCHES {
            let removed = self.store.remove_old(now - self.retention, now, BATCH).await?;
            touched += removed;
            if removed < u64::from(BATCH) {
                break;
            }
        }
        for _ in 0..BATCHES {
            if !self.store.clear_removed(now, BATCH).await? {
                break;
            }
            touched += 1;
        }
        Ok(touched)
    }
}
