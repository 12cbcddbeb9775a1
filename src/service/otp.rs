//! One-time codes: send, verify, resend, cancel, read. Each is one operation of the store; a send or resend is handed to
//! the dispatcher once it is committed.

use std::sync::Arc;
use std::time::Duration;

use super::clock::GuardedClock;
use super::directory::EnvironmentSnapshot;
use super::dispatch::{Dispatcher, Job, PendingCommit};
use super::route::{self, Route};
use crate::domain::code::Code;
use crate::domain::environment::{Application, Connection};
use crate::domain::id::{ConnectionId, EnvironmentId, MessageId, VerificationId};
use crate::domain::idempotency::{KeyedHash, KeyedRequest};
use crate::domain::keyring::KeyRing;
use crate::domain::limit::recipient_key;
use crate::domain::locale::{LanguageTag, Locale};
use crate::domain::message::Channel;
use crate::domain::phone::PhoneNumber;
use crate::domain::policy::{DAY, HOUR, OtpPolicy};
use crate::domain::random::Random;
use crate::domain::recipient::Recipient;
use crate::domain::settings::SmsSettings;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Verification};
use crate::store::outbox::{MonthlyCounter, MonthlyLimit};
use crate::store::verification::{Guess, NewMessage, SendLimits, SendRefusal};
use crate::store::{SharedStore, StoreError};

mod error;
mod repeat;
mod resend;
mod send;

pub use crate::store::verification::{Cancel, Check, LimitName};
pub use error::{NotDelivered, Refused, SendError};
pub use repeat::removed;

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

/// A guess, its fields already read.
#[derive(Debug)]
pub struct VerifyOtp {
    /// At which verification.
    pub verification_id: VerificationId,
    /// The guess.
    pub code: Code,
    /// The purpose it must have been made for.
    pub purpose: Option<Purpose>,
    /// The connection it must have been made over.
    pub connection_id: Option<ConnectionId>,
    /// The keyed request that it is.
    pub request: Option<KeyedRequest>,
}

/// The rules of one-time codes over a store and a dispatcher.
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

    /// What the messages to a recipient are found by.
    #[must_use]
    pub fn recipient_key(&self, environment: EnvironmentId, recipient: &Recipient) -> KeyedHash {
        recipient_key(&self.keys, environment, recipient)
    }

    /// Counts and compares a guess.
    pub async fn verify(&self, caller: &Caller, command: VerifyOtp) -> Result<Check, StoreError> {
        let now = self.clock.now()?;
        let guess = Guess {
            application_id: caller.application.id,
            verification_id: command.verification_id,
            purpose: command.purpose,
            connection_id: command.connection_id,
            enabled_connections: caller.application.connections.clone(),
            macs: self
                .keys
                .candidate_macs(command.verification_id, command.code.expose()),
            digits: command.code.digits(),
            guesses_per_day: caller.environment.otp.row.recipient_guesses_per_day.into(),
            request: command.request,
            now,
        };
        self.store.check(guess).await
    }

    /// Ends a verification.
    pub async fn cancel(&self, caller: &Caller, id: VerificationId) -> Result<Cancel, StoreError> {
        let now = self.clock.now()?;
        self.store.cancel(caller.application.id, id, now).await
    }

    /// Reads a verification.
    pub async fn read(
        &self,
        caller: &Caller,
        id: VerificationId,
    ) -> Result<Option<Verification>, StoreError> {
        let stored = self.store.find(caller.application.id, id).await?;
        Ok(stored.map(|stored| stored.verification))
    }

    fn route(
        &self,
        environment: &EnvironmentSnapshot,
        channel: Channel,
        purpose: Purpose,
    ) -> Result<Route, Refused> {
        let platform = self.dispatcher.platform();
        match channel {
            Channel::Sms => route::sms(&environment.sms.row, purpose, platform.sms_kind)
                .map_err(|_| Refused::SmsNotConfigured),
            Channel::Email => route::email(&environment.email.row, platform.email_kind)
                .map_err(|_| Refused::EmailNotConfigured),
        }
    }

    fn new_message(&self, route: &Route, channel: Channel, language: Locale, now: Timestamp) -> NewMessage {
        let platform = self.dispatcher.platform();
        let counted = channel == Channel::Sms && route::takes_test_quota(route, platform.sms_kind);
        let quota = counted.then(|| MonthlyLimit {
            counter: MonthlyCounter::TestQuota,
            month: now.month_start(),
            limit: platform.monthly_test_quota,
        });
        NewMessage {
            id: MessageId::time_ordered(&*self.random, now),
            lease: self.dispatcher.lease(now),
            language,
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
            if let Some(failure) = message.error {
                return Err(NotDelivered {
                    failure,
                    verification_id: verification.id,
                    message_id: message.id,
                });
            }
            verification.message = message;
        }
        Ok(verification)
    }

    fn refused(&self, refusal: SendRefusal, policy: &OtpPolicy, now: Timestamp) -> Refused {
        match refusal {
            SendRefusal::RecipientLocked { until } => Refused::RecipientLocked {
                retry_after: now.until(until),
            },
            SendRefusal::Throttled { limit, resets_at } => {
                let (quota, window) = match limit {
                    LimitName::RecipientHour => (policy.sends_per_hour.into(), HOUR),
                    LimitName::RecipientDay => (policy.sends_per_day.into(), DAY),
                    LimitName::IpHour => (policy.ip_sends_per_hour, HOUR),
                };
                Refused::Throttled {
                    limit,
                    quota,
                    window,
                    retry_after: now.until(resets_at),
                }
            }
            SendRefusal::QuotaExhausted => Refused::QuotaExhausted {
                limit: self.dispatcher.platform().monthly_test_quota,
                resets_at: now.next_month_start(),
                retry_after: now.until(now.next_month_start()),
            },
        }
    }
}

/// The language that a message is written in.
fn language(environment: &EnvironmentSnapshot, requested: Option<&LanguageTag>) -> Locale {
    Locale::resolve(requested, &environment.environment.fields.default_locale)
}

fn limits(policy: &OtpPolicy) -> SendLimits {
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
