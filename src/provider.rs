//! What carries messages. A sender is a [`Transport`] of one kind of message, so that an SMS cannot be routed to
//! an SMTP server; its [`SendError`] says what decides between a retry, a fallback and the end.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::message::{Email, FailureCode, Provider, Sms};
use crate::domain::named::named;
use crate::domain::settings::{SmtpAccount, TwilioAccount};

pub mod breaker;
pub mod console;
pub mod detail;
pub mod diagnosis;
pub mod http_client;
pub mod kinde;
pub mod smtp;
pub mod twilio;

/// One attempt takes at most this long in all, whatever the provider.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a sender gives itself. It ends a moment before [`ATTEMPT_TIMEOUT`], so that the sender, which knows how far it came,
/// says what a slow provider means, and its breaker hears of it, before the caller's own deadline drops the attempt.
pub const SENDER_TIMEOUT: Duration = ATTEMPT_TIMEOUT.saturating_sub(Duration::from_millis(200));

/// The part of [`ATTEMPT_TIMEOUT`] that a connection may take to stand.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A sender of messages of the kind `M`.
#[async_trait]
pub trait Transport<M: Sync>: Send + Sync {
    /// Who it is, in answers, logs and metrics.
    fn provider(&self) -> Provider;

    /// Tries once to hand `message` over, within [`ATTEMPT_TIMEOUT`].
    async fn send(&self, message: &M) -> Result<Receipt, SendError>;

    /// As [`Self::send`], for a message that only tests settings: no breaker stands before it or counts it.
    async fn send_test(&self, message: &M) -> Result<Receipt, SendError> {
        self.send(message).await
    }
}

/// A sender of text messages.
pub type SmsTransport = Arc<dyn Transport<Sms>>;

/// A sender of emails.
pub type EmailTransport = Arc<dyn Transport<Email>>;

/// Makes the senders that environments configure for themselves. Only `app` knows which types they are.
pub trait Connect: Send + Sync {
    /// A client of the environment's own Twilio account.
    fn twilio(&self, account: &TwilioAccount) -> SmsTransport;

    /// A client of the environment's own SMTP server.
    fn smtp(&self, account: &SmtpAccount) -> EmailTransport;
}

/// The provider has taken the message over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The provider's name for the message; `None` where its answer could not be read.
    pub provider_message_id: Option<String>,
    /// What the provider said, freed of recipients and secrets.
    pub detail: Option<String>,
}

/// The message was not accepted, or it is not known whether it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Definitely not accepted.
    #[error("not accepted, {class}: {detail}")]
    NotAccepted {
        /// Whose fault it is, and so what may follow.
        class: Class,
        /// How long the provider asks to wait before the next try.
        retry_after: Option<Duration>,
        /// The provider's own code: a Twilio error code or an SMTP reply code.
        code: Option<String>,
        /// What the provider said, freed of recipients and secrets.
        detail: String,
    },
    /// The provider may have it: a timeout, a reset or a 5xx after the request was written.
    #[error("unknown whether it was accepted: {detail}")]
    Unknown {
        /// The provider's own code, where it gave one.
        code: Option<String>,
        /// What was seen, freed of recipients and secrets.
        detail: String,
    },
}

impl SendError {
    /// A refusal without a code of the provider's.
    pub fn refused(class: Class, detail: impl Into<String>) -> Self {
        Self::NotAccepted {
            class,
            retry_after: None,
            code: None,
            detail: detail.into(),
        }
    }

    /// An ambiguous outcome without a code of the provider's.
    pub fn unknown(detail: impl Into<String>) -> Self {
        Self::Unknown {
            code: None,
            detail: detail.into(),
        }
    }
}

named! {
    /// The class of a refusal: the rows of Twilio's error table, and those that only other transports know.
    Class {
        /// The number or address does not exist or cannot receive this.
        RecipientInvalid = "recipient_invalid",
        /// The recipient does not want messages of this sender.
        RecipientOptedOut = "recipient_opted_out",
        /// The provider takes it for fraud.
        FraudBlocked = "fraud_blocked",
        /// The account may not send there.
        DestinationDisabled = "destination_disabled",
        /// Wrong or missing sender number, service or address.
        SenderMisconfigured = "sender_misconfigured",
        /// Wrong credentials, suspended or unpaid account.
        Account = "account",
        /// Too many messages; not processed.
        Throttled = "throttled",
        /// A passing fault of the provider, definitely not processed.
        Transient = "transient",
        /// The text was filtered.
        ContentFiltered = "content_filtered",
        /// An SMTP server asks to come again (4yz).
        Deferred = "deferred",
        /// No connection: DNS, TCP or TLS failed before anything was written.
        Unreachable = "unreachable",
        /// The breaker of this sender is open; nothing was tried.
        CircuitOpen = "circuit_open",
    }
}

impl Class {
    /// Whether another sender may try: only when the reason does not lie with the recipient and is not fraud.
    #[must_use]
    pub fn allows_fallback(self) -> bool {
        !matches!(
            self,
            Self::RecipientInvalid | Self::RecipientOptedOut | Self::FraudBlocked
        )
    }

    /// Whether the same sender may be asked again while the code lives.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Throttled | Self::Deferred | Self::Unreachable | Self::CircuitOpen
        )
    }

    /// Whether an operator should be told.
    #[must_use]
    pub fn is_alarming(self) -> bool {
        matches!(
            self,
            Self::FraudBlocked
                | Self::DestinationDisabled
                | Self::SenderMisconfigured
                | Self::Account
                | Self::ContentFiltered
        )
    }

    /// How the caller is told.
    #[must_use]
    pub fn failure_code(self) -> FailureCode {
        match self {
            Self::RecipientInvalid => FailureCode::RecipientRejected,
            Self::RecipientOptedOut => FailureCode::RecipientOptedOut,
            _ => FailureCode::DeliveryFailed,
        }
    }
}
