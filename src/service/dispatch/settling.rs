//! Recording what an attempt came to. A database that is away for a while must not make a message look unsent, so an outcome
//! is held until it is recorded, and nothing new is taken from the outbox meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{Delivery, Dispatcher, Job, LEASE};
use crate::domain::id::MessageId;
use crate::domain::message::{Attempt, MessageSummary};
use crate::store::StoreError;
use crate::store::outbox::{Lease, Outcome, Settled, Settlement};

/// An outcome is held no longer than this, however long its code lives.
const LONGEST_HOLD: Duration = Duration::from_mins(10);

/// The first wait before the database is asked again; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(50);

const LONGEST_WAIT: Duration = Duration::from_millis(800);

/// How long a message that this process cannot open is left alone by it and all others. Each of these is a chance for one that
/// can.
pub(super) const LEFT_FOR: Duration = Duration::from_secs(2);

/// Outcomes that wait for the database.
#[derive(Default)]
pub(super) struct Unrecorded(AtomicUsize);

impl Unrecorded {
    pub(super) fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn hold(&self) -> Held<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Held(self)
    }
}

struct Held<'a>(&'a Unrecorded);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Dispatcher {
    /// Records an outcome, for as long as its code lives; `true` when this process still held the message.
    pub(super) async fn settle(&self, mut settlement: Settlement, life: Duration) -> bool {
        let (began, max_wait) = (Instant::now(), life.min(LONGEST_HOLD).max(LEASE));
        let (mut wait, mut bare) = (FIRST_WAIT, false);
        let mut held = None;
        let id = settlement.message_id;
        loop {
            // The next sender gets a whole lease, however long this took.
            if let Outcome::NextSender { lease_until } = &mut settlement.outcome {
                *lease_until = self.clock.estimate() + LEASE;
            }
            match self.store.settle(settlement.clone()).await {
                Ok(Settled::Recorded) => return true,
                Ok(Settled::LeaseLost) => {
                    tracing::warn!(message.id = %id,
                        "the lease was lost before the outcome was recorded; another process decides");
                    return false;
                }
                Err(StoreError::Unavailable(_)) if began.elapsed() < max_wait => {
                    held.get_or_insert_with(|| self.unrecorded.hold());
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                // What a provider said may be what the database does not take. That must not send the message again.
                Err(error) if !bare && settlement.attempt.is_some() => {
                    tracing::warn!(error = &error as &dyn std::error::Error, message.id = %id,
                        "an outcome is recorded without the provider's words");
                    bare = true;
                    settlement = without_words(settlement);
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, message.id = %id,
                        "the outcome of an attempt could not be recorded");
                    return false;
                }
            }
        }
    }

    /// Leaves a message for when the clock is right again, or for a process whose clock is.
    pub(super) async fn wait_for_the_clock(&self, job: &Job) -> Delivery {
        tracing::warn!(message.id = %job.message_id, "not sent while this machine's clock is off");
        self.give_up_lease(job.message_id, job.lease).await;
        Delivery {
            message: MessageSummary::queued(job.message_id),
            failure: None,
        }
    }

    /// Lets others have a message that this process did not come to. Only this one: its lease may hold others that are
    /// under way.
    pub(super) async fn give_up_lease(&self, message_id: MessageId, lease: Lease) {
        self.release_or_warn(message_id, lease, Duration::ZERO).await;
    }

    /// Leaves a message that this process cannot open to those that can, as it was but for its due time, so that it does not
    /// come back here at once.
    pub(super) async fn leave_to_others(&self, message_id: MessageId, lease: Lease) {
        self.release_or_warn(message_id, lease, LEFT_FOR).await;
    }

    async fn release_or_warn(&self, message_id: MessageId, lease: Lease, until_due: Duration) {
        if let Err(error) = self.release_lease(message_id, lease, until_due).await {
            tracing::warn!(error = &error as &dyn std::error::Error, message.id = %message_id,
                "a lease could not be given up; it runs out by itself");
        }
    }

    pub(super) async fn release_lease(
        &self,
        message_id: MessageId,
        lease: Lease,
        until_due: Duration,
    ) -> Result<Settled, StoreError> {
        let now = self.clock.estimate();
        let settlement = Settlement {
            message_id,
            token: lease.token,
            attempt: None,
            outcome: Outcome::RetryAt(now + until_due),
            now,
        };
        self.store.settle(settlement).await
    }
}

fn without_words(settlement: Settlement) -> Settlement {
    let attempt = settlement.attempt.map(|attempt| Attempt {
        provider_code: None,
        detail: None,
        provider_message_id: None,
        ..attempt
    });
    let outcome = match settlement.outcome {
        Outcome::Accepted {
            provider, fallback, ..
        } => Outcome::Accepted {
            provider,
            fallback,
            provider_message_id: None,
        },
        other => other,
    };
    Settlement {
        attempt,
        outcome,
        ..settlement
    }
}
