//! A verification: one request to prove control of a phone number or an email address. It owns one code, and a
//! code proves nothing but the verification it was made for.

use super::id::{ConnectionId, VerificationId};
use super::message::{Channel, MessageSummary};
use super::named::named;
use super::time::Timestamp;

named! {
    /// What the proof is asked for.
    Purpose {
        /// Signing in.
        SignIn = "sign_in",
        /// Signing up.
        SignUp = "sign_up",
        /// A second factor.
        Mfa = "mfa",
        /// Resetting a password.
        PasswordReset = "password_reset",
        /// Confirming a number or an address.
        Verify = "verify",
    }
}

named! {
    /// How a connection proves control.
    Strategy {
        /// A one-time code by SMS.
        Phone = "phone:otp",
        /// A one-time code by email.
        Email = "email:otp",
    }
}

impl Strategy {
    /// How its messages travel.
    #[must_use]
    pub fn channel(self) -> Channel {
        match self {
            Self::Phone => Channel::Sms,
            Self::Email => Channel::Email,
        }
    }
}

named! {
    /// Where a verification stands.
    VerificationStatus {
        /// Waiting for its code.
        Pending = "pending",
        /// Its code came back.
        Verified = "verified",
        /// Its code has died.
        Expired = "expired",
        /// Its wrong guesses are used up.
        Locked = "locked",
        /// Its caller gave it up.
        Canceled = "canceled",
    }
}

/// What is kept of a verification, as every answer about it needs it. Holds neither code nor full recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Its id.
    pub id: VerificationId,
    /// The connection it was made over.
    pub connection_id: ConnectionId,
    /// How its messages travel.
    pub channel: Channel,
    /// Whom they go to, masked.
    pub masked_recipient: String,
    /// What the proof is asked for.
    pub purpose: Purpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its code dies.
    pub expires_at: Timestamp,
    /// Wrong guesses it takes in all. Fixed when it was made.
    pub max_guesses: u8,
    /// Guesses so far; the right one is not among them.
    pub wrong_guesses: u8,
    /// Messages it may have in all.
    pub max_sends: u8,
    /// Messages so far.
    pub sends: u8,
    /// When the next resend is allowed.
    pub resend_at: Timestamp,
    /// When its code came back.
    pub verified_at: Option<Timestamp>,
    /// When its caller gave it up.
    pub canceled_at: Option<Timestamp>,
    /// Its newest message.
    pub message: MessageSummary,
}

impl Verification {
    /// Where it stands at `now`. What ended it first counts, whatever happened since.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> VerificationStatus {
        if self.verified_at.is_some() {
            VerificationStatus::Verified
        } else if self.canceled_at.is_some() {
            VerificationStatus::Canceled
        } else if self.wrong_guesses >= self.max_guesses {
            VerificationStatus::Locked
        } else if self.expires_at <= now {
            VerificationStatus::Expired
        } else {
            VerificationStatus::Pending
        }
    }

    /// Wrong guesses it still takes.
    #[must_use]
    pub fn guesses_left(&self) -> u8 {
        self.max_guesses.saturating_sub(self.wrong_guesses)
    }

    /// Messages it may still have.
    #[must_use]
    pub fn resends_left(&self) -> u8 {
        self.max_sends.saturating_sub(self.sends)
    }
}
