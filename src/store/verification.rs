//! The hot path: issuing, checking, resending and canceling verifications. Each is one atomic, durable operation
//! that counts, compares and writes together, and is true with many processes on one database.
//!
//! The inputs are plain values without borrows or callbacks, and every caller gets its own outcome, so that
//! an implementation may carry out many operations in one statement (group commit).

use async_trait::async_trait;

use super::StoreError;
use super::outbox::{Lease, MonthlyLimit};
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, MessageId, VerificationId};
use crate::domain::idempotency::{KeyedHash, KeyedRequest, KeyedResend};
use crate::domain::keyring::CodeMac;
use crate::domain::locale::LanguageTag;
use crate::domain::message::Channel;
use crate::domain::recipient::Recipient;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Verification};

/// Operations on verifications.
#[async_trait]
pub trait Verifications: Send + Sync {
    /// Counts the send against every limit and makes the verification, its message and its place in the outbox: all of
    /// it or nothing.
    async fn issue(&self, new: NewVerification) -> Result<Issue, StoreError>;

    /// Counts a guess and compares it: the two cannot be had apart.
    async fn check(&self, guess: Guess) -> Result<Check, StoreError>;

    /// Counts a further send of a pending verification against every limit and makes its message: all of it or nothing.
    async fn resend(&self, again: NewSend) -> Result<Resend, StoreError>;

    /// Ends a verification for its caller, and wipes its code.
    async fn cancel(
        &self,
        application: ApplicationId,
        id: VerificationId,
        now: Timestamp,
    ) -> Result<Cancel, StoreError>;

    /// Reads a verification of `application`; `None` for one that is not there or belongs to another.
    async fn find(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<StoredVerification>, StoreError>;

    /// Which keyed requests a verification of `application` stands for; `None` for one that is not there or belongs to another.
    async fn find_keyed_requests(
        &self,
        application: ApplicationId,
        id: VerificationId,
    ) -> Result<Option<KeyedRequests>, StoreError>;

    /// How many pending verifications the environment has at `now`.
    async fn count_pending(&self, environment: EnvironmentId, now: Timestamp) -> Result<u64, StoreError>;
}

/// The limits that a send is counted against. Windows begin with the first event counted in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendLimits {
    /// Sends to the recipient in an hour.
    pub per_hour: u32,
    /// Sends to the recipient in a day.
    pub per_day: u32,
    /// Sends for the end user's address in an hour.
    pub ip_per_hour: u32,
    /// Wrong guesses of the recipient in a day; at this many it is locked until the window ends.
    pub guesses_per_day: u32,
}

/// The message that a send makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// This process's hold on it: it is sent by whoever made it, unless that process dies.
    pub lease: Lease,
    /// Why it takes the route it takes, for the timeline: a JSON object.
    pub decision: String,
    /// The place in a monthly quota to be reserved for it.
    pub quota: Option<MonthlyLimit>,
}

/// A verification to be made.
#[derive(Debug, Clone)]
pub struct NewVerification {
    /// Its id: that of the keyed request, where it is one.
    pub id: VerificationId,
    /// Of the body of the keyed request, where it is one.
    pub body_hash: Option<KeyedHash>,
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// The application that asked for it.
    pub application_id: ApplicationId,
    /// The connection it is made over.
    pub connection_id: ConnectionId,
    /// What the proof is asked for.
    pub purpose: Purpose,
    /// Whom it is sent to. Its `key()` keys the limits.
    pub recipient: Recipient,
    /// The language its request asked for.
    pub locale: Option<LanguageTag>,
    /// The end user's address, or its /64, as the key of its limit.
    pub ip_key: Option<String>,
    /// The keyed hash of its code.
    pub code_mac: CodeMac,
    /// Digits of its code.
    pub code_digits: u8,
    /// Its code, sealed for this verification.
    pub sealed_code: Vec<u8>,
    /// Now.
    pub created_at: Timestamp,
    /// When its code dies.
    pub expires_at: Timestamp,
    /// When it may be resent.
    pub resend_at: Timestamp,
    /// Wrong guesses it takes.
    pub max_guesses: u8,
    /// Messages it may have.
    pub max_sends: u8,
    /// What the send is counted against.
    pub limits: SendLimits,
    /// Its first message.
    pub message: NewMessage,
}

/// Which limit a send met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitName {
    /// Sends to the recipient in an hour.
    RecipientHour,
    /// Sends to the recipient in a day.
    RecipientDay,
    /// Sends for the end user's address in an hour.
    IpHour,
}

/// Why a send was refused. Nothing was counted or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendRefusal {
    /// A limit is used up until its window ends. Where several are, the one that lasts longest.
    Throttled {
        /// Which.
        limit: LimitName,
        /// When its window ends.
        resets_at: Timestamp,
    },
    /// The recipient's wrong guesses are used up.
    RecipientLocked {
        /// When their window ends.
        until: Timestamp,
    },
    /// The month's quota is used up.
    QuotaExhausted,
}

/// What came of [`Verifications::issue`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issue {
    /// Made, durably.
    Issued,
    /// Refused.
    Refused(SendRefusal),
    /// The same request has made it before. Nothing was counted or made.
    Repeated,
    /// Another request under the same key has made something before. Nothing was counted or made.
    KeyReused,
}

