//! What speaks against a guess, a further send or a cancellation, worked out from what either database holds. Statements guard, and
//! do not explain.

use super::{Cancel, Check, Guess, GuessedVerification, NewSend, Resend, StoredVerification};
use crate::domain::idempotency::KeyedResend;
use crate::domain::limit::Counters;
use crate::domain::message::MessageSummary;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Verification, VerificationStatus};

impl Guess {
    /// Whether the guess is right; that is told only of one that is to be counted, and the reason of any other.
    ///
    /// # Errors
    /// Why it is neither counted nor compared.
    pub fn judge(&self, target: &GuessedVerification) -> Result<bool, Check> {
        let verification = &target.stored.verification;
        if let Some(again) = self.repeated(target) {
            return Err(again);
        }
        let other_purpose = self
            .purpose
            .is_some_and(|purpose| purpose != verification.purpose);
        let other_connection = self
            .connection_id
            .is_some_and(|id| id != verification.connection_id);
        if other_purpose || other_connection {
            return Err(Check::NotFound);
        }
        if !self.enabled_connections.contains(&verification.connection_id) {
            return Err(Check::ConnectionDisabled);
        }
        match verification.status(self.now) {
            VerificationStatus::Pending => {}
            VerificationStatus::Verified => return Err(Check::AlreadyVerified),
            VerificationStatus::Canceled => return Err(Check::Canceled),
            VerificationStatus::Locked => return Err(Check::Locked),
            VerificationStatus::Expired => return Err(Check::Expired),
        }
        let locked = |counters: Counters| counters.locked_until(self.guesses_per_day, self.now);
        if let Some(until) = target.counters.and_then(locked) {
            return Err(Check::RecipientLocked { until });
        }
        if self.digits != target.code_digits {
            return Err(Check::IncorrectLength);
        }
        let generation = target.code_generation;
        let candidate = self.macs.iter().find(|mac| mac.generation.get() == generation);
        match candidate.filter(|candidate| candidate.mac.len() == target.code_mac.len()) {
            Some(candidate) => Ok(candidate.mac[..] == target.code_mac[..]),
            None => Err(Check::UnknownKey { generation }),
        }
    }

    /// What comes of a guess that was counted.
    #[must_use]
    pub fn counted(&self, target: GuessedVerification, is_right: bool) -> Check {
        let mut verification = target.stored.verification;
        if is_right {
            verification.verified_at = Some(self.now);
            Check::Verified(Box::new(verification))
        } else {
            let guesses_left = verification.guesses_left().saturating_sub(1);
            Check::Incorrect { guesses_left }
        }
    }

    /// What a keyed request is told that was right before, as long as the code would live.
    fn repeated(&self, target: &GuessedVerification) -> Option<Check> {
        let first = target.verified_by?;
        let request = self
            .request
            .filter(|request| request.key_hash == first.key_hash)?;
        let verification = &target.stored.verification;
        if verification.expires_at <= self.now {
            return None;
        }
        Some(if request.repeats(Some(first.body_hash)) {
            Check::Repeated(Box::new(verification.clone()))
        } else {
            Check::KeyReused
        })
    }
}

impl NewSend {
    /// Why the verification is not sent again, but for the limits; `None` where only they are left to be asked.
    #[must_use]
    pub fn refusal(&self, verification: &Verification) -> Option<Resend> {
        if !self.enabled_connections.contains(&verification.connection_id) {
            return Some(Resend::ConnectionDisabled);
        }
        match verification.status(self.now) {
            VerificationStatus::Pending => {}
            VerificationStatus::Verified => return Some(Resend::AlreadyVerified),
            VerificationStatus::Canceled => return Some(Resend::Canceled),
            VerificationStatus::Locked => return Some(Resend::Locked),
            VerificationStatus::Expired => return Some(Resend::Expired),
        }
        if verification.resends_left() == 0 {
            return Some(Resend::LimitReached);
        }
        let resend_at = verification.resend_at;
        (self.now < resend_at).then_some(Resend::TooSoon { resend_at })
    }

    /// The verification once it has been sent again.
    #[must_use]
    pub fn applied_to(&self, stored: StoredVerification) -> StoredVerification {
        let mut stored = stored;
        let verification = &mut stored.verification;
        let place = usize::from(verification.sends).min(self.resend_at.len().saturating_sub(1));
        verification.sends += 1;
        verification.resend_at = self.resend_at.get(place).copied().unwrap_or(self.now);
        verification.message = MessageSummary::queued(self.message.id);
        stored
    }

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

impl Cancel {
    /// What comes of it for a verification as it was before.
    #[must_use]
    pub fn of(mut verification: Verification, now: Timestamp) -> Self {
        match verification.status(now) {
            VerificationStatus::Verified => return Self::AlreadyVerified,
            VerificationStatus::Canceled => {}
            _ if verification.expires_at <= now => return Self::Expired,
            VerificationStatus::Pending | VerificationStatus::Locked | VerificationStatus::Expired => {
                verification.canceled_at = Some(now);
            }
        }
        Self::Canceled(Box::new(verification))
    }
}
