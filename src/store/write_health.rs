//! Whether the database takes writes at all: a full disk or a server that only reads answers every question and keeps nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::StoreError;
use super::notification::Notify;
use super::outbox::Settled;
use super::verification::{Check, Issue, Resend};

/// How long every write may fail before the process is taken for one that cannot write.
const TOLERATED: Duration = Duration::from_secs(5);

/// How often one that cannot write tries to.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// What an operation says of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only reads: nothing.
    Reads,
    /// It writes, unless it finds nothing to write, which can also be found on a full disk. So its failure says something, and
    /// of its success only what is a [`Proof`].
    Writes,
}

/// What came of an operation that writes.
pub trait Proof {
    /// Whether something was certainly written.
    fn is_proof(&self) -> bool;
}

impl Proof for Issue {
    fn is_proof(&self) -> bool {
        matches!(self, Self::Issued)
    }
}

impl Proof for Resend {
    fn is_proof(&self) -> bool {
        matches!(self, Self::Resent(_))
    }
}

impl Proof for Check {
    fn is_proof(&self) -> bool {
        matches!(self, Self::Verified(_) | Self::Incorrect { .. })
    }
}

impl Proof for Notify {
    fn is_proof(&self) -> bool {
        matches!(self, Self::Made)
    }
}

impl Proof for Settled {
    fn is_proof(&self) -> bool {
        matches!(self, Self::Recorded)
    }
}

/// Every write has failed for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no write has succeeded for more than {TOLERATED:?}")]
pub struct NothingIsWritten;

/// Follows what becomes of writes.
#[derive(Debug, Default)]
pub struct WriteHealth(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The first of the failures since the last success.
    failing_since: Option<Instant>,
    probed_at: Option<Instant>,
}

impl WriteHealth {
    /// Takes note of how an operation failed. Refusals and the like are no failures of writing.
    pub fn note_error(&self, effect: Effect, error: &StoreError) {
        if matches!(error, StoreError::Unavailable(_)) {
            self.note_failure(effect);
        }
    }

    /// Takes note of what came of an operation, and hands it on.
    pub fn proven_by<T: Proof>(&self, outcome: T) -> T {
        if outcome.is_proof() {
            self.note_success();
        }
        outcome
    }

    /// Something was written.
    pub fn note_success(&self) {
        self.state().failing_since = None;
    }

    /// The database could not carry an operation out.
    pub fn note_failure(&self, effect: Effect) {
        if effect != Effect::Reads {
            self.state().failing_since.get_or_insert_with(Instant::now);
        }
    }

    /// Whether writes have failed for so long, and nothing else, that requests should go elsewhere.
    ///
    /// # Errors
    /// If so.
    pub fn check(&self) -> Result<(), NothingIsWritten> {
        let failing_since = self.state().failing_since;
        if failing_since.is_some_and(|since| since.elapsed() >= TOLERATED) {
            Err(NothingIsWritten)
        } else {
            Ok(())
        }
    }

    /// Whether it is time for a write that finds out, which the caller is then to try.
    pub fn is_time_to_probe(&self) -> bool {
        let mut state = self.state();
        let due = state.probed_at.is_none_or(|at| at.elapsed() >= PROBE_INTERVAL);
        if due {
            state.probed_at = Some(Instant::now());
        }
        due
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> StoreError {
        StoreError::Unavailable("full".into())
    }

    #[tokio::test(start_paused = true)]
    async fn it_takes_five_seconds_in_which_every_write_failed() {
        let health = WriteHealth::default();
        tokio::time::advance(TOLERATED).await;
        assert_eq!(health.check(), Ok(()), "nothing was tried");
        health.note_error(Effect::Writes, &failed());
        tokio::time::advance(Duration::from_millis(4_999)).await;
        health.note_error(Effect::Writes, &failed());
        assert_eq!(health.check(), Ok(()));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(health.check(), Err(NothingIsWritten));
        health.proven_by(Issue::Issued);
        assert_eq!(health.check(), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_wrote_nothing_is_no_proof_that_writing_works() {
        let health = WriteHealth::default();
        health.note_error(Effect::Writes, &failed());
        tokio::time::advance(TOLERATED).await;
        health.proven_by(Issue::Repeated);
        health.proven_by(Settled::LeaseLost);
        health.proven_by(Check::NotFound);
        assert_eq!(health.check(), Err(NothingIsWritten));
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_for_another_reason_says_nothing() {
        let health = WriteHealth::default();
        health.note_error(Effect::Reads, &failed());
        health.note_error(Effect::Writes, &StoreError::Statement("wrong".into()));
        tokio::time::advance(TOLERATED).await;
        assert_eq!(health.check(), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn writing_is_tried_once_a_second() {
        let health = WriteHealth::default();
        assert!(health.is_time_to_probe());
        assert!(!health.is_time_to_probe());
        tokio::time::advance(PROBE_INTERVAL).await;
        assert!(health.is_time_to_probe());
    }
}
