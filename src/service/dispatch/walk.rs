//! One pass over a route: each sender is asked in turn, and each attempt settled before the next, so that the timeline, the
//! quota and a restart know every one of them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::settle::{LEFT_FOR, Pass};
use super::{CodePayload, Dispatcher, Job, Payload};
use crate::domain::id::AttemptId;
use crate::domain::locale::Locale;
use crate::domain::message::{Attempt, MessageStatus, MessageSummary, Provider, Sms};
use crate::domain::policy::retry_at;
use crate::domain::recipient::Recipient;
use crate::domain::time::Timestamp;
use crate::provider::{ATTEMPT_TIMEOUT, Class, Receipt, SendError, Transport};
use crate::service::directory::{EnvironmentSnapshot, OutOfService};
use crate::service::render::{self, CodeContent};
use crate::service::route::{self, Hop, Route};
use crate::store::StoreError;
use crate::store::outbox::{MonthlyCounter, MonthlyLimit, Outcome};

/// A sender of a route.
type Candidate<M> = (Hop, Arc<dyn Transport<M>>);

impl Dispatcher {
    /// One pass over the route of a message.
    pub(super) async fn pass(&self, job: Job) -> MessageSummary {
        let Ok(now) = self.parts.clock.now() else {
            return self.wait_for_the_clock(&job).await;
        };
        let Ok(environment) = self.environment_of(&job.payload).await else {
            return self.conclude(&job, Outcome::RetryAt(now + LEFT_FOR)).await;
        };
        let alive = job.expires_at() > now;
        let Some(environment) = environment.filter(|_| alive) else {
            return self.conclude(&job, Outcome::Expired).await;
        };
        match &job.payload {
            Payload::Code(payload) => self.pass_code(&job, payload, &environment).await,
            Payload::Notification(payload) => self.pass_notification(&job, payload, &environment).await,
        }
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
        if let Err(error) = self.parts.directory.refresh().await {
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
        let snapshot = self.parts.directory.current();
        let held = snapshot.environment(payload.environment_id())?;
        let has_owner = |held: &&Arc<EnvironmentSnapshot>| match payload {
            Payload::Code(code) => held.application(code.verification.application_id).is_some(),
            Payload::Notification(_) => true,
        };
        Ok(held.filter(has_owner).cloned())
    }

    async fn pass_code(
        &self,
        job: &Job,
        payload: &CodePayload,
        environment: &EnvironmentSnapshot,
    ) -> MessageSummary {
        let (content, channel) = (content(job, payload, environment), job.channel());
        let Ok(route) = self.route(environment, channel, content.purpose) else {
            return self.refuse(job, Class::SenderMisconfigured).await;
        };
        match &payload.recipient {
            Recipient::Phone(number) => {
                let message = render::sms(&content, number.clone());
                self.pass_sms(job, &route, environment, &message).await
            }
            Recipient::Email(address) => match render::email(&content, address.clone()) {
                Ok(message) => {
                    let (own, platform) = (environment.own_email.as_ref(), self.platform.email.as_ref());
                    self.walk(job, &candidates(&route, own, platform), &message).await
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, message.id = %job.message_id,
                        "an email could not be written");
                    self.refuse(job, Class::SenderMisconfigured).await
                }
            },
        }
    }

    async fn pass_sms(
        &self,
        job: &Job,
        route: &Route,
        environment: &EnvironmentSnapshot,
        message: &Sms,
    ) -> MessageSummary {
        // A place is reserved when a message is made. Only where the settings have since moved it to the platform sender
        // must it be had now.
        let late = route::takes_test_quota(route, self.platform.sms_kind) && !job.holds_quota;
        let quota = self
            .platform
            .monthly_limit(MonthlyCounter::TestQuota, self.parts.clock.estimate());
        if late {
            match self.reserve(job, quota).await {
                Ok(true) => {}
                Ok(false) => return self.refuse(job, Class::Account).await,
                Err(_) => {
                    let at = self.next_try(job, self.parts.clock.estimate(), job.attempts, None);
                    return self.conclude(job, Outcome::RetryAt(at)).await;
                }
            }
        }
        let (own, platform) = (environment.own_sms.as_ref(), self.platform.sms.as_ref());
        let sent = self.walk(job, &candidates(route, own, platform), message).await;
        let taken = matches!(sent.status, MessageStatus::Accepted | MessageStatus::Unknown);
        if late && !taken {
            self.release(job, quota).await;
        }
        sent
    }

    /// Asks one sender after the other.
    pub(super) async fn walk<M: Sync>(
        &self,
        job: &Job,
        candidates: &[Candidate<M>],
        message: &M,
    ) -> MessageSummary {
        let mut pass = Pass::default();
        let mut job_attempts = job.attempts;
        let cap = self
            .platform
            .monthly_limit(MonthlyCounter::Fallback, self.parts.clock.estimate());
        for (index, (hop, transport)) in candidates.iter().enumerate() {
            let fallback = *hop == Hop::Fallback;
            let Ok(started_at) = self.parts.clock.now() else {
                if fallback {
                    self.release(job, cap).await;
                }
                return self.wait_for_the_clock(job).await;
            };
            let (attempt, result) = self.attempt(&**transport, message, started_at).await;
            job_attempts = job_attempts.saturating_add(1);
            log_attempt(job, &attempt, &result);
            if fallback && matches!(result, Err(SendError::NotAccepted { .. })) {
                self.release(job, cap).await;
            }
            let wants_next =
                matches!(&result, Err(SendError::NotAccepted { class, .. }) if class.allows_fallback());
            let another = if wants_next && index + 1 < candidates.len() {
                self.reserve(job, cap).await
            } else {
                Ok(false)
            };
            let another = another.unwrap_or_else(|_| {
                pass.try_again_later();
                false
            });
            let next_try = |retry_after| self.next_try(job, attempt.finished_at, job_attempts, retry_after);
            let outcome = pass.decide(&attempt, result, fallback, another, next_try);
            let (message, held) = self.record(job, Some(attempt), outcome).await;
            if !another {
                return message;
            }
            if !held {
                // Another process has the message by now, and asks this sender itself.
                self.release(job, cap).await;
                return message;
            }
        }
        self.refuse(job, Class::SenderMisconfigured).await
    }

