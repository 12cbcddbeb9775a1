//! Notifications: the verdict, one operation of the store, then the dispatcher. A suppressed one is recorded like one that
//! is sent.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::clock::GuardedClock;
use super::dispatch::{Cargo, Dispatcher, Job, NotificationCargo, queued};
use super::otp::Caller;
use super::route;
use crate::domain::email::EmailAddress;
use crate::domain::id::{MessageId, NotificationId};
use crate::domain::keyring::KeyRing;
use crate::domain::locale::LanguageTag;
use crate::domain::message::MessageSummary;
use crate::domain::notification::{
    LIFE, NotificationData, NotificationEvent, NotificationSource, NotificationView, PER_RECIPIENT_AND_DAY,
    Verdict,
};
use crate::domain::random::Random;
use crate::domain::time::Timestamp;
use crate::store::notification::{NewMessages, NewNotification, Notify as Outcome};
use crate::store::outbox::Lease;
use crate::store::{SharedStore, StoreError};

/// A request for a notification, its fields already read.
#[derive(Debug, Clone)]
pub struct Notify {
    /// What has happened.
    pub event: NotificationEvent,
    /// How it came about.
    pub source: NotificationSource,
    /// Whom it concerns, no two with the same `key()`.
    pub recipients: Vec<EmailAddress>,
    /// The language asked for.
    pub locale: Option<LanguageTag>,
    /// What it says.
    pub data: NotificationData,
}

/// Why a notification was not made.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The platform has no sender of emails.
    #[error("the platform has no email sender")]
    NotConfigured,
    /// A recipient has had as many as it may. Nothing was made for any of them.
    #[error("a recipient's limit is used up")]
    Limited {
        /// When all of them may have one more.
        retry_after: Duration,
    },
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The rules of notifications over a store and a dispatcher.
pub struct Service {
    store: SharedStore,
    dispatcher: Arc<Dispatcher>,
    keys: Arc<KeyRing>,
    clock: Arc<GuardedClock>,
    random: Arc<dyn Random>,
}

impl Service {
    /// A service over these parts.
    pub fn new(
        store: SharedStore,
        dispatcher: Arc<Dispatcher>,
        keys: Arc<KeyRing>,
        clock: Arc<GuardedClock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            store,
            dispatcher,
            keys,
            clock,
            random,
        }
    }

    /// The id of a notification to be made.
    #[must_use]
    pub fn new_notification_id(&self) -> NotificationId {
        NotificationId::time_ordered(&*self.random, self.clock.estimate())
    }

    /// Makes a notification under `id` and sends its messages where it has any, waiting for the provider no longer than
    /// `patience`.
    pub async fn notify(
        &self,
        caller: &Caller,
        command: Notify,
        id: NotificationId,
        patience: Duration,
    ) -> Result<NotificationView, NotifyError> {
        let verdict = Verdict::on(command.event, command.source);
        let now = self.clock.now()?;
        let held_since = Instant::now();
        let messages = match verdict {
            Verdict::Send => Some(self.new_messages(command.recipients.len(), now)?),
            Verdict::Suppress(_) => None,
        };
        let new = NewNotification {
            id,
            environment_id: caller.environment.id(),
            application_id: caller.application.id,
            event: command.event,
            source: command.source,
            verdict,
            locale: command.locale.clone(),
            sealed_data: command.data.seal(self.keys.in_use(now), &*self.random, id),
            recipients: command.recipients.clone(),
            messages: messages.clone(),
            created_at: now,
            expires_at: now + LIFE,
        };
        if let Outcome::Limited { resets_at } = self.store.notify(new).await? {
            let retry_after = now.until(resets_at);
            return Err(NotifyError::Limited { retry_after });
        }
        let mut view = NotificationView {
            id,
            event: command.event,
            source: command.source,
            outcome: verdict.outcome(),
            reason: verdict.reason(),
            messages: Vec::new(),
        };
        if let Some(NewMessages { ids, lease, .. }) = messages {
            let jobs = jobs(caller, &command, now, ids, lease, held_since);
            view.messages = self.deliver(jobs, patience).await;
        }
        Ok(view)
    }

    /// Reads a notification.
    pub async fn read(
        &self,
        caller: &Caller,
        id: NotificationId,
    ) -> Result<Option<NotificationView>, StoreError> {
        self.store.find_notification(caller.application.id, id).await
    }

    fn new_messages(&self, count: usize, now: Timestamp) -> Result<NewMessages, NotifyError> {
        let route = route::notification(self.dispatcher.platform().email_kind)
            .map_err(|_| NotifyError::NotConfigured)?;
        let new_id = || MessageId::time_ordered(&*self.random, now);
        Ok(NewMessages {
            ids: std::iter::repeat_with(new_id).take(count).collect(),
            lease: self.dispatcher.lease(now),
            decision: route.to_json(),
            per_day: PER_RECIPIENT_AND_DAY,
        })
    }

    /// Hands committed messages over, all at once, and answers what is learned of them within `patience`.
    async fn deliver(&self, jobs: Vec<Job>, patience: Duration) -> Vec<MessageSummary> {
        join_all(jobs.into_iter().map(async |job| {
            let id = job.message_id;
            let delivery = self.dispatcher.send_within(job, patience).await;
            delivery.map_or_else(|| queued(id), |delivery| delivery.message)
        }))
        .await
    }
}

/// A job for each recipient.
fn jobs(
    caller: &Caller,
    command: &Notify,
    now: Timestamp,
    ids: Vec<MessageId>,
    lease: Lease,
    held_since: Instant,
) -> Vec<Job> {
    let Some(kind) = command.event.kind() else {
        return Vec::new();
    };
    let job = |(recipient, message_id): (&EmailAddress, MessageId)| {
        let cargo = NotificationCargo {
            environment_id: caller.environment.id(),
            kind,
            recipient: recipient.clone(),
            locale: command.locale.clone(),
            data: command.data.clone(),
            expires_at: now + LIFE,
        };
        Job {
            message_id,
            cargo: Cargo::Notification(Box::new(cargo)),
            lease,
            held_since,
            attempts: 0,
            holds_quota: false,
        }
    };
    command.recipients.iter().zip(ids).map(job).collect()
}
