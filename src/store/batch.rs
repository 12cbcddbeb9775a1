//! Group commit: operations that wait at the same time are carried out together, in one statement or transaction, and each caller
//! gets an outcome of its own once that is durable. Nothing waits for company: a lane that is free takes a single operation through
//! at once, and what comes meanwhile is the next batch.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Fuse, FusedFuture as _};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::StoreError;
use super::outbox::{Settled, Settlement};
use super::verification::{Check, Guess, Issue, NewSend, NewVerification, Resend};
use crate::domain::idempotency::KeyedHash;

/// The most operations in one batch where the database does not need fewer: beyond this the cost of a statement and of its commit is
/// spread thin enough.
const LARGEST: usize = 64;

/// The most operations that wait. Further callers are told to come again.
const QUEUE: usize = 4_096;

/// What can be carried out together with others of its kind.
pub(super) trait Operation: Send + Sync + 'static {
    /// What its caller is told.
    type Outcome: Send + 'static;

    /// What it counts for or changes. No two operations that share a key are under way at once: the later one waits for the next
    /// batch, so that callers are served in their order and no statement has to rank them.
    fn keys(&self) -> Vec<KeyedHash>;
}

/// Why a batch was not carried out.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something that it counted on was changed by others at that very moment. It took nothing; each operation is tried by itself, and
    /// again.
    Overtaken(StoreError),
    /// The database said so, and took nothing of it. Each operation has its own chance.
    Refused(StoreError),
    /// Nobody can tell what was taken, or it fails for all alike.
    Lost(StoreError),
}

impl Failure {
    pub(super) fn reason(&self) -> &StoreError {
        let (Self::Overtaken(reason) | Self::Refused(reason) | Self::Lost(reason)) = self;
        reason
    }

    pub(super) fn into_reason(self) -> StoreError {
        let (Self::Overtaken(reason) | Self::Refused(reason) | Self::Lost(reason)) = self;
        reason
    }
}

/// Carries batches out.
#[async_trait]
pub(super) trait Carrier<O: Operation>: Send + Sync + 'static {
    /// An outcome for each operation, in their order.
    async fn carry_out(&self, batch: &[Arc<O>]) -> Result<Vec<Result<O::Outcome, StoreError>>, Failure>;

    /// The most operations that it takes at once.
    fn largest_batch(&self) -> usize {
        LARGEST
    }
}

/// How often an operation is tried that others overtook on their way to the last place of a counter. The second try sees that the
/// place is taken; only places that are refunded at the same moment lead to a third.
pub(super) const TRIES: usize = 5;

/// An operation that met others on a counter at its limit, again and again.
#[derive(Debug, thiserror::Error)]
#[error("the operation lost the race for a counter {TRIES} times")]
struct Contended;

pub(super) fn contended() -> StoreError {
    StoreError::Unavailable(Box::new(Contended))
}

/// Too many operations wait.
#[derive(Debug, thiserror::Error)]
#[error("more than {QUEUE} operations wait for the database")]
struct Overloaded;

/// The batch broke off.
#[derive(Debug, thiserror::Error)]
#[error("the operation was given up in the middle")]
struct GivenUp;

/// The way to batches of one kind.
pub(super) struct Batches<O: Operation> {
    queue: Arc<Queue<O>>,
}

struct Queue<O: Operation> {
    carrier: Box<dyn Carrier<O>>,
    lanes: usize,
    state: Mutex<State<O>>,
}

struct State<O: Operation> {
    waiting: VecDeque<Waiting<O>>,
    /// The keys of what is under way.
    busy: HashSet<KeyedHash>,
    running: usize,
}

struct Waiting<O: Operation> {
    operation: Arc<O>,
    caller: oneshot::Sender<Result<O::Outcome, StoreError>>,
}

impl<O: Operation> Batches<O> {
    /// Batches that `carrier` carries out, at most `lanes` at once.
    pub(super) fn new(carrier: impl Carrier<O>, lanes: usize) -> Self {
        Self {
            queue: Arc::new(Queue {
                carrier: Box::new(carrier),
                lanes,
                state: Mutex::new(State {
                    waiting: VecDeque::new(),
                    busy: HashSet::new(),
                    running: 0,
                }),
            }),
        }
    }

    /// Carries an operation out, with whatever waits beside it. Once its turn has come it goes on, also when the caller stops waiting.
    pub(super) async fn run(&self, operation: O) -> Result<O::Outcome, StoreError> {
        let (caller, mut outcome) = oneshot::channel();
        let lane = self.queue.enter(Waiting {
            operation: Arc::new(operation),
            caller,
        })?;
        let given_up = |_| Err(StoreError::Unavailable(Box::new(GivenUp)));
        if let Some(batch) = lane {
            let mut lane = Lane(Arc::clone(&self.queue).work(batch).boxed().fuse());
            tokio::select! {
                biased;
                outcome = &mut outcome => return outcome.unwrap_or_else(given_up),
                () = &mut lane.0 => {}
            }
        }
        outcome.await.unwrap_or_else(given_up)
    }
}

