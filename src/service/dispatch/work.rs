//! Working off the outbox: what waits for a retry, what a process left that died, and what may have been made though nobody
//! could be told.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::settle::{FIRST_WAIT, LEFT_FOR, LONGEST_WAIT};
use super::{Dispatcher, Entry, Job, LEASE, NotificationPayload, Payload};
use crate::domain::code::Code;
use crate::domain::id::MessageId;
use crate::domain::keyring::{KeyRing, OpenError};
use crate::domain::message::{Channel, MessageSummary, Provider};
use crate::domain::notification::NotificationData;
use crate::domain::recipient::{Recipient, RecipientRow};
use crate::domain::time::Timestamp;
use crate::domain::verification::VerificationStatus;
use crate::service::route::Hop;
use crate::store::StoreError;
use crate::store::notification::StoredNotification;
use crate::store::outbox::{Claimed, Lease, Outcome, Queue, Settled, StoredPayload};
use crate::store::verification::StoredVerification;

/// How often the outbox is asked for messages that are due.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The most messages that are taken at once.
const BATCH: u32 = 64;

impl Dispatcher {
    /// Works off the outbox until `stop`.
    pub async fn work(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(POLL_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            self.try_start_due().await;
        }
    }

    async fn try_start_due(self: &Arc<Self>) {
        if let Err(error) = self.start_due().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the outbox could not be read"
            );
        }
    }

    /// Sends what is due now and waits for it. Answers how many messages that were.
    pub async fn send_due(self: &Arc<Self>) -> Result<usize, StoreError> {
        let started = self.start_due().await?;
        let count = started.len();
        for task in started {
            // A panic in the task has been reported by its hook; the lease brings the message back.
            let _ = task.await;
        }
        Ok(count)
    }

    async fn start_due(self: &Arc<Self>) -> Result<Vec<JoinHandle<MessageSummary>>, StoreError> {
        let mut started = Vec::new();
        for queue in Queue::ALL {
            self.start_due_of(queue, &mut started).await?;
        }
        Ok(started)
    }

    /// Takes what is due of one queue, as far as its lane has room. Messages whose outcome this process still holds look
    /// due, so nothing is taken before they are recorded.
    async fn start_due_of(
        self: &Arc<Self>,
        queue: Queue,
        started: &mut Vec<JoinHandle<MessageSummary>>,
    ) -> Result<(), StoreError> {
        let mut room = self.lanes.free(queue);
        while room > 0
            && let Some(now) = self.may_take()
        {
            let limit = room.min(BATCH);
            let (lease, held_since) = (self.lease(now), Instant::now());
            let claimed = self.parts.store.claim_due(queue, now, lease, limit).await?;
            let taken = u32::try_from(claimed.len()).unwrap_or(limit);
            for claimed in claimed {
                if let Some(job) = self.open(claimed, lease, held_since, now).await {
                    let entry = self.under_way.enter(job.message_id);
                    started.push(self.start(job, entry));
                }
            }
            if taken < limit {
                return Ok(());
            }
            room = room.saturating_sub(taken);
        }
        Ok(())
    }

    /// The time, if anything may be taken from the outbox now. A process whose clock is off would take over what others still
    /// hold, or end what lives.
    fn may_take(&self) -> Option<Timestamp> {
        self.parts.clock.now().ok().filter(|_| self.unrecorded.is_empty())
    }

    /// Makes a job of a claimed message, unless its code has no more use, or it was taken over before: one marked duplicate is
    /// all that a process that dies may cost.
    async fn open(&self, claimed: Claimed, lease: Lease, held_since: Instant, now: Timestamp) -> Option<Job> {
        let Claimed {
            message_id,
            payload,
            attempts,
            possible_duplicate,
            taken_over_before,
            holds_quota,
        } = claimed;
        if possible_duplicate {
            tracing::warn!(message.id = %message_id, "taken over from a process that died; it may be sent twice");
        }
        let wanted = is_of_use(&payload, now) && !(possible_duplicate && taken_over_before);
        let first_sender = self.first_sender(&payload);
        let payload = if wanted {
            self.open_payload(message_id, payload)
        } else {
            Ok(None)
        };
        match payload {
            Ok(Some(payload)) => {
                return Some(Job {
                    message_id,
                    payload,
                    lease,
                    held_since,
                    attempts,
                    holds_quota,
                });
            }
            Err(error) if error.is_for_others() => {
                self.give_up_lease(message_id, lease, LEFT_FOR).await;
                return None;
            }
            Ok(None) | Err(_) => {}
        }
        let outcome = if possible_duplicate {
            Outcome::Unknown {
                provider: first_sender,
                fallback: false,
            }
        } else {
            Outcome::Expired
        };
        let settlement = self.settlement(message_id, lease, outcome);
        self.settle(settlement, Duration::ZERO).await;
        None
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
        let opened = match stored {
            StoredPayload::Code(verification) => open_code(*verification, &self.parts.keys),
            StoredPayload::Notification(notification) => open_notification(*notification, &self.parts.keys),
        };
        opened.inspect_err(
            |error| tracing::error!(message.id = %message_id, alarm = true, %error, "what a message carries cannot be opened"),
        )
    }

    /// Gives up the lease of messages that may have been made. A statement whose connection broke may still be running, so
    /// those that are not there are looked for until their lease is over.
    pub(super) async fn resolve(self: &Arc<Self>, entries: &[Entry], lease: Lease) {
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
        self.try_start_due().await;
    }

    /// Who would have been asked first by a process that died.
    fn first_sender(&self, payload: &StoredPayload) -> Provider {
        let (channel, is_own) = match payload {
            StoredPayload::Code(stored) => {
                let (channel, snapshot) = (stored.channel(), self.parts.directory.current());
                let environment = snapshot.environment(stored.environment_id).ok().flatten();
                let purpose = stored.verification.purpose;
                let route = environment.and_then(|held| self.route(held, channel, purpose).ok());
                (
                    channel,
                    route.is_some_and(|route| route.hops.first() == Some(&Hop::Own)),
                )
            }
            StoredPayload::Notification(_) => (Channel::Email, false),
        };
        let platform = match channel {
            Channel::Sms if is_own => return Provider::Twilio,
            Channel::Email if is_own => return Provider::Smtp,
            Channel::Sms => self.platform.sms.as_ref().map(|sender| sender.provider()),
            Channel::Email => self.platform.email.as_ref().map(|sender| sender.provider()),
        };
        platform.unwrap_or(Provider::Kinde)
    }
}

