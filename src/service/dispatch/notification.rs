//! Notifications on their way: always through the platform's sender, and taken from the outbox in a lane of their own.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::job::{Cargo, NotificationCargo};
use super::walk::stops;
use super::{Delivery, Dispatcher, Job};
use crate::domain::locale::Locale;
use crate::domain::message::Provider;
use crate::domain::time::Timestamp;
use crate::provider::Class;
use crate::service::directory::EnvironmentSnapshot;
use crate::service::render::{self, NotificationContent};
use crate::service::route;
use crate::store::StoreError;
use crate::store::notification::ClaimedNotification;
use crate::store::outbox::{Lease, Outcome, Queue};

impl Dispatcher {
    /// One pass over the route of a notification's message.
    pub(super) async fn pass_notification(
        &self,
        job: &Job,
        cargo: &NotificationCargo,
        environment: &EnvironmentSnapshot,
    ) -> Delivery {
        let settings = &environment.environment.fields;
        let content = NotificationContent {
            message_id: job.message_id,
            kind: cargo.kind,
            data: &cargo.data,
            business_name: &settings.business_name,
            sender_name: environment.email.row.sender_name.as_ref(),
            locale: Locale::resolve(cargo.locale.as_ref(), &settings.default_locale),
            made_at: job.message_id.made_at().unwrap_or(cargo.expires_at),
            expires_at: cargo.expires_at,
        };
        let message = match render::notification(&content, cargo.recipient.clone()) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, message.id = %job.message_id,
                    "a notification could not be written");
                return self.refuse(job, Class::SenderMisconfigured).await;
            }
        };
        match route::notification(self.platform.email_kind) {
            Ok(route) => {
                let stops = stops(&route, None, self.platform.email.as_ref());
                self.walk(job, &stops, &message).await
            }
            Err(_) => self.refuse(job, Class::SenderMisconfigured).await,
        }
    }

    /// Takes what is due, as far as the lane has room.
    pub(super) async fn start_due_notifications(
        self: &Arc<Self>,
        started: &mut Vec<JoinHandle<Option<Delivery>>>,
    ) -> Result<(), StoreError> {
        let mut room = self.lanes.free(Queue::Notification);
        while room > 0
            && let Some(now) = self.may_take()
        {
            let (lease, held_since) = (self.lease(now), Instant::now());
            let claimed = self.store.claim_due_notifications(now, lease, room).await?;
            let taken = u32::try_from(claimed.len()).unwrap_or(room);
            for claimed in claimed {
                if let Some(job) = self.open_notification(claimed, lease, held_since, now).await {
                    let entry = self.under_way.enter(job.message_id);
                    started.push(self.start(job, entry));
                }
            }
            if taken < room {
                return Ok(());
            }
            room = self.lanes.free(Queue::Notification).saturating_sub(taken);
        }
        Ok(())
    }

    /// Makes a job of a claimed message, as [`Dispatcher::open`] does of one with a code.
    async fn open_notification(
        &self,
        claimed: ClaimedNotification,
        lease: Lease,
        held_since: Instant,
        now: Timestamp,
    ) -> Option<Job> {
        let message_id = claimed.message.message_id;
        let possible_duplicate = claimed.possible_duplicate;
        if possible_duplicate {
            tracing::warn!(message.id = %message_id, "taken over from a process that died; it may be sent twice");
        }
        let alive = claimed.message.expires_at > now;
        let wanted = alive && !(possible_duplicate && claimed.taken_over_before);
        let cargo = if wanted {
            Cargo::opened(claimed.message, &self.keys)
        } else {
            Ok(None)
        };
        match cargo {
            Ok(Some(cargo)) => {
                return Some(Job {
                    message_id,
                    cargo,
                    lease,
                    held_since,
                    attempts: claimed.attempts,
                    holds_quota: false,
                });
            }
            Err(error) if error.is_for_others() => {
                self.leave_to_others(message_id, lease).await;
                return None;
            }
            Ok(None) | Err(_) => {}
        }
        let platform = self.platform.email.as_ref();
        let outcome = if possible_duplicate {
            Outcome::Unknown {
                provider: platform.map_or(Provider::Kinde, |platform| platform.provider()),
                fallback: false,
            }
        } else {
            Outcome::Expired
        };
        self.end(message_id, lease, outcome).await;
        None
    }
}
