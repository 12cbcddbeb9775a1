//! The dispatcher takes committed messages to their senders: at once for those this process has made, and from the outbox
//! for those that wait for a retry or were left by a process that died. No transaction is open while a provider is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Parts;
use super::directory::EnvironmentSnapshot;
use super::route::{self, NoSender, PlatformSender, Route};
use crate::domain::code::Code;
use crate::domain::email::EmailAddress;
use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::locale::LanguageTag;
use crate::domain::message::{Channel, MessageSummary};
use crate::domain::notification::{NotificationData, NotificationKind};
use crate::domain::random::unguessable_id;
use crate::domain::recipient::Recipient;
use crate::domain::time::Timestamp;
use crate::domain::verification::Purpose;
use crate::provider::{ATTEMPT_TIMEOUT, EmailTransport, SmsTransport};
use crate::store::outbox::{Lease, MonthlyCounter, MonthlyLimit, Queue};
use crate::store::verification::StoredVerification;

mod lanes;
mod notification;
mod settle;
mod walk;
mod work;

use lanes::Lanes;
use settle::Unrecorded;

/// How long a message is held by whoever sends it. Longer than an attempt, short enough that what a dead process held is
/// sent by another within 20 s.
pub const LEASE: Duration = Duration::from_secs(15);

/// An attempt begins only while this much of its lease is left: its own longest time, and some to settle it.
const LEASE_NEEDED: Duration = ATTEMPT_TIMEOUT.saturating_add(Duration::from_secs(2));

/// Messages of which is looked whether they were made, at once: as many as connections are likely to break together. The lease
/// brings back those that find no place.
const DOUBTS: usize = 64;

/// What the operator provides for all environments.
pub struct Platform {
    /// Who carries text messages, where anybody does.
    pub sms: Option<SmsTransport>,
    /// Whether that is a real sender.
    pub sms_kind: PlatformSender,
    /// Who carries emails, where anybody does.
    pub email: Option<EmailTransport>,
    /// Whether that is a real sender.
    pub email_kind: PlatformSender,
    /// Messages a month through the platform sender for an environment without its own.
    pub monthly_test_quota: u32,
    /// Messages a month that the platform sender carries in place of an environment's own.
    pub monthly_fallback_cap: u32,
}

impl Platform {
    /// What a monthly counter may have in the month of `now`.
    #[must_use]
    pub fn monthly_limit(&self, counter: MonthlyCounter, now: Timestamp) -> MonthlyLimit {
        MonthlyLimit {
            counter,
            month: now.month_start(),
            limit: match counter {
                MonthlyCounter::TestQuota => self.monthly_test_quota,
                MonthlyCounter::Fallback => self.monthly_fallback_cap,
            },
        }
    }
}

/// A message that this process holds and is to send.
pub struct Job {
    /// Its id.
    pub message_id: MessageId,
    /// What it carries.
    pub payload: Payload,
    /// The hold on it.
    pub lease: Lease,
    /// When the hold began.
    pub held_since: Instant,
    /// Attempts that were settled before.
    pub attempts: u16,
    /// Whether a place of the test quota is reserved for it.
    pub holds_quota: bool,
}

/// What a message carries.
pub enum Payload {
    /// A code.
    Code(Box<CodePayload>),
    /// The words of a notification.
    Notification(Box<NotificationPayload>),
}

/// A code and the verification it belongs to.
pub struct CodePayload {
    /// The verification.
    pub verification: StoredVerification,
    /// Whom it goes to.
    pub recipient: Recipient,
    /// The code.
    pub code: Code,
}

/// A notification for one of its recipients.
pub struct NotificationPayload {
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// Which email it is.
    pub kind: NotificationKind,
    /// Whom it goes to.
    pub recipient: EmailAddress,
    /// The language its request asked for.
    pub locale: Option<LanguageTag>,
    /// What it says.
    pub data: NotificationData,
    /// Until when it is tried.
    pub expires_at: Timestamp,
}

impl Payload {
    /// The code of a verification.
    #[must_use]
    pub fn code(verification: StoredVerification, recipient: Recipient, code: Code) -> Self {
        Self::Code(Box::new(CodePayload {
            verification,
            recipient,
            code,
        }))
    }

    fn environment_id(&self) -> EnvironmentId {
        match self {
            Self::Code(code) => code.verification.environment_id,
            Self::Notification(notification) => notification.environment_id,
        }
    }
}

impl Job {
    /// When its code dies, or it is no longer of use.
    fn expires_at(&self) -> Timestamp {
        match &self.payload {
            Payload::Code(code) => code.verification.verification.expires_at,
            Payload::Notification(notification) => notification.expires_at,
        }
    }

    fn channel(&self) -> Channel {
        match &self.payload {
            Payload::Code(code) => code.verification.channel(),
            Payload::Notification(_) => Channel::Email,
        }
    }

