//! Which messages this process is about to make or is sending, so that a repeat of the request that made one can wait for it
//! like the first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Dispatcher, LEASE};
use crate::domain::id::MessageId;
use crate::store::outbox::{Lease, Settled};

/// Messages of which is looked whether they were made, at once: as many as connections are likely to break together. The lease
/// brings back those that find no place.
const DOUBTS: usize = 64;

/// The first wait before the database is asked again; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(50);

const LONGEST_WAIT: Duration = Duration::from_millis(800);

type Entries = HashMap<MessageId, CancellationToken>;

/// The messages under way.
#[derive(Clone)]
pub(super) struct UnderWay {
    /// Each with what is canceled once it is through.
    entries: Arc<Mutex<Entries>>,
    doubts: Arc<Semaphore>,
}

impl Default for UnderWay {
    fn default() -> Self {
        Self {
            entries: Arc::default(),
            doubts: Arc::new(Semaphore::new(DOUBTS)),
        }
    }
}

impl UnderWay {
    /// Lists a message until what is answered is dropped.
    pub(super) fn enter(&self, id: MessageId) -> Entry {
        let through = CancellationToken::new();
        self.entries().insert(id, through.clone());
        Entry {
            under_way: self.clone(),
            id,
            through,
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message under way.
pub(super) struct Entry {
    under_way: UnderWay,
    pub(super) id: MessageId,
    through: CancellationToken,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.through.cancel();
        let mut entries = self.under_way.entries();
        // It may have been entered anew since.
        if entries.get(&self.id).is_some_and(CancellationToken::is_cancelled) {
            entries.remove(&self.id);
        }
    }
}

/// Messages that an operation of the store is about to make. Dropped without a word, because the database could not tell, the
/// caller went away or the handler panicked, it finds out in the background whether they were made, and lets whoever is
/// free send them at once instead of after their lease.
pub struct PendingCommit {
    dispatcher: Arc<Dispatcher>,
    lease: Lease,
    entries: Vec<Entry>,
}

impl PendingCommit {
    /// They were made.
    pub(super) fn made(mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// They were not, and will not be.
    pub fn not_made(mut self) {
        self.entries.clear();
    }
}

impl Drop for PendingCommit {
    fn drop(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        if entries.is_empty() || Handle::try_current().is_err() {
            return;
        }
        let (dispatcher, lease) = (Arc::clone(&self.dispatcher), self.lease);
        let Ok(place) = Arc::clone(&dispatcher.under_way.doubts).try_acquire_owned() else {
            return;
        };
        let resolving = Arc::clone(&dispatcher);
        dispatcher.tasks.spawn(async move {
            resolving.resolve(&entries, lease).await;
            drop((entries, place));
        });
    }
}

impl Dispatcher {
    /// Says that messages are about to be made under `lease`.
    pub fn pending_commit(
        self: &Arc<Self>,
        messages: impl IntoIterator<Item = MessageId>,
        lease: Lease,
    ) -> PendingCommit {
        PendingCommit {
            dispatcher: Arc::clone(self),
            lease,
            entries: messages.into_iter().map(|id| self.under_way.enter(id)).collect(),
        }
    }

    /// Waits until this process is through with a message; `false` where it is not under way here, or not through by `deadline`.
    pub async fn wait_for(&self, id: MessageId, deadline: Instant) -> bool {
        let entry = self.under_way.entries().get(&id).cloned();
        match entry {
            Some(through) => timeout_at(deadline, through.cancelled()).await.is_ok(),
            None => false,
        }
    }

    /// Gives up the lease of messages that may have been made. A statement whose connection broke may still be running, so
    /// those that are not there are looked for until their lease is over.
    async fn resolve(self: &Arc<Self>, entries: &[Entry], lease: Lease) {
        let (began, mut wait) = (Instant::now(), FIRST_WAIT);
        // All are made, or none.
        while let Some(first) = entries.first() {
            if matches!(
                self.release_lease(first.id, lease, Duration::ZERO).await,
                Ok(Settled::Recorded)
            ) {
                break;
            }
            if began.elapsed() > LEASE || self.lanes.are_closed() {
                return;
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        for entry in entries.iter().skip(1) {
            self.give_up_lease(entry.id, lease, Duration::ZERO).await;
        }
        tracing::warn!(
            messages = entries.len(),
            "made though nobody could be told; sent now"
        );
        if let Err(error) = self.start_due().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the outbox could not be read"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::OsRandom;

    fn id() -> MessageId {
        MessageId::unguessable(&OsRandom)
    }

    #[test]
    fn a_message_is_under_way_until_its_entry_is_dropped() {
        let under_way = UnderWay::default();
        let (first, second) = (under_way.enter(id()), under_way.enter(id()));
        let through = under_way.entries().get(&first.id).cloned().unwrap();
        assert!(!through.is_cancelled());
        drop(first);
        assert!(through.is_cancelled());
        assert_eq!(under_way.entries().len(), 1);
        drop(second);
        assert!(under_way.entries().is_empty());
    }

    #[test]
    fn an_entry_that_was_replaced_does_not_take_the_new_one_with_it() {
        let under_way = UnderWay::default();
        let id = id();
        let (old, new) = (under_way.enter(id), under_way.enter(id));
        drop(old);
        assert!(!under_way.entries()[&id].is_cancelled());
        drop(new);
        assert!(under_way.entries().is_empty());
    }
}
