//! Stops asking a sender that keeps failing: its callers are told at once, and may fall back or come again.
//! One breaker guards one account, in the memory of one process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Class, Receipt, SendError, Transport};
use crate::domain::message::Provider;

/// So many faults within [`WINDOW`] open the breaker.
pub const FAULTS: usize = 5;

/// How long a fault counts.
pub const WINDOW: Duration = Duration::from_secs(30);

/// How long the breaker stays open before it lets a probe through.
pub const PAUSE: Duration = Duration::from_secs(15);

/// What a caller is asked to wait while a probe is under way: about as long as an answer takes.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// A sender behind a breaker.
pub struct Breaker<M> {
    inner: Arc<dyn Transport<M>>,
    circuit: Mutex<Circuit>,
}

#[derive(Debug)]
struct Circuit {
    state: State,
    /// Counts the changes of `state`, so that the outcome of an attempt from before the last one is not counted.
    generation: u64,
}

#[derive(Debug)]
enum State {
    /// All may pass. The moments of the faults within the last [`WINDOW`], oldest first.
    Closed(VecDeque<Instant>),
    /// None may pass before this moment; the first after it is the probe.
    Open(Instant),
    /// The probe is under way.
    Probing,
}

/// What an outcome says of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// It answers, even if only to refuse this message.
    Sound,
    /// No connection, no answer, or a 5xx.
    Fault,
    /// It is closed to us, whatever is sent.
    Barred,
}

impl Sign {
    fn of(outcome: &Result<Receipt, SendError>) -> Self {
        match outcome {
            Err(SendError::Unknown { .. }) => Self::Fault,
            Err(SendError::NotAccepted { class, .. }) => match class {
                Class::Account => Self::Barred,
                Class::Unreachable => Self::Fault,
                _ => Self::Sound,
            },
            Ok(_) => Self::Sound,
        }
    }
}

impl Circuit {
    /// Lets an attempt through, or says how long to wait.
    fn admit(&mut self, now: Instant) -> Result<u64, Duration> {
        match self.state {
            State::Closed(_) => Ok(self.generation),
            State::Open(until) if now < until => Err(until - now),
            State::Open(_) => Ok(self.enter(State::Probing)),
            State::Probing => Err(PROBE_WAIT),
        }
    }

    /// Counts the outcome of an attempt; true when it opened the breaker.
    fn record(&mut self, admitted_in: u64, sign: Sign, now: Instant) -> bool {
        if admitted_in != self.generation {
            return false;
        }
        let opens = match (&mut self.state, sign) {
            (State::Closed(_), Sign::Sound) | (State::Open(_), _) => false,
            (State::Closed(faults), Sign::Fault) => {
                faults.push_back(now);
                while faults.front().is_some_and(|fault| now - *fault >= WINDOW) {
                    faults.pop_front();
                }
                faults.len() >= FAULTS
            }
            (State::Probing, Sign::Sound) => {
                self.enter(State::Closed(VecDeque::new()));
                false
            }
            (State::Closed(_), Sign::Barred) | (State::Probing, Sign::Fault | Sign::Barred) => true,
        };
        if opens {
            self.enter(State::Open(now + PAUSE));
        }
        opens
    }

    /// A probe that was dropped in mid-air leaves its place to the next attempt.
    fn abandon(&mut self, admitted_in: u64, now: Instant) {
        if admitted_in == self.generation && matches!(self.state, State::Probing) {
            self.enter(State::Open(now));
        }
    }

    fn enter(&mut self, state: State) -> u64 {
        self.state = state;
        self.generation += 1;
        self.generation
    }
}

/// An admitted attempt; dropped without an outcome it gives its place back.
struct Permit<'a, M> {
    breaker: &'a Breaker<M>,
    generation: u64,
}

impl<M> Drop for Permit<'_, M> {
    fn drop(&mut self) {
        self.breaker.circuit().abandon(self.generation, Instant::now());
    }
}

impl<M: Sync> Breaker<M> {
    /// Puts a closed breaker before `inner`. Settings that were saved get a new one.
    #[must_use]
    pub fn new(inner: Arc<dyn Transport<M>>) -> Self {
        Self {
            inner,
            circuit: Mutex::new(Circuit {
                state: State::Closed(VecDeque::new()),
                generation: 0,
            }),
        }
    }

    fn report_open(&self, outcome: &Result<Receipt, SendError>) {
        let provider = self.inner.provider();
        metrics::counter!("otpost_breaker_opened_total", "provider" => provider.as_str()).increment(1);
        if let Err(error) = outcome {
            tracing::warn!(%provider, %error, pause_seconds = PAUSE.as_secs(), "the breaker of a sender opened");
        }
    }
}

impl<M> Breaker<M> {
    /// The circuit is whole between any two of its operations, so a panic elsewhere does not spoil it.
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<M: Sync> Transport<M> for Breaker<M> {
    fn provider(&self) -> Provider {
        self.inner.provider()
    }

    async fn send(&self, message: &M) -> Result<Receipt, SendError> {
        let admitted = self.circuit().admit(Instant::now());
        let generation = admitted.map_err(|wait| SendError::NotAccepted {
            class: Class::CircuitOpen,
            retry_after: Some(wait),
            code: None,
            detail: "this sender has failed repeatedly; nothing was tried".to_owned(),
        })?;
        let permit = Permit {
            breaker: self,
            generation,
        };
        let outcome = self.inner.send(message).await;
        let opened = self
            .circuit()
            .record(permit.generation, Sign::of(&outcome), Instant::now());
        if opened {
            self.report_open(&outcome);
        }
        outcome
    }

    async fn send_test(&self, message: &M) -> Result<Receipt, SendError> {
        self.inner.send_test(message).await
    }
}
