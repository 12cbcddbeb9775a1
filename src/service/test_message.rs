//! Test messages: whether settings, saved or not, carry a message, and if not, why. A test takes one way, never a fallback; it
//! is counted and written into the audit log, and nothing else is kept of it.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Parts;
use super::actor::Actor;
use super::directory::EnvironmentSnapshot;
use super::dispatch::Dispatcher;
use super::otp::{self, Refused};
use super::render::{self, CodeContent, RenderError};
use super::route::PlatformSender;
use super::settings::{GivenSecret, hint, resolve_email, resolve_sms};
use crate::document::{Draft, Mistake};
use crate::domain::code::Code;
use crate::domain::email::EmailAddress;
use crate::domain::id::MessageId;
use crate::domain::limit::recipient_key;
use crate::domain::locale::Locale;
use crate::domain::message::{Channel, Provider};
use crate::domain::phone::PhoneNumber;
use crate::domain::recipient::Recipient;
use crate::domain::settings::{EmailSettings, SmsSettings};
use crate::domain::verification::Purpose;
use crate::provider::diagnosis;
use crate::provider::{
    ATTEMPT_TIMEOUT, Connect, EmailTransport, Receipt, SendError, SmsTransport, Transport,
};
use crate::store::StoreError;
use crate::store::outbox::{MonthlyCounter, MonthlyLimit};
use crate::store::test_message::{NewTest, TestCount};

pub use crate::provider::diagnosis::{Diagnosis, DiagnosisCode};

/// Tests that an environment may send in a minute, over both channels.
pub const PER_MINUTE: u32 = 10;

/// What a test's text is that of: the one purpose that promises nothing beyond itself.
const PURPOSE: Purpose = Purpose::Verify;

/// A test of SMS settings.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "+61466043123", "settings": {"provider": "twilio", "twilio": {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "secret", "source": "messaging_service", "messaging_service_sid": "MG0123456789abcdef0123456789abcdef"}}}))]
pub struct SmsTestRequest {
    /// A phone number: E.164, or national digits of the environment's default country.
    pub to: String,
    /// Settings that are not saved, as for `PUT`; without them the saved ones are tested.
    #[serde(default)]
    pub settings: Option<SmsSettings<GivenSecret>>,
}

/// A test of email settings.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "ada@example.com", "settings": {"sender_name": "Acme", "custom_sender": {"email": "auth@acme.example.com", "server": "smtp.acme.example.com", "port": 587, "username": "otpost", "password": "secret", "tls": "starttls"}}}))]
pub struct EmailTestRequest {
    /// An email address.
    pub to: EmailAddress,
    /// Settings that are not saved, as for `PUT`; without them the saved ones are tested.
    #[serde(default)]
    pub settings: Option<EmailSettings<GivenSecret>>,
}

/// What came of a test.
#[derive(Debug)]
pub struct Tested {
    /// Who was asked.
    pub provider: Provider,
    /// What they said.
    pub outcome: Result<Receipt, SendError>,
}

impl Tested {
    /// What is wrong and what to do, where the message was not accepted.
    #[must_use]
    pub fn diagnosis(&self, channel: Channel) -> Option<Diagnosis> {
        let error = self.outcome.as_ref().err()?;
        Some(diagnosis::diagnose(channel, self.provider, error))
    }

    /// What an SMTP server replied, where it did.
    #[must_use]
    pub fn smtp_reply(&self) -> Option<String> {
        match &self.outcome {
            Ok(receipt) => receipt.detail.clone(),
            Err(error) => diagnosis::smtp_reply(error),
        }
    }
}

/// Why nothing was tried.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// Fields that cannot be taken, all of them.
    #[error("invalid fields")]
    Invalid(Vec<Mistake>),
    /// The environment has sent too many tests.
    #[error("too many tests")]
    TooMany {
        /// When there may be one more.
        retry_after: Duration,
    },
    /// Refused as a send would be.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The email could not be written.
    #[error(transparent)]
    Unwritable(#[from] RenderError),
    /// The database could not tell.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Vec<Mistake>> for TestError {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self::Invalid(mistakes)
    }
}

