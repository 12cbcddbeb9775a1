//! What follows from an attempt, the next sender, a later try or the end, and having it recorded. A database that is away for a
//! while must not make a message look unsent, so an outcome is held until it is recorded, and nothing new is taken from the
//! outbox meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{Dispatcher, Job, LEASE};
use crate::domain::id::MessageId;
use crate::domain::message::{Attempt, Failure, FailureCode, MessageSummary};
use crate::domain::time::Timestamp;
use crate::provider::{Class, Receipt, SendError};
use crate::store::StoreError;
use crate::store::outbox::{Lease, Outcome, Settled, Settlement};

/// An outcome is held no longer than this, however long its code lives.
const LONGEST_HOLD: Duration = Duration::from_mins(10);

/// The first wait before the database is asked again; it doubles up to [`LONGEST_WAIT`].
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(50);

pub(super) const LONGEST_WAIT: Duration = Duration::from_millis(800);

/// How long a message that this process cannot open is left alone by it and all others. Each of these is a chance for one that
/// can.
pub(super) const LEFT_FOR: Duration = Duration::from_secs(2);

/// What one pass over a route has met so far.
#[derive(Debug, Default)]
pub(super) struct Pass {
    retryable: bool,
    retry_after: Option<Duration>,
}

impl Pass {
    /// What keeps the next sender from being asked may pass.
    pub(super) fn try_again_later(&mut self) {
        self.retryable = true;
    }

