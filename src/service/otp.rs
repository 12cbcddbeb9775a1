//! One-time codes: send, verify, resend, cancel, read. Each is one operation of the store; a send or resend is handed to
//! the dispatcher once it is committed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Parts;
use super::directory::EnvironmentSnapshot;
use super::dispatch::{Dispatcher, Job, Payload, PendingCommit};
use super::route::{self, Route};
use crate::domain::code::Code;
use crate::domain::environment::{Application, Connection};
use crate::domain::id::{EnvironmentId, MessageId, VerificationId};
use crate::domain::idempotency::{KeyedHash, KeyedRequest};
use crate::domain::limit::{address_key, recipient_key};
use crate::domain::locale::{LanguageTag, Locale};
use crate::domain::message::{Channel, MessageSummary};
use crate::domain::phone::PhoneNumber;
use crate::domain::policy::OtpPolicy;
use crate::domain::recipient::{Recipient, RecipientRow};
use crate::domain::settings::SmsSettings;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Verification};
use crate::store::outbox::MonthlyCounter;
use crate::store::verification::{
    Issue, NewMessage, NewVerification, SendLimits, SendRefusal, StoredVerification,
};

mod error;
mod repeat;
mod resend;
mod verify;

pub use crate::store::verification::{Cancel, Check, LimitName};
pub use error::{NotDelivered, Refused, SendError};
pub use repeat::removed;
pub use verify::VerifyOtp;

/// Who asks: an application of an environment.
#[derive(Clone)]
pub struct Caller {
    /// The application.
    pub application: Arc<Application>,
    /// Its environment.
    pub environment: Arc<EnvironmentSnapshot>,
}

/// A request for a code, its fields already read.
#[derive(Debug, Clone)]
pub struct SendOtp {
    /// The connection, one of the environment's.
    pub connection: Connection,
    /// Whom the code goes to, of the connection's channel.
    pub recipient: Recipient,
    /// What the proof is asked for.
    pub purpose: Purpose,
    /// The language asked for.
    pub locale: Option<LanguageTag>,
    /// The end user's address, or its /64.
    pub client_ip: Option<String>,
    /// The keyed request that it is.
    pub request: Option<KeyedRequest>,
}

/// The rules of one-time codes over a store and a dispatcher.
pub struct Service {
    /// What it works with.
    pub parts: Parts,
    /// Takes its messages over.
    pub dispatcher: Arc<Dispatcher>,
}

impl Service {
    /// What the messages to a recipient are found by.
    #[must_use]
    pub fn recipient_key(&self, environment: EnvironmentId, recipient: &Recipient) -> KeyedHash {
        recipient_key(&self.parts.keys, environment, recipient)
    }

    /// Makes a verification and sends its code, waiting for the providers no longer than `max_wait`.
    pub async fn send(
        &self,
        caller: &Caller,
        command: SendOtp,
        max_wait: Duration,
    ) -> Result<Verification, SendError> {
        let now = self.parts.clock.now()?;
        let environment = &caller.environment;
        let (channel, request) = (command.recipient.channel(), command.request);
        let route = permitted(environment, &command.recipient, command.purpose)
            .and_then(|()| self.route(environment, channel, command.purpose));
        let route = match route {
            Ok(route) => route,
            Err(refused) => {
                let sent = self.find_sent(caller, request, max_wait).await?;
                return sent.ok_or(SendError::from(refused));
            }
        };
        let policy = &environment.otp.row;
        let code = Code::draw(&*self.parts.random, policy.digits);
        let message = self.new_message(caller, &route, channel, command.locale.as_ref(), now);
        let recipient = command.recipient.clone();
        let new = self.new_verification(caller, command, &code, message, now);
        let made = made(&new);
        let verification = made.verification.clone();
        let job = job(&new.message, Instant::now(), Payload::code(made, recipient, code));
        let pending = self.dispatcher.pending_commit([job.message_id], job.lease);
        let refused = match self.parts.store.issue(new).await? {
            Issue::Issued => return Ok(self.deliver(verification, pending, job, max_wait).await?),
            Issue::Repeated => {
                pending.not_made();
                return self.repeated_send(caller, verification.id, max_wait).await;
            }
            Issue::KeyReused => Refused::KeyReused,
            Issue::Refused(refusal) => self.refused(refusal, policy, now),
        };
        pending.not_made();
        Err(refused.into())
    }

    fn new_verification(
        &self,
        caller: &Caller,
        command: SendOtp,
        code: &Code,
        message: NewMessage,
        now: Timestamp,
    ) -> NewVerification {
        let channel = command.recipient.channel();
        let policy = &caller.environment.otp.row;
        let keys = self.parts.keys.in_use(now);
        let id = match &command.request {
            Some(request) => request.verification_id(),
            None => VerificationId::unguessable(&*self.parts.random),
        };
        let environment_id = caller.environment.id();
        let recipient = &command.recipient;
        let address = command.client_ip.as_deref();
        NewVerification {
            id,
            body_hash: command.request.map(|request| request.body_hash),
            environment_id,
            application_id: caller.application.id,
            connection_id: command.connection.id,
            purpose: command.purpose,
            channel,
            recipient_key: recipient_key(&self.parts.keys, environment_id, recipient),
            sealed_recipient: recipient.seal(keys, &*self.parts.random, RecipientRow::Verification(id)),
            masked_recipient: recipient.masked(),
            country: recipient.country(),
            locale: command.locale,
            ip_key: address.map(|address| address_key(&self.parts.keys, environment_id, address)),
            code_mac: keys.code_mac(id, code.expose()),
            code_digits: policy.digits,
            sealed_code: code.seal(keys, &*self.parts.random, id),
            created_at: now,
            expires_at: now + policy.life(command.purpose, channel),
            resend_at: now + policy.resend_wait(1),
            max_guesses: policy.max_guesses,
            max_sends: policy.max_sends,
            limits: limits(policy),
            message,
        }
    }