/// Tests settings.
pub struct Service {
    /// What it works with.
    pub parts: Parts,
    /// Knows the platform's senders.
    pub dispatcher: Arc<Dispatcher>,
    /// Makes the senders of what is tested.
    pub connect: Arc<dyn Connect>,
    /// The operator's word on SMTP without TLS.
    pub allow_plaintext_smtp: bool,
}

impl Service {
    /// Sends a text message by the settings that are given, or else by the saved ones.
    pub async fn sms(
        &self,
        actor: &Actor,
        environment: &EnvironmentSnapshot,
        request: Draft<SmsTestRequest>,
    ) -> Result<Tested, TestError> {
        let saved = &environment.sms.row;
        let default_country = environment.environment.fields.default_country;
        let request = request.check(|request, tell| {
            let number = PhoneNumber::parse(&request.to, default_country);
            let number = number.map_err(|error| tell("/to", &error.to_string())).ok();
            let given = request.settings.map(|given| {
                resolve_sms(given, saved, &mut |place, detail| {
                    tell(&format!("/settings{place}"), detail);
                })
            });
            number.zip(Some(given))
        });
        let Some((number, given)) = request.finish()? else {
            return Err(TestError::Invalid(Vec::new()));
        };
        let settings = given.as_ref().unwrap_or(saved);
        otp::may_text(settings, &number)?;
        let (sender, quota) = self.sms_sender(settings)?;
        let tested = given.clone().map(|given| json!(hint(given)));
        let recipient = Recipient::Phone(number.clone());
        let test = self
            .count(actor, environment, &recipient, &*sender, quota, tested)
            .await?;
        let code = self.throw_away_code(environment);
        let content = CodeContent {
            sentence: settings.sentence,
            ..self.content(environment, Channel::Sms, &code)
        };
        let message = render::sms(&content, number);
        Ok(self.attempt(&*sender, &message, test).await)
    }

    /// Sends an email by the settings that are given, or else by the saved ones.
    pub async fn email(
        &self,
        actor: &Actor,
        environment: &EnvironmentSnapshot,
        request: Draft<EmailTestRequest>,
    ) -> Result<Tested, TestError> {
        let saved = &environment.email.row;
        let request = request.check(|request, tell| {
            let given = request.settings.map(|given| {
                resolve_email(given, saved, self.allow_plaintext_smtp, &mut |place, detail| {
                    tell(&format!("/settings{place}"), detail);
                })
            });
            (request.to, given)
        });
        let (address, given) = request.finish()?;
        let settings = given.as_ref().unwrap_or(saved);
        let sender = self.email_sender(settings)?;
        let code = self.throw_away_code(environment);
        let mut content = self.content(environment, Channel::Email, &code);
        content.sender_name = settings.sender_name.as_ref();
        let written = environment.content.row.texts(content.locale, PURPOSE);
        content.texts = written.filter(|_| settings.custom_sender.is_some());
        let message = render::email(&content, address.clone())?;
        let tested = given.clone().map(|given| json!(hint(given)));
        let recipient = Recipient::Email(address);
        let test = self
            .count(actor, environment, &recipient, &*sender, None, tested)
            .await?;
        Ok(self.attempt(&*sender, &message, test).await)
    }

    /// Who carries a text message by `settings`, and the place in the test quota that it takes.
    fn sms_sender(&self, settings: &SmsSettings) -> Result<(SmsTransport, Option<MonthlyLimit>), Refused> {
        if let Some(account) = settings.own_account() {
            return Ok((self.connect.twilio(account), None));
        }
        let platform = self.dispatcher.platform();
        let sender = platform.sms.clone().ok_or(Refused::SmsNotConfigured)?;
        let quota = (platform.sms_kind == PlatformSender::Real)
            .then(|| platform.monthly_limit(MonthlyCounter::TestQuota, self.parts.clock.estimate()));
        Ok((sender, quota))
    }