    fn queue(&self) -> Queue {
        match &self.payload {
            Payload::Code(code) => Queue::Code(code.verification.channel()),
            Payload::Notification(_) => Queue::Notification,
        }
    }
}

/// Takes messages to their senders.
pub struct Dispatcher {
    parts: Parts,
    platform: Platform,
    lanes: Lanes,
    unrecorded: Unrecorded,
    under_way: Arc<UnderWay>,
    doubts: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Dispatcher {
    /// A dispatcher over these parts.
    #[must_use]
    pub fn new(parts: Parts, platform: Platform) -> Self {
        Self {
            parts,
            platform,
            lanes: Lanes::default(),
            unrecorded: Unrecorded::default(),
            under_way: Arc::default(),
            doubts: Arc::new(Semaphore::new(DOUBTS)),
            tasks: TaskTracker::new(),
        }
    }

    /// What the operator provides.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Who carries a code of `environment`.
    ///
    /// # Errors
    /// When neither the environment nor the platform has a sender.
    pub fn route(
        &self,
        environment: &EnvironmentSnapshot,
        channel: Channel,
        purpose: Purpose,
    ) -> Result<Route, NoSender> {
        match channel {
            Channel::Sms => route::sms(&environment.sms.row, purpose, self.platform.sms_kind),
            Channel::Email => route::email(&environment.email.row, self.platform.email_kind),
        }
    }

    /// A fresh hold on a message, from now.
    #[must_use]
    pub fn lease(&self, now: Timestamp) -> Lease {
        Lease {
            token: unguessable_id(&*self.parts.random),
            until: now + LEASE,
        }
    }

    /// Sends messages that this process has just made, all at once, and answers of each what the first pass over its route came
    /// to, or that it is queued when `max_wait` is over before; the sending then goes on by itself.
    pub async fn send_within(
        self: &Arc<Self>,
        made: PendingCommit,
        jobs: Vec<Job>,
        max_wait: Duration,
    ) -> Vec<MessageSummary> {
        let start = |(job, entry): (Job, Entry)| (job.message_id, self.start(job, entry));
        let started: Vec<_> = jobs.into_iter().zip(made.made()).map(start).collect();
        let deadline = Instant::now() + max_wait;
        join_all(started.into_iter().map(async |(id, task)| {
            if max_wait.is_zero() {
                return MessageSummary::queued(id);
            }
            // A panic in the task has been reported by its hook; the lease brings the message back.
            let sent = timeout_at(deadline, task).await.ok().and_then(Result::ok);
            sent.unwrap_or_else(|| MessageSummary::queued(id))
        }))
        .await
    }

    fn start(self: &Arc<Self>, job: Job, entry: Entry) -> JoinHandle<MessageSummary> {
        let dispatcher = Arc::clone(self);
        self.tasks.spawn(async move {
            let _under_way = entry;
            // Refused when the process drains: then another one, or the next start, has the message at once.
            let permit = dispatcher.lanes.enter(job.queue()).await;
            if permit.is_none() || job.held_since.elapsed() + LEASE_NEEDED > LEASE {
                dispatcher
                    .give_up_lease(job.message_id, job.lease, Duration::ZERO)
                    .await;
                return MessageSummary::queued(job.message_id);
            }
            dispatcher.pass(job).await
        })
    }

    /// Waits until nothing is under way any more. What has not begun is left to others.
    pub async fn drain(&self) {
        self.lanes.close();
        self.tasks.close();
        self.tasks.wait().await;
    }

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
        let through = self.under_way.entries().get(&id).cloned();
        match through {
            Some(through) => timeout_at(deadline, through.cancelled()).await.is_ok(),
            None => false,
        }
    }
}

/// Which messages this process is about to make or is sending, each with what is canceled once it is through: a repeat of the
/// request that made one waits for it like the first.
#[derive(Default)]
struct UnderWay(Mutex<HashMap<MessageId, CancellationToken>>);

impl UnderWay {
    /// Lists a message until what is answered is dropped.
    fn enter(self: &Arc<Self>, id: MessageId) -> Entry {
        let through = CancellationToken::new();
        self.entries().insert(id, through.clone());
        Entry {
            under_way: Arc::clone(self),
            id,
            through,
        }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<MessageId, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message under way.
struct Entry {
    under_way: Arc<UnderWay>,
    id: MessageId,
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
    fn made(mut self) -> Vec<Entry> {
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
        let Ok(place) = Arc::clone(&dispatcher.doubts).try_acquire_owned() else {
            return;
        };
        let resolving = Arc::clone(&dispatcher);
        dispatcher.tasks.spawn(async move {
            resolving.resolve(&entries, lease).await;
            drop((entries, place));
        });
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
        let under_way = Arc::<UnderWay>::default();
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
        let under_way = Arc::<UnderWay>::default();
        let id = id();
        let (old, new) = (under_way.enter(id), under_way.enter(id));
        drop(old);
        assert!(!under_way.entries()[&id].is_cancelled());
        drop(new);
        assert!(under_way.entries().is_empty());
    }
}