/// Whether it is still of use to whom it is for.
fn is_of_use(payload: &StoredPayload, now: Timestamp) -> bool {
    match payload {
        StoredPayload::Code(stored) => stored.verification.status(now) == VerificationStatus::Pending,
        StoredPayload::Notification(stored) => stored.expires_at > now,
    }
}

fn open_code(verification: StoredVerification, keys: &KeyRing) -> Result<Option<Payload>, OpenError> {
    let id = verification.verification.id;
    let Some(sealed) = verification.sealed_code.as_deref() else {
        return Ok(None);
    };
    let code = Code::open(keys, id, sealed)?;
    let row = RecipientRow::Verification(id);
    let recipient = Recipient::open(keys, verification.channel(), row, &verification.sealed_recipient)?;
    Ok(Some(Payload::code(verification, recipient, code)))
}

fn open_notification(stored: StoredNotification, keys: &KeyRing) -> Result<Option<Payload>, OpenError> {
    let id = stored.notification_id;
    let (Some(sealed), Some(kind)) = (stored.sealed_data.as_deref(), stored.event.kind()) else {
        return Ok(None);
    };
    let data = NotificationData::open(keys, id, sealed)?;
    let row = RecipientRow::Notification(id, stored.recipient_number);
    match Recipient::open(keys, Channel::Email, row, &stored.sealed_recipient)? {
        Recipient::Email(recipient) => Ok(Some(Payload::Notification(Box::new(NotificationPayload {
            environment_id: stored.environment_id,
            kind,
            recipient,
            locale: stored.locale,
            data,
            expires_at: stored.expires_at,
        })))),
        Recipient::Phone(_) => Err(OpenError::Form),
    }
}