    fn next_try(&self, job: &Job, now: Timestamp, attempts: u16, retry_after: Option<Duration>) -> Timestamp {
        let end = job.expires_at();
        let life = job.message_id.made_at().unwrap_or(now).until(end);
        let at = retry_at(&*self.parts.random, now, attempts, retry_after, life, end);
        // No try fits into the life that is left; it waits for its end, when it counts as expired.
        at.unwrap_or(end)
    }

    /// One try, within its time, as the timeline shows it.
    async fn attempt<M: Sync>(
        &self,
        transport: &dyn Transport<M>,
        message: &M,
        started_at: Timestamp,
    ) -> (Attempt, Result<Receipt, SendError>) {
        let sending = AssertUnwindSafe(transport.send(message)).catch_unwind();
        let result = match tokio::time::timeout(ATTEMPT_TIMEOUT, sending).await {
            Ok(Ok(result)) => result,
            // Where it stopped is not known, so it is never tried again by itself.
            Ok(Err(_)) => Err(SendError::unknown("the sender broke off")),
            Err(_) => Err(SendError::unknown("no answer within 10 s")),
        };
        let finished_at = self.parts.clock.estimate();
        let (outcome, provider_code, detail, provider_message_id) = match &result {
            Ok(receipt) => (
                MessageStatus::Accepted.as_str(),
                None,
                receipt.detail.clone(),
                receipt.provider_message_id.clone(),
            ),
            Err(SendError::Unknown { code, detail }) => (
                MessageStatus::Unknown.as_str(),
                code.clone(),
                Some(detail.clone()),
                None,
            ),
            Err(SendError::NotAccepted {
                class, code, detail, ..
            }) => (class.as_str(), code.clone(), Some(detail.clone()), None),
        };
        let attempt = Attempt {
            id: AttemptId::time_ordered(&*self.parts.random, started_at),
            provider: transport.provider(),
            started_at,
            finished_at,
            outcome: outcome.to_owned(),
            provider_code,
            detail,
            provider_message_id,
        };
        (attempt, result)
    }

    /// Reserves a place of a monthly counter; `false` when it is used up. An error says neither, and ends no message.
    async fn reserve(&self, job: &Job, limit: MonthlyLimit) -> Result<bool, StoreError> {
        let reserved = self
            .parts
            .store
            .reserve(job.payload.environment_id(), limit)
            .await;
        match &reserved {
            Ok(true) => {}
            Ok(false) => tracing::warn!(environment.id = %job.payload.environment_id(),
                counter = limit.counter.as_str(), limit = limit.limit, "a monthly counter is used up"),
            Err(error) => tracing::warn!(
                error = error as &dyn std::error::Error,
                counter = limit.counter.as_str(),
                message.id = %job.message_id,
                "a monthly counter could not be read; the message waits"
            ),
        }
        reserved
    }

    async fn release(&self, job: &Job, limit: MonthlyLimit) {
        if let Err(error) = self
            .parts
            .store
            .release(job.payload.environment_id(), limit)
            .await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a place could not be refunded"
            );
        }
    }
}

/// The senders of a route. One that the route names and nobody has is left out: its settings have just changed.
pub(super) fn candidates<M>(
    route: &Route,
    own: Option<&Arc<dyn Transport<M>>>,
    platform: Option<&Arc<dyn Transport<M>>>,
) -> Vec<Candidate<M>> {
    let sender = |hop: &Hop| match hop {
        Hop::Own => own.cloned(),
        Hop::Platform | Hop::Fallback => platform.cloned(),
    };
    route
        .hops
        .iter()
        .filter_map(|hop| Some((*hop, sender(hop)?)))
        .collect()
}

fn content<'a>(job: &Job, payload: &'a CodePayload, environment: &'a EnvironmentSnapshot) -> CodeContent<'a> {
    let stored = &payload.verification;
    let (purpose, expires_at) = (stored.verification.purpose, stored.verification.expires_at);
    let made_at = job.message_id.made_at().unwrap_or(stored.verification.created_at);
    let default_locale = &environment.environment.fields.default_locale;
    let locale = Locale::resolve(stored.locale.as_ref(), default_locale);
    let application = environment.application(stored.application_id);
    CodeContent {
        autofill_domain: application.and_then(|held| held.row.fields.autofill_domain.as_ref()),
        ..CodeContent::of(
            environment,
            job.message_id,
            purpose,
            &payload.code,
            locale,
            made_at,
            expires_at,
        )
    }
}

/// One line and one count per attempt, without recipient or text.
fn log_attempt(job: &Job, attempt: &Attempt, result: &Result<Receipt, SendError>) {
    let channel = job.channel();
    let provider: Provider = attempt.provider;
    metrics::counter!("otpost_messages_total", "channel" => channel.as_str(), "provider" => provider.as_str(),
        "outcome" => attempt.outcome.clone())
    .increment(1);
    match result {
        Ok(_) => tracing::info!(message.id = %job.message_id, %channel, %provider, "accepted"),
        Err(error @ SendError::NotAccepted { class, .. }) if class.is_alarming() => {
            tracing::warn!(message.id = %job.message_id, %channel, %provider, alarm = true, "{error}");
        }
        Err(error) => tracing::warn!(message.id = %job.message_id, %channel, %provider, "{error}"),
    }
}