    fn route(
        &self,
        environment: &EnvironmentSnapshot,
        channel: Channel,
        purpose: Purpose,
    ) -> Result<Route, Refused> {
        let route = self.dispatcher.route(environment, channel, purpose);
        route.map_err(|_| match channel {
            Channel::Sms => Refused::SmsNotConfigured,
            Channel::Email => Refused::EmailNotConfigured,
        })
    }

    fn new_message(
        &self,
        caller: &Caller,
        route: &Route,
        channel: Channel,
        locale: Option<&LanguageTag>,
        now: Timestamp,
    ) -> NewMessage {
        let platform = self.dispatcher.platform();
        let default_locale = &caller.environment.environment.fields.default_locale;
        let counted = channel == Channel::Sms && route::takes_test_quota(route, platform.sms_kind);
        let quota = counted.then(|| platform.monthly_limit(MonthlyCounter::TestQuota, now));
        NewMessage {
            id: MessageId::time_ordered(&*self.parts.random, now),
            lease: self.dispatcher.lease(now),
            language: Locale::resolve(locale, default_locale),
            decision: route.to_json(),
            quota,
        }
    }

    /// Hands a committed message over, and answers the verification with what is learned of it within `max_wait`.
    async fn deliver(
        &self,
        mut verification: Verification,
        made: PendingCommit,
        job: Job,
        max_wait: Duration,
    ) -> Result<Verification, NotDelivered> {
        let mut sent = self.dispatcher.send_within(made, vec![job], max_wait).await;
        if let Some(message) = sent.pop() {
            verification.message = message;
        }
        repeat::outcome(verification, |_| true)
    }

    fn refused(&self, refusal: SendRefusal, policy: &OtpPolicy, now: Timestamp) -> Refused {
        let test_quota = self.dispatcher.platform().monthly_test_quota;
        Refused::of(refusal, &limits(policy), test_quota, now)
    }
}

/// What the store keeps of a new verification, so that it need not be read back.
fn made(new: &NewVerification) -> StoredVerification {
    StoredVerification {
        verification: Verification {
            id: new.id,
            connection_id: new.connection_id,
            channel: new.channel,
            masked_recipient: new.masked_recipient.clone(),
            purpose: new.purpose,
            created_at: new.created_at,
            expires_at: new.expires_at,
            max_guesses: new.max_guesses,
            wrong_guesses: 0,
            max_sends: new.max_sends,
            sends: 1,
            resend_at: new.resend_at,
            verified_at: None,
            canceled_at: None,
            message: MessageSummary::queued(new.message.id),
        },
        environment_id: new.environment_id,
        application_id: new.application_id,
        recipient_key: new.recipient_key,
        sealed_recipient: new.sealed_recipient.clone(),
        locale: new.locale.clone(),
        sealed_code: Some(new.sealed_code.clone()),
    }
}

/// A message to be handed to the dispatcher, held since just before it was written.
fn job(message: &NewMessage, held_since: Instant, payload: Payload) -> Job {
    Job {
        message_id: message.id,
        payload,
        lease: message.lease,
        held_since,
        attempts: 0,
        holds_quota: message.quota.is_some(),
    }
}

/// What a send is counted against.
pub(super) fn limits(policy: &OtpPolicy) -> SendLimits {
    SendLimits {
        per_hour: policy.sends_per_hour.into(),
        per_day: policy.sends_per_day.into(),
        ip_per_hour: policy.ip_sends_per_hour,
        guesses_per_day: policy.recipient_guesses_per_day.into(),
    }
}

/// What the environment's settings have to say of a send or resend, before anything is counted.
fn permitted(
    environment: &EnvironmentSnapshot,
    recipient: &Recipient,
    purpose: Purpose,
) -> Result<(), Refused> {
    if purpose == Purpose::Mfa {
        let factors = environment.mfa.row;
        let on = match recipient.channel() {
            Channel::Sms => factors.sms,
            Channel::Email => factors.email,
        };
        if !on {
            return Err(Refused::FactorDisabled);
        }
    }
    match recipient {
        Recipient::Phone(number) => may_text(&environment.sms.row, number),
        Recipient::Email(_) => Ok(()),
    }
}

/// Whether a text may go to `number` at all.
pub(super) fn may_text(settings: &SmsSettings, number: &PhoneNumber) -> Result<(), Refused> {
    if number.has_blocked_type() {
        return Err(Refused::RecipientBlocked);
    }
    match &settings.allowed_countries {
        Some(allowed) if !number.country().is_some_and(|country| allowed.contains(&country)) => {
            Err(Refused::CountryNotAllowed)
        }
        _ => Ok(()),
    }
}
