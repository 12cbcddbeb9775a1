//! Knows whether this machine's clock agrees with the database's. One that does not would send codes that are dead, or
//! take over messages that others still hold, so it sends nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::time::MAX_CLOCK_SKEW;
use crate::store::{SharedStore, StoreError};

/// How long an answer of the database is good.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// This machine's clock and the database's are too far apart.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("this machine's clock is off by more than {MAX_CLOCK_SKEW:?}")]
struct ClockIsOff;

#[derive(Default)]
pub(super) struct ClockGuard {
    is_off: AtomicBool,
    asked_at: Mutex<Option<Instant>>,
}

impl ClockGuard {
    /// As it was when the database was last asked.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.is_off.load(Ordering::Relaxed) {
            Err(StoreError::Unavailable(Box::new(ClockIsOff)))
        } else {
            Ok(())
        }
    }

    /// Asks the database, unless it was asked a moment ago. One that does not answer says nothing of clocks.
    pub(super) async fn look(&self, store: &SharedStore) {
        {
            let mut asked_at = self.asked_at.lock().unwrap_or_else(PoisonError::into_inner);
            if asked_at.is_some_and(|at| at.elapsed() < KEPT_FOR) {
                return;
            }
            *asked_at = Some(Instant::now());
        }
        if let Ok(skew) = store.probe().await {
            self.note(skew);
        }
    }

    fn note(&self, skew: Duration) {
        let off = skew > MAX_CLOCK_SKEW;
        let was_off = self.is_off.swap(off, Ordering::Relaxed);
        if off && !was_off {
            tracing::error!(
                ?skew,
                "this machine's clock and the database's disagree; nothing is sent from here"
            );
        } else if was_off && !off {
            tracing::info!("the clocks agree again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_more_than_two_seconds_off_sends_nothing_until_it_agrees_again() {
        let guard = ClockGuard::default();
        assert!(guard.check().is_ok());
        guard.note(Duration::from_millis(2_001));
        assert!(guard.check().is_err());
        guard.note(Duration::from_secs(2));
        assert!(guard.check().is_ok());
    }
}
