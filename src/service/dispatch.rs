//! The dispatcher takes committed messages to their senders: at once for those this process has made, and from the outbox
//! for those that wait for a retry or were left by a process that died. No transaction is open while a provider is asked.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;

use super::clock::GuardedClock;
use super::directory::{Directory, EnvironmentSnapshot, OutOfService};
use super::route::PlatformSender;
use crate::domain::id::{EnvironmentId, MessageId};
use crate::domain::idempotency::KeyedHash;
use crate::domain::keyring::{KeyRing, OpenError};
use crate::domain::limit::recipient_key;
use crate::domain::message::MessageSummary;
use crate::domain::random::{Random, unguessable_id};
use crate::domain::recipient::Recipient;
use crate::domain::time::Timestamp;
use crate::provider::{ATTEMPT_TIMEOUT, EmailTransport, SmsTransport};
use crate::store::SharedStore;
use crate::store::outbox::{Lease, StoredPayload};

mod job;
mod lanes;
mod notification;
mod settle;
mod under_way;
mod walk;
mod work;

pub use job::{CodePayload, Job, NotificationPayload, Payload};
use lanes::Lanes;
use settle::Unrecorded;
pub use under_way::PendingCommit;
use under_way::{Entry, UnderWay};

/// How long a message is held by whoever sends it. Longer than an attempt, short enough that what a dead process held is
/// sent by another within 20 s.
pub const LEASE: Duration = Duration::from_secs(15);

/// An attempt begins only while this much of its lease is left: its own longest time, and some to settle it.
const LEASE_NEEDED: Duration = ATTEMPT_TIMEOUT.saturating_add(Duration::from_secs(2));

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

/// Takes messages to their senders.
pub struct Dispatcher {
    store: SharedStore,
    directory: Arc<Directory>,
    platform: Platform,
    keys: Arc<KeyRing>,
    clock: Arc<GuardedClock>,
    random: Arc<dyn Random>,
    lanes: Lanes,
    unrecorded: Unrecorded,
    under_way: UnderWay,
    tasks: TaskTracker,
}

impl Dispatcher {
    /// A dispatcher over these parts.
    pub fn new(
        store: SharedStore,
        directory: Arc<Directory>,
        platform: Platform,
        keys: Arc<KeyRing>,
        clock: Arc<GuardedClock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            store,
            directory,
            platform,
            keys,
            clock,
            random,
            lanes: Lanes::default(),
            unrecorded: Unrecorded::default(),
            under_way: UnderWay::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// What the operator provides.
    #[must_use]
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// A fresh hold on a message, from now.
    #[must_use]
    pub fn lease(&self, now: Timestamp) -> Lease {
        Lease {
            token: unguessable_id(&*self.random),
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

    /// What a message carries out of its sealed copies; `None` where those have been wiped.
    ///
    /// # Errors
    /// Why it cannot be opened, which the log is told.
    pub fn open_payload(
        &self,
        message_id: MessageId,
        stored: StoredPayload,
    ) -> Result<Option<Payload>, OpenError> {
        Payload::opened(stored, &self.keys).inspect_err(
            |error| tracing::error!(message.id = %message_id, alarm = true, %error, "what a message carries cannot be opened"),
        )
    }

    /// What a recipient's limits are counted by, and its messages found by.
    #[must_use]
    pub fn recipient_key(&self, environment: EnvironmentId, recipient: &Recipient) -> KeyedHash {
        recipient_key(&self.keys, environment, recipient)
    }

    /// The environment of a message, as long as it is there, and with it the application that a code is for. What this process
    /// does not know may have been made a moment ago through another one.
    async fn environment_of(
        &self,
        payload: &Payload,
    ) -> Result<Option<Arc<EnvironmentSnapshot>>, OutOfService> {
        if let Ok(Some(held)) = self.held_environment_of(payload) {
            return Ok(Some(held));
        }
        if let Err(error) = self.directory.refresh().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the directory could not be read again"
            );
        }
        self.held_environment_of(payload)
    }

    fn held_environment_of(
        &self,
        payload: &Payload,
    ) -> Result<Option<Arc<EnvironmentSnapshot>>, OutOfService> {
        let snapshot = self.directory.current();
        let held = snapshot.environment(payload.environment_id())?;
        let has_owner = |held: &&Arc<EnvironmentSnapshot>| match payload {
            Payload::Code(code) => held.application(code.verification.application_id).is_some(),
            Payload::Notification(_) => true,
        };
        Ok(held.filter(has_owner).cloned())
    }
}
