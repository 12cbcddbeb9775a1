//! What must be done now and then: codes wiped once they have died, and rows removed that nobody needs any more, in small
//! batches that no request notices; and stored secrets sealed under the keys that have come into use.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::clock::GuardedClock;
use super::reseal::Resealing;
use crate::store::{SharedStore, StoreError};

const INTERVAL: Duration = Duration::from_secs(10);

/// Rows of one statement.
const BATCH: u32 = 1_000;

/// Batches in one round, so that a long backlog does not keep the database busy.
const BATCHES: u32 = 20;

/// Keeps the database small, free of dead codes, and sealed under the keys in use.
pub struct Maintenance {
    store: SharedStore,
    clock: Arc<GuardedClock>,
    retention: Duration,
    resealing: Resealing,
}

impl Maintenance {
    /// Removes what is older than `retention`.
    pub fn new(
        store: SharedStore,
        clock: Arc<GuardedClock>,
        retention: Duration,
        resealing: Resealing,
    ) -> Self {
        Self {
            store,
            clock,
            retention,
            resealing,
        }
    }

    /// Works until `stop`.
    pub async fn work(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            match self.round(&stop).await {
                // The guard has said so, once.
                Ok(_) | Err(StoreError::Clock(_)) => {}
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "maintenance was cut short"
                    );
                }
            }
        }
    }

    /// One round: everything that is due, up to a number of batches each, or until `stop`. Answers how many rows it touched.
    ///
    /// # Errors
    /// When the database could not tell, or the clock is off. What was done before stays done.
    pub async fn round(&self, stop: &CancellationToken) -> Result<u64, StoreError> {
        let mut touched = 0;
        for task in Task::ALL {
            for _ in 0..BATCHES {
                if stop.is_cancelled() {
                    return Ok(touched);
                }
                let count = self.batch(task).await?;
                touched += count;
                if count < task.full_batch() {
                    break;
                }
            }
        }
        Ok(touched)
    }

    /// Asks for the time anew, so that a clock that is set ends the round.
    async fn batch(&self, task: Task) -> Result<u64, StoreError> {
        let now = self.clock.now()?;
        match task {
            Task::WipeCodes => self.store.wipe_expired_codes(now, BATCH).await,
            Task::WipeNotifications => self.store.wipe_expired_notifications(now, BATCH).await,
            Task::RemoveOld => self.store.remove_old(now - self.retention, now, BATCH).await,
            Task::ClearRemoved => self.store.clear_removed(now, BATCH).await.map(u64::from),
            Task::Reseal => self.resealing.round(&self.store, now).await.map(u64::from),
        }
    }
}

/// Removes what a removed environment or application has left, up to a number of batches; the rounds go on with the rest.
pub(super) async fn clear_removed(store: &SharedStore, clock: &GuardedClock) -> Result<(), StoreError> {
    for _ in 0..BATCHES {
        if !store.clear_removed(clock.now()?, BATCH).await? {
            break;
        }
    }
    Ok(())
}

/// What a round does, in this order.
#[derive(Debug, Clone, Copy)]
enum Task {
    WipeCodes,
    WipeNotifications,
    RemoveOld,
    ClearRemoved,
    Reseal,
}

impl Task {
    const ALL: [Self; 5] = [
        Self::WipeCodes,
        Self::WipeNotifications,
        Self::RemoveOld,
        Self::ClearRemoved,
        Self::Reseal,
    ];

    /// What a batch touches at least after which there may be more.
    fn full_batch(self) -> u64 {
        match self {
            Self::WipeCodes | Self::WipeNotifications | Self::RemoveOld => BATCH.into(),
            // It tells only whether there was anything.
            Self::ClearRemoved => 1,
            // It is done whole.
            Self::Reseal => u64::MAX,
        }
    }
}