    /// Who carries an email by `settings`: over a connection of its own, so that login and certificate are tested too.
    fn email_sender(&self, settings: &EmailSettings) -> Result<EmailTransport, Refused> {
        match &settings.custom_sender {
            Some(account) => Ok(self.connect.smtp(account)),
            None => self
                .dispatcher
                .platform()
                .email
                .clone()
                .ok_or(Refused::EmailNotConfigured),
        }
    }

    /// Counts the test and writes it into the audit log, before anything leaves. `tested` are the settings that are not saved.
    async fn count<M: Sync>(
        &self,
        actor: &Actor,
        environment: &EnvironmentSnapshot,
        recipient: &Recipient,
        sender: &dyn Transport<M>,
        quota: Option<MonthlyLimit>,
        tested: Option<Value>,
    ) -> Result<NewTest, TestError> {
        let policy = &environment.otp.row;
        let at = self.parts.clock.now()?;
        let test = NewTest {
            environment_id: environment.id(),
            recipient_key: recipient_key(&self.parts.keys, environment.id(), recipient),
            per_minute: PER_MINUTE,
            per_hour: policy.sends_per_hour.into(),
            per_day: policy.sends_per_day.into(),
            quota,
            at,
        };
        let changes = json!({
            "to": recipient.masked(),
            "provider": sender.provider(),
            "settings": tested.unwrap_or_else(|| json!("saved")),
        });
        let action = format!("settings.{}.test", recipient.channel());
        let what: (&str, &dyn ToString) = (&action, &environment.id());
        let audit = actor.entry(&*self.parts.random, at, Some(environment.id()), what, &changes);
        match self.parts.store.count_test(test.clone(), audit).await? {
            TestCount::Counted => Ok(test),
            TestCount::TooMany { resets_at } => Err(TestError::TooMany {
                retry_after: at.until(resets_at),
            }),
            TestCount::Refused(refusal) => {
                let quota = self.dispatcher.platform().monthly_test_quota;
                Err(Refused::of(refusal, &otp::limits(policy), quota, at).into())
            }
        }
    }

    /// Texts carry codes and nothing else, so a test carries one too, which no verification has and nobody keeps.
    fn throw_away_code(&self, environment: &EnvironmentSnapshot) -> Code {
        Code::draw(&*self.parts.random, environment.otp.row.digits)
    }

    fn content<'a>(
        &self,
        environment: &'a EnvironmentSnapshot,
        channel: Channel,
        code: &'a Code,
    ) -> CodeContent<'a> {
        let now = self.parts.clock.estimate();
        let id = MessageId::time_ordered(&*self.parts.random, now);
        let locale = Locale::resolve(None, &environment.environment.fields.default_locale);
        let expires_at = now + environment.otp.row.life(PURPOSE, channel);
        CodeContent::of(environment, id, PURPOSE, code, locale, now, expires_at)
    }

    /// One try. What nobody accepted gives its places back, as a send does.
    async fn attempt<M: Sync>(&self, sender: &dyn Transport<M>, message: &M, test: NewTest) -> Tested {
        let outcome = tokio::time::timeout(ATTEMPT_TIMEOUT, sender.send_test(message))
            .await
            .unwrap_or_else(|_| Err(SendError::unknown("no answer within 10 s")));
        let (environment, provider) = (test.environment_id, sender.provider());
        match &outcome {
            Ok(_) => tracing::info!(environment.id = %environment, %provider, "a test message was accepted"),
            Err(error) => {
                tracing::info!(environment.id = %environment, %provider, %error, "a test message was not accepted");
            }
        }
        if let Err(SendError::NotAccepted { .. }) = outcome
            && let Err(error) = self
                .parts
                .store
                .refund_test(test, self.parts.clock.estimate())
                .await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a test's places could not be refunded"
            );
        }
        Tested { provider, outcome }
    }
}
