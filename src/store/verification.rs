//! The hot path: issuing, checking, resending and canceling verifications. Each is one atomic, durable operation
//! that counts, compares and writes together, and is true with many processes on one database.
//!
//! The inputs are plain values without borrows or callbacks, and every caller gets its own outcome, so that
//! an implementation may carry out many operations in one statement (group commit).

use async_trait::async_trait;

use super::StoreError;
use super::message::Lease;
use crate::domain::country::Country;
use crate::domain::id::{ApplicationId, ConnectionId, EnvironmentId, MessageId, VerificationId};
use crate::domain::idempotency::{KeyedHash, KeyedRequest, KeyedResend};
use crate::domain::keyring::CodeMac;
use crate::domain::limit::Counters;
use crate::domain::limit::MonthlyLimit;
pub use crate::domain::limit::{LimitName, SendLimits, SendRefusal};
use crate::domain::locale::{LanguageTag, Locale};
use crate::domain::message::Channel;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Verification};

mod decision;

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

/// The message that a send makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// This process's hold on it: it is sent by whoever made it, unless that process dies.
    pub lease: Lease,
    /// The language that it is written in.
    pub language: Locale,
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
    /// How its messages travel.
    pub channel: Channel,
    /// What the limits of its recipient are counted by.
    pub recipient_key: KeyedHash,
    /// Whom it is sent to, sealed for it.
    pub sealed_recipient: Vec<u8>,
    /// Whom it is sent to, for answers.
    pub masked_recipient: String,
    /// The country of the number it is sent to.
    pub country: Option<Country>,
    /// The language its request asked for.
    pub locale: Option<LanguageTag>,
    /// What the limit of the end user's address is counted by.
    pub ip_key: Option<KeyedHash>,
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
    /// The recipient of the verification, as it was found before: what is sent to one recipient is not sent in one batch.
    pub recipient_key: KeyedHash,
    /// When the verification may be sent again, by how often it has been sent, from once on; the last repeats.
    pub resend_at: Vec<Timestamp>,
    /// What the send is counted against.
    pub limits: SendLimits,
    /// The message to be made.
    pub message: NewMessage,
    /// The keyed request it comes with, where it is one.
    pub request: Option<KeyedRequest>,
    /// Now.
    pub now: Timestamp,
}

/// What a database holds that decides about a guess.
#[derive(Debug, Clone)]
pub struct GuessedVerification {
    /// Its row, for what callers see and for its recipient.
    pub stored: StoredVerification,
    /// The generation of keys that its code was hashed under.
    pub code_generation: i32,
    /// The keyed hash of its code.
    pub code_mac: Vec<u8>,
    /// How many digits that has.
    pub code_digits: u8,
    /// The keyed request whose guess was right.
    pub verified_by: Option<KeyedRequest>,
    /// What is counted of its recipient, where anything was.
    pub counters: Option<Counters>,
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
    /// What the limits of its recipient are counted by.
    pub recipient_key: KeyedHash,
    /// Whom it is sent to, sealed for it.
    pub sealed_recipient: Vec<u8>,
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
