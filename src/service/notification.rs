//! Notifications: the decision, one operation of the store, then the dispatcher. A suppressed one is recorded like one that
//! is sent.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::Parts;
use super::dispatch::{Dispatcher, Job, NotificationPayload, Payload};
use super::otp::{Caller, Refused, SendError, removed};
use super::route;
use crate::domain::email::EmailAddress;
use crate::domain::id::{MessageId, NotificationId};
use crate::domain::idempotency::KeyedRequest;
use crate::domain::limit::{notification_key, recipient_key};
use crate::domain::locale::{LanguageTag, Locale};
use crate::domain::message::MessageStatus;
use crate::domain::notification::{
    LIFE, NotificationData, NotificationDecision, NotificationEvent, NotificationSource, NotificationView,
    PER_RECIPIENT_AND_DAY,
};
use crate::domain::recipient::{Recipient, RecipientRow};
use crate::domain::time::Timestamp;
use crate::store::StoreError;
use crate::store::notification::{NewMessages, NewNotification, NewRecipient, Notify as Outcome};
use crate::store::outbox::Lease;

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
    /// The keyed request that it is.
    pub request: Option<KeyedRequest>,
}

/// The rules of notifications over a store and a dispatcher.
pub struct Service {
    /// What it works with.
    pub parts: Parts,
    /// Takes its messages over.
    pub dispatcher: Arc<Dispatcher>,
}

impl Service {
    /// Makes a notification and sends its messages where it has any, waiting for the provider no longer than `max_wait`.
    pub async fn notify(
        &self,
        caller: &Caller,
        command: Notify,
        max_wait: Duration,
    ) -> Result<NotificationView, SendError> {
        let decision = NotificationDecision::on(command.event, command.source);
        let now = self.parts.clock.now()?;
        let held_since = Instant::now();
        let messages = match decision {
            NotificationDecision::Send => match self.new_messages(caller, &command, now) {
                Ok(messages) => Some(messages),
                Err(refused) => {
                    let notified = self.find_notified(caller, command.request, max_wait).await?;
                    return notified.ok_or(SendError::from(refused));
                }
            },
            NotificationDecision::Suppress(_) => None,
        };
        let new = self.new_notification(caller, &command, decision, messages.clone(), now);
        let id = new.id;
        let (ids, lease) = match messages {
            Some(NewMessages { ids, lease, .. }) => (ids, lease),
            None => (Vec::new(), self.dispatcher.lease(now)),
        };
        let pending = self.dispatcher.pending_commit(ids.iter().copied(), lease);
        let refused = match self.parts.store.notify(new).await? {
            Outcome::Made => {
                let jobs = jobs(caller, &command, now, ids, lease, held_since);
                return Ok(NotificationView {
                    id,
                    event: command.event,
                    source: command.source,
                    outcome: decision.outcome(),
                    reason: decision.reason(),
                    messages: self.dispatcher.send_within(pending, jobs, max_wait).await,
                });
            }
            Outcome::Repeated(id) => {
                pending.not_made();
                return self.repeated(caller, id, max_wait).await;
            }
            Outcome::KeyReused => Refused::KeyReused,
            Outcome::Limited { resets_at } => Refused::NotificationsThrottled {
                retry_after: now.until(resets_at),
            },
        };
        pending.not_made();
        Err(refused.into())
    }

    /// Answers a notification that is refused now from what it made before, when that was allowed; `None` where it made nothing.
    pub async fn find_notified(
        &self,
        caller: &Caller,
        request: Option<KeyedRequest>,
        max_wait: Duration,
    ) -> Result<Option<NotificationView>, SendError> {
        let Some(request) = request else { return Ok(None) };
        let Some((id, body_hash)) = self
            .parts
            .store
            .find_notification_by_key(request.key_hash)
            .await?
        else {
            return Ok(None);
        };
        if !request.repeats(Some(body_hash)) {
            return Err(Refused::KeyReused.into());
        }
        self.repeated(caller, id, max_wait).await.map(Some)
    }