/// A lane, which the caller that found it free carries on itself until it has its own outcome: under light load nothing is handed from
/// task to task. Then, or when the caller goes away, a task of its own takes over what is left.
struct Lane(Fuse<BoxFuture<'static, ()>>);

impl Drop for Lane {
    fn drop(&mut self) {
        // Without a runtime the process is at its end, and its connections go with it.
        if !self.0.is_terminated()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(mem::replace(&mut self.0, Fuse::terminated()));
        }
    }
}

impl<O: Operation> Queue<O> {
    /// Queues an operation. Where a lane is free for it, the caller is to see to the batch that it begins with.
    fn enter(&self, waiting: Waiting<O>) -> Result<Option<Vec<Waiting<O>>>, StoreError> {
        let mut state = self.state();
        if state.waiting.len() >= QUEUE {
            return Err(StoreError::Unavailable(Box::new(Overloaded)));
        }
        state.waiting.push_back(waiting);
        if state.running >= self.lanes {
            return Ok(None);
        }
        let batch = state.next_batch(self.carrier.largest_batch());
        if batch.is_some() {
            state.running += 1;
        }
        Ok(batch)
    }

    /// One lane, for as long as there is something to do.
    async fn work(self: Arc<Self>, first: Vec<Waiting<O>>) {
        let mut next = Some(first);
        while let Some(batch) = next {
            let keys: Vec<_> = batch
                .iter()
                .flat_map(|waiting| waiting.operation.keys())
                .collect();
            // A panic has been told by its hook; the callers learn of it as their answer goes.
            let _ = AssertUnwindSafe(self.carry_out(batch)).catch_unwind().await;
            let mut state = self.state();
            for key in keys {
                state.busy.remove(&key);
            }
            next = state.next_batch(self.carrier.largest_batch());
            if next.is_none() {
                state.running -= 1;
            }
        }
    }

    async fn carry_out(&self, batch: Vec<Waiting<O>>) {
        let operations: Vec<_> = batch
            .iter()
            .map(|waiting| Arc::clone(&waiting.operation))
            .collect();
        match self.carrier.carry_out(&operations).await {
            Ok(outcomes) => {
                for (waiting, outcome) in batch.into_iter().zip(outcomes) {
                    waiting.answer(outcome);
                }
            }
            Err(Failure::Overtaken(_) | Failure::Refused(_)) => {
                for waiting in batch {
                    let outcome = self.carry_out_alone(&waiting.operation).await;
                    waiting.answer(outcome);
                }
            }
            Err(Failure::Lost(error)) => match <[_; 1]>::try_from(batch) {
                Ok([waiting]) => waiting.answer(Err(error)),
                Err(batch) => {
                    let error = Arc::new(error);
                    for waiting in batch {
                        waiting.answer(Err(StoreError::Unavailable(Box::new(Arc::clone(&error)))));
                    }
                }
            },
        }
    }

    async fn carry_out_alone(&self, operation: &Arc<O>) -> Result<O::Outcome, StoreError> {
        for _ in 0..TRIES {
            match self.carrier.carry_out(std::slice::from_ref(operation)).await {
                Ok(outcomes) => {
                    let given_up = Err(StoreError::Unavailable(Box::new(GivenUp)));
                    return outcomes.into_iter().next().unwrap_or(given_up);
                }
                Err(Failure::Overtaken(_)) => {}
                Err(Failure::Refused(error) | Failure::Lost(error)) => return Err(error),
            }
        }
        Err(contended())
    }

    fn state(&self) -> MutexGuard<'_, State<O>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Operation> State<O> {
    /// Takes what may be carried out now, in the order of its coming. Nobody waits any more for an operation whose caller has gone.
    fn next_batch(&mut self, largest: usize) -> Option<Vec<Waiting<O>>> {
        let mut batch = Vec::new();
        let mut passed_over = VecDeque::new();
        let mut blocked = HashSet::new();
        while batch.len() < largest
            && let Some(waiting) = self.waiting.pop_front()
        {
            if waiting.caller.is_closed() {
                continue;
            }
            let keys = waiting.operation.keys();
            if keys
                .iter()
                .any(|key| self.busy.contains(key) || blocked.contains(key))
            {
                blocked.extend(keys);
                passed_over.push_back(waiting);
            } else {
                self.busy.extend(keys);
                batch.push(waiting);
            }
        }
        passed_over.append(&mut self.waiting);
        self.waiting = passed_over;
        (!batch.is_empty()).then_some(batch)
    }
}

impl<O: Operation> Waiting<O> {
    fn answer(self, outcome: Result<O::Outcome, StoreError>) {
        // A caller that has gone away has no use for it.
        let _ = self.caller.send(outcome);
    }
}

impl Operation for NewVerification {
    type Outcome = Issue;

    fn keys(&self) -> Vec<KeyedHash> {
        vec![self.recipient_key, self.id.0.into_bytes()]
    }
}

impl Operation for NewSend {
    type Outcome = Resend;

    fn keys(&self) -> Vec<KeyedHash> {
        vec![self.recipient_key, self.verification_id.0.into_bytes()]
    }
}

impl Operation for Guess {
    type Outcome = Check;

    fn keys(&self) -> Vec<KeyedHash> {
        vec![self.verification_id.0.into_bytes()]
    }
}

impl Operation for Settlement {
    type Outcome = Settled;

    fn keys(&self) -> Vec<KeyedHash> {
        vec![self.message_id.0.into_bytes()]
    }
}

#[cfg(test)]
mod tests;
