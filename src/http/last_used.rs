//! When keys were last used: gathered in memory and written now and then, so that no request pays for it.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::id::KeyId;
use crate::service::clock::GuardedClock;
use crate::store::SharedStore;

/// How often it is written.
const INTERVAL: Duration = Duration::from_mins(1);

/// The keys that were used since the last writing.
#[derive(Default)]
pub struct LastUsed(Mutex<HashSet<KeyId>>);

impl LastUsed {
    /// A key has been used.
    pub fn note(&self, key: KeyId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    /// Writes what was gathered, every minute and at the end.
    pub async fn write(&self, store: SharedStore, clock: &GuardedClock, stop: CancellationToken) {
        loop {
            let stopped = tokio::time::timeout(INTERVAL, stop.cancelled()).await.is_ok();
            self.flush(&store, clock).await;
            if stopped {
                return;
            }
        }
    }

    /// Writes what was gathered; later, while the clock is off.
    pub async fn flush(&self, store: &SharedStore, clock: &GuardedClock) {
        let Ok(now) = clock.now() else {
            return;
        };
        let keys = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if !keys.is_empty()
            && let Err(error) = store.touch_keys(keys.into_iter().collect(), now).await
        {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the use of keys was not recorded"
            );
        }
    }
}