    /// The notification, once this process is through with its messages, or `max_wait` is over.
    async fn repeated(
        &self,
        caller: &Caller,
        id: NotificationId,
        max_wait: Duration,
    ) -> Result<NotificationView, SendError> {
        let deadline = Instant::now() + max_wait;
        let view = self.read(caller, id).await?.ok_or_else(removed)?;
        let queued = view
            .messages
            .iter()
            .filter(|message| message.status == MessageStatus::Queued);
        let waits: Vec<_> = queued
            .map(|message| self.dispatcher.wait_for(message.id, deadline))
            .collect();
        if waits.is_empty() {
            return Ok(view);
        }
        join_all(waits).await;
        Ok(self.read(caller, id).await?.ok_or_else(removed)?)
    }

    /// Reads a notification.
    pub async fn read(
        &self,
        caller: &Caller,
        id: NotificationId,
    ) -> Result<Option<NotificationView>, StoreError> {
        self.parts
            .store
            .find_notification(caller.application.id, id)
            .await
    }

    fn new_notification(
        &self,
        caller: &Caller,
        command: &Notify,
        decision: NotificationDecision,
        messages: Option<NewMessages>,
        now: Timestamp,
    ) -> NewNotification {
        let id = NotificationId::time_ordered(&*self.parts.random, now);
        NewNotification {
            id,
            environment_id: caller.environment.id(),
            application_id: caller.application.id,
            event: command.event,
            source: command.source,
            decision,
            locale: command.locale.clone(),
            sealed_data: command
                .data
                .seal(self.parts.keys.in_use(now), &*self.parts.random, id),
            recipients: self.new_recipients(caller, command, id, now),
            messages,
            request: command.request,
            created_at: now,
            expires_at: now + LIFE,
        }
    }

    fn new_recipients(
        &self,
        caller: &Caller,
        command: &Notify,
        id: NotificationId,
        now: Timestamp,
    ) -> Vec<NewRecipient> {
        let (environment, keys) = (caller.environment.id(), self.parts.keys.in_use(now));
        let recipient = |(number, address): (u16, &EmailAddress)| {
            let recipient = Recipient::Email(address.clone());
            let recipient_key = recipient_key(&self.parts.keys, environment, &recipient);
            NewRecipient {
                recipient_key,
                limit_key: notification_key(&self.parts.keys, recipient_key),
                sealed_recipient: recipient.seal(
                    keys,
                    &*self.parts.random,
                    RecipientRow::Notification(id, number),
                ),
                masked_recipient: recipient.masked(),
            }
        };
        (1..).zip(&command.recipients).map(recipient).collect()
    }

    fn new_messages(
        &self,
        caller: &Caller,
        command: &Notify,
        now: Timestamp,
    ) -> Result<NewMessages, Refused> {
        let route = route::notification(self.dispatcher.platform().email_kind)
            .map_err(|_| Refused::NotificationsNotConfigured)?;
        let new_id = || MessageId::time_ordered(&*self.parts.random, now);
        Ok(NewMessages {
            ids: std::iter::repeat_with(new_id)
                .take(command.recipients.len())
                .collect(),
            lease: self.dispatcher.lease(now),
            language: Locale::resolve(
                command.locale.as_ref(),
                &caller.environment.environment.fields.default_locale,
            ),
            decision: route.to_json(),
            per_day: PER_RECIPIENT_AND_DAY,
        })
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
        let payload = NotificationPayload {
            environment_id: caller.environment.id(),
            kind,
            recipient: recipient.clone(),
            locale: command.locale.clone(),
            data: command.data.clone(),
            expires_at: now + LIFE,
        };
        Job {
            message_id,
            payload: Payload::Notification(Box::new(payload)),
            lease,
            held_since,
            attempts: 0,
            holds_quota: false,
        }
    };
    command.recipients.iter().zip(ids).map(job).collect()
}