    /// What follows from `attempt`, when `another` says whether one more sender of the route may be asked, and `next_try` the time
    /// of a later try, not before the wait that a provider asked for.
    pub(super) fn decide(
        &mut self,
        attempt: &Attempt,
        result: Result<Receipt, SendError>,
        fallback: bool,
        another: bool,
        next_try: impl FnOnce(Option<Duration>) -> Timestamp,
    ) -> Outcome {
        let provider = attempt.provider;
        let (class, retry_after) = match result {
            Ok(receipt) => {
                return Outcome::Accepted {
                    provider,
                    fallback,
                    provider_message_id: receipt.provider_message_id,
                };
            }
            Err(SendError::Unknown { .. }) => return Outcome::Unknown { provider, fallback },
            Err(SendError::NotAccepted {
                class, retry_after, ..
            }) => (class, retry_after),
        };
        if class.is_retryable() {
            self.retryable = true;
            // Whoever is free first may have it.
            self.retry_after = match (self.retry_after, retry_after) {
                (Some(before), Some(now)) => Some(before.min(now)),
                (before, now) => before.or(now),
            };
        }
        if !class.allows_fallback() {
            Outcome::Failed(failure(class))
        } else if another {
            Outcome::NextSender {
                lease_until: attempt.finished_at + LEASE,
            }
        } else if self.retryable {
            Outcome::RetryAt(next_try(self.retry_after))
        } else {
            Outcome::Failed(failure(class))
        }
    }
}

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
    /// Records an outcome. Answers what it makes of the message, and whether this process still held it.
    pub(super) async fn record(
        &self,
        job: &Job,
        attempt: Option<Attempt>,
        outcome: Outcome,
    ) -> (MessageSummary, bool) {
        let message = outcome.summary(job.message_id);
        let settlement = Settlement {
            attempt,
            ..self.settlement(job.message_id, job.lease, outcome)
        };
        let life = settlement.now.until(job.expires_at());
        (message, self.settle(settlement, life).await)
    }

    /// As [`Self::record`], where nobody was asked.
    pub(super) async fn conclude(&self, job: &Job, outcome: Outcome) -> MessageSummary {
        self.record(job, None, outcome).await.0
    }

    /// Ends a message that nobody can be asked to carry.
    pub(super) async fn refuse(&self, job: &Job, class: Class) -> MessageSummary {
        self.conclude(job, Outcome::Failed(failure(class))).await
    }

    /// An outcome without an attempt.
    pub(super) fn settlement(&self, message_id: MessageId, lease: Lease, outcome: Outcome) -> Settlement {
        Settlement {
            message_id,
            token: lease.token,
            attempt: None,
            outcome,
            now: self.parts.clock.estimate(),
        }
    }

    /// Records an outcome, for as long as its code lives; `true` when this process still held the message.
    pub(super) async fn settle(&self, mut settlement: Settlement, life: Duration) -> bool {
        let (began, max_wait) = (Instant::now(), life.min(LONGEST_HOLD).max(LEASE));
        let (mut wait, mut bare) = (FIRST_WAIT, false);
        let mut held = None;
        let id = settlement.message_id;
        loop {
            // The next sender gets a whole lease, however long this took.
            if let Outcome::NextSender { lease_until } = &mut settlement.outcome {
                *lease_until = self.parts.clock.estimate() + LEASE;
            }
            match self.parts.store.settle(settlement.clone()).await {
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
                    drop_words(&mut settlement);
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
    pub(super) async fn wait_for_the_clock(&self, job: &Job) -> MessageSummary {
        tracing::warn!(message.id = %job.message_id, "not sent while this machine's clock is off");
        self.give_up_lease(job.message_id, job.lease, Duration::ZERO)
            .await;
        MessageSummary::queued(job.message_id)
    }

    /// Lets others have a message that this process did not come to, or cannot open, when `until_due` is over. Only this one: its
    /// lease may hold others that are under way.
    pub(super) async fn give_up_lease(&self, message_id: MessageId, lease: Lease, until_due: Duration) {
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
        let due_at = self.parts.clock.estimate() + until_due;
        let settlement = self.settlement(message_id, lease, Outcome::RetryAt(due_at));
        self.parts.store.settle(settlement).await
    }
}

/// How the caller is told of a refusal.
fn failure(class: Class) -> Failure {
    let code = class.failure_code();
    let detail = match code {
        FailureCode::RecipientRejected => {
            "The recipient cannot receive this message; ask the user for another number or address."
        }
        FailureCode::RecipientOptedOut => {
            "The recipient has opted out of messages from this sender and must opt in again first."
        }
        FailureCode::DeliveryFailed => {
            "No sender accepted the message; resend it, and have an administrator look at the message's timeline."
        }
    };
    Failure {
        code,
        detail: detail.to_owned(),
    }
}

fn drop_words(settlement: &mut Settlement) {
    if let Some(attempt) = &mut settlement.attempt {
        attempt.provider_code = None;
        attempt.detail = None;
        attempt.provider_message_id = None;
    }
    if let Outcome::Accepted {
        provider_message_id, ..
    } = &mut settlement.outcome
    {
        *provider_message_id = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::AttemptId;
    use crate::domain::message::Provider;

    const NOW: Timestamp = Timestamp::MIN;

    /// What follows from a try that ended with `error`.
    fn follow(pass: &mut Pass, error: SendError, another: bool) -> Outcome {
        let attempt = Attempt {
            id: AttemptId(uuid::Uuid::nil()),
            provider: Provider::Twilio,
            started_at: NOW,
            finished_at: NOW,
            outcome: String::new(),
            provider_code: None,
            detail: None,
            provider_message_id: None,
        };
        let next_try = |wait: Option<Duration>| NOW + wait.unwrap_or_default();
        pass.decide(&attempt, Err(error), false, another, next_try)
    }

    fn decide(class: Class, another: bool) -> Outcome {
        follow(&mut Pass::default(), SendError::refused(class, ""), another)
    }

    fn next_sender() -> Outcome {
        Outcome::NextSender {
            lease_until: NOW + LEASE,
        }
    }

    #[test]
    fn a_recipients_fault_and_fraud_end_at_once() {
        for class in [
            Class::RecipientInvalid,
            Class::RecipientOptedOut,
            Class::FraudBlocked,
        ] {
            assert!(matches!(decide(class, true), Outcome::Failed(_)), "{class}");
        }
    }

    #[test]
    fn a_senders_fault_goes_to_the_next_sender_and_is_final_without_one() {
        for class in [
            Class::DestinationDisabled,
            Class::SenderMisconfigured,
            Class::Account,
            Class::Transient,
            Class::ContentFiltered,
        ] {
            assert_eq!(decide(class, true), next_sender(), "{class}");
            assert!(matches!(decide(class, false), Outcome::Failed(_)), "{class}");
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_unless_another_sender_can_do_it() {
        for class in [
            Class::Throttled,
            Class::Deferred,
            Class::Unreachable,
            Class::CircuitOpen,
        ] {
            assert_eq!(decide(class, true), next_sender(), "{class}");
            assert_eq!(decide(class, false), Outcome::RetryAt(NOW), "{class}");
        }
    }

    #[test]
    fn a_fallback_that_cannot_do_it_leaves_the_first_sender_its_later_try() {
        let mut pass = Pass::default();
        let throttled = SendError::NotAccepted {
            class: Class::Throttled,
            retry_after: Some(Duration::from_secs(7)),
            code: None,
            detail: String::new(),
        };
        assert_eq!(follow(&mut pass, throttled, true), next_sender());
        let misconfigured = SendError::refused(Class::SenderMisconfigured, "");
        assert_eq!(
            follow(&mut pass, misconfigured, false),
            Outcome::RetryAt(NOW + Duration::from_secs(7))
        );
    }

    #[test]
    fn what_keeps_the_next_sender_from_being_asked_ends_no_message_that_one_could_carry() {
        let decide = |class| {
            let mut pass = Pass::default();
            pass.try_again_later();
            follow(&mut pass, SendError::refused(class, ""), false)
        };
        assert_eq!(decide(Class::Account), Outcome::RetryAt(NOW));
        assert!(matches!(decide(Class::RecipientInvalid), Outcome::Failed(_)));
    }

    #[test]
    fn an_unknown_outcome_is_never_given_to_anybody_else() {
        let unknown = Outcome::Unknown {
            provider: Provider::Twilio,
            fallback: false,
        };
        let error = SendError::unknown("");
        assert_eq!(follow(&mut Pass::default(), error, true), unknown);
    }
}
