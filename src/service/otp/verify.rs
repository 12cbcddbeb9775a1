//! What ends a verification, or only reads it.

use super::{Caller, Service};
use crate::domain::code::Code;
use crate::domain::id::{ConnectionId, VerificationId};
use crate::domain::idempotency::KeyedRequest;
use crate::domain::verification::{Purpose, Verification};
use crate::store::StoreError;
use crate::store::verification::{Cancel, Check, Guess};

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

impl Service {
    /// Counts and compares a guess.
    pub async fn verify(&self, caller: &Caller, command: VerifyOtp) -> Result<Check, StoreError> {
        let now = self.parts.clock.now()?;
        let guess = Guess {
            application_id: caller.application.id,
            verification_id: command.verification_id,
            purpose: command.purpose,
            connection_id: command.connection_id,
            enabled_connections: caller.application.connections.clone(),
            macs: self
                .parts
                .keys
                .candidate_macs(command.verification_id, command.code.expose()),
            digits: command.code.digits(),
            guesses_per_day: caller.environment.otp.row.recipient_guesses_per_day.into(),
            request: command.request,
            now,
        };
        self.parts.store.check(guess).await
    }

    /// Ends a verification.
    pub async fn cancel(&self, caller: &Caller, id: VerificationId) -> Result<Cancel, StoreError> {
        let now = self.parts.clock.now()?;
        self.parts.store.cancel(caller.application.id, id, now).await
    }

    /// Reads a verification.
    pub async fn read(
        &self,
        caller: &Caller,
        id: VerificationId,
    ) -> Result<Option<Verification>, StoreError> {
        let stored = self.parts.store.find(caller.application.id, id).await?;
        Ok(stored.map(|stored| stored.verification))
    }
}