/// A guess at a code.
#[derive(Debug, Clone)]
pub struct Guess {
    /// Whose verification it must be.
    pub application_id: ApplicationId,
    /// At which verification.
    pub verification_id: VerificationId,
    /// The purpose it must have been made for, where the caller says so.
    pub purpose: Option<Purpose>,
    /// The connection it must have been made over, where the caller says so.
    pub connection_id: Option<ConnectionId>,
    /// The connections that are switched on for the application now.
    pub enabled_connections: Vec<ConnectionId>,
    /// The keyed hash of the guess under each generation of keys at hand.
    pub macs: Vec<CodeMac>,
    /// How many digits the guess has.
    pub digits: u8,
    /// Wrong guesses the recipient may have in a day.
    pub guesses_per_day: u32,
    /// The keyed request it comes with, where it is one.
    pub request: Option<KeyedRequest>,
    /// Now.
    pub now: Timestamp,
}

/// What came of [`Verifications::check`]. Only `Verified` and `Incorrect` were counted or compared. They stand in the
/// order in which they are found: a verification that is both canceled and expired is `Canceled`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The same keyed request was told `Verified`, and the code would still live.
    Repeated(Box<Verification>),
    /// Another request under the same key was told `Verified`, and the code would still live.
    KeyReused,
    /// No such verification of this application, purpose and connection.
    NotFound,
    /// Its connection has been switched off.
    ConnectionDisabled,
    /// The code came back before.
    AlreadyVerified,
    /// Its caller gave it up.
    Canceled,
    /// Its wrong guesses are used up.
    Locked,
    /// Its code has died.
    Expired,
    /// The recipient's wrong guesses are used up.
    RecipientLocked {
        /// When their window ends.
        until: Timestamp,
    },
    /// The guess has another number of digits than the code.
    IncorrectLength,
    /// The code was made under keys that are not among those of the guess, or in a form of another release: nobody here can say
    /// whether the guess is right.
    UnknownKey {
        /// The generation it was made under.
        generation: i32,
    },
    /// The wrong code; counted for the verification and its recipient.
    Incorrect {
        /// Wrong guesses the verification still takes.
        guesses_left: u8,
    },
    /// The right code, for the first and only time. The recipient's wrong guesses are cleared, the sealed code is wiped.
    Verified(Box<Verification>),
}

/// A further send of a verification.
#[derive(Debug, Clone)]
pub struct NewSend {
    /// Whose verification it must be.
    pub application_id: ApplicationId,
    /// Which.
    pub verification_id: VerificationId,
    /// The connections that are switched on for the application now.
    pub enabled_connections: Vec<ConnectionId>,
    /// The waits between sends in seconds, at least one; the last repeats.
    pub resend_after_seconds: Vec<u32>,
    /// What the send is counted against.
    pub limits: SendLimits,
    /// The message to be made.
    pub message: NewMessage,
    /// The keyed request it comes with, where it is one.
    pub request: Option<KeyedRequest>,
    /// Now.
    pub now: Timestamp,
}

impl NewSend {
    /// What stands with the verification of the keyed request, where it is one.
    #[must_use]
    pub fn keyed_resend(&self) -> Option<KeyedResend> {
        self.request.map(|request| KeyedResend {
            request,
            message_id: self.message.id,
        })
    }

    /// What it is after `resends` under keys; `None` where none of them had its key.
    #[must_use]
    pub fn made_by(&self, resends: &[KeyedResend]) -> Option<Resend> {
        let request = self.request?;
        let first = resends
            .iter()
            .find(|resend| resend.request.key_hash == request.key_hash)?;
        let message_id = first.message_id;
        Some(if request.repeats(Some(first.request.body_hash)) {
            Resend::Repeated { message_id }
        } else {
            Resend::KeyReused
        })
    }
}

/// What came of [`Verifications::resend`], in the order in which it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resend {
    /// No such verification of this application.
    NotFound,
    /// The same keyed request has sent it before.
    Repeated {
        /// The message it made.
        message_id: MessageId,
    },
    /// Another request under the same key has sent it before.
    KeyReused,
    /// Its connection has been switched off.
    ConnectionDisabled,
    /// The code came back before.
    AlreadyVerified,
    /// Its caller gave it up.
    Canceled,
    /// Its wrong guesses are used up.
    Locked,
    /// Its code has died.
    Expired,
    /// It has had all its messages.
    LimitReached,
    /// The wait is not over.
    TooSoon {
        /// When it is.
        resend_at: Timestamp,
    },
    /// A limit of the recipient, the address or the month.
    Refused(SendRefusal),
    /// Made, durably: the verification with its new message.
    Resent(Box<StoredVerification>),
}

/// The keyed requests that a verification stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequests {
    /// Of the body of the request that made it; `None` where that had no key.
    pub body_hash: Option<KeyedHash>,
    /// Those that sent it again.
    pub resends: Vec<KeyedResend>,
}

/// What came of [`Verifications::cancel`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancel {
    /// No such verification of this application.
    NotFound,
    /// The code came back before.
    AlreadyVerified,
    /// Its code has died.
    Expired,
    /// Canceled, now or before.
    Canceled(Box<Verification>),
}

/// A verification with what sending it again takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredVerification {
    /// What callers see.
    pub verification: Verification,
    /// The environment it belongs to.
    pub environment_id: EnvironmentId,
    /// The application that asked for it.
    pub application_id: ApplicationId,
    /// Whom it is sent to.
    pub recipient: Recipient,
    /// The language its request asked for.
    pub locale: Option<LanguageTag>,
    /// Its code, sealed for it; `None` once it has ended.
    pub sealed_code: Option<Vec<u8>>,
}

impl StoredVerification {
    /// How its messages travel.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.verification.channel
    }
}
