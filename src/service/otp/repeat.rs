//! Repeats under an `Idempotency-Key`: nothing is made; they are answered from what the first request made, as it stands now.

use std::time::Duration;

use tokio::time::Instant;

use super::{Caller, NotDelivered, Refused, SendError, Service};
use crate::domain::id::{MessageId, VerificationId};
use crate::domain::idempotency::{KeyedRequest, Operation};
use crate::domain::message::MessageStatus;
use crate::domain::verification::Verification;
use crate::store::StoreError;

/// What a first request made was removed before its repeat could read it: the next one is a first request.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("what a repeated request had made was removed just now")]
struct Removed;

/// Tells the caller to come again.
#[must_use]
pub fn removed() -> StoreError {
    StoreError::Unavailable(Box::new(Removed))
}

impl Service {
    /// The request that carries `key`, with its body as it was sent.
    #[must_use]
    pub fn keyed_request(
        &self,
        caller: &Caller,
        operation: Operation,
        key: &str,
        body: &[u8],
    ) -> KeyedRequest {
        KeyedRequest::new(&self.parts.keys, caller.application.id, operation, key, body)
    }

    /// Answers a send that is refused now from what it made before, when that was allowed; `None` where it made nothing.
    pub async fn find_sent(
        &self,
        caller: &Caller,
        request: Option<KeyedRequest>,
        max_wait: Duration,
    ) -> Result<Option<Verification>, SendError> {
        let Some(request) = request else { return Ok(None) };
        let (application, id) = (caller.application.id, request.verification_id());
        let Some(made) = self.parts.store.find_keyed_requests(application, id).await? else {
            return Ok(None);
        };
        if !request.repeats(made.body_hash) {
            return Err(Refused::KeyReused.into());
        }
        self.repeated_send(caller, id, max_wait).await.map(Some)
    }

    pub(super) async fn repeated_send(
        &self,
        caller: &Caller,
        id: VerificationId,
        max_wait: Duration,
    ) -> Result<Verification, SendError> {
        let verification = self.find_repeated(caller, id, None, max_wait).await?;
        Ok(outcome(verification, |made| made.sends == 1)?)
    }

    /// As [`Self::find_sent`], of a resend.
    pub(super) async fn find_resent(
        &self,
        caller: &Caller,
        id: VerificationId,
        request: Option<KeyedRequest>,
        max_wait: Duration,
    ) -> Result<Option<Verification>, SendError> {
        let Some(request) = request else { return Ok(None) };
        let made = self
            .parts
            .store
            .find_keyed_requests(caller.application.id, id)
            .await?;
        let mut resends = made.into_iter().flat_map(|made| made.resends);
        let Some(first) = resends.find(|resend| resend.request.key_hash == request.key_hash) else {
            return Ok(None);
        };
        if !request.repeats(Some(first.request.body_hash)) {
            return Err(Refused::KeyReused.into());
        }
        self.repeated_resend(caller, id, first.message_id, max_wait)
            .await
            .map(Some)
    }

    pub(super) async fn repeated_resend(
        &self,
        caller: &Caller,
        id: VerificationId,
        message_id: MessageId,
        max_wait: Duration,
    ) -> Result<Verification, SendError> {
        let verification = self.find_repeated(caller, id, Some(message_id), max_wait).await?;
        Ok(outcome(verification, |made| made.message.id == message_id)?)
    }

    /// The verification, once this process is through with the message that the first request made, or `max_wait` is over. Its
    /// newest message is the first request's where none is given.
    async fn find_repeated(
        &self,
        caller: &Caller,
        id: VerificationId,
        message_id: Option<MessageId>,
        max_wait: Duration,
    ) -> Result<Verification, StoreError> {
        let deadline = Instant::now() + max_wait;
        loop {
            let found = self.parts.store.find(caller.application.id, id).await?;
            let verification = found.ok_or_else(removed)?.verification;
            let newest = &verification.message;
            let awaited = message_id.is_none_or(|made| made == newest.id);
            if newest.status != MessageStatus::Queued || !awaited {
                return Ok(verification);
            }
            if !self.dispatcher.wait_for(newest.id, deadline).await {
                // It may have come through between the two looks.
                let found = self.parts.store.find(caller.application.id, id).await?;
                return Ok(found.ok_or_else(removed)?.verification);
            }
        }
    }
}

/// What a request is answered whose message came to this, or a repeat of it. A refusal is answered as long as the message
/// it is about is the newest one.
pub(super) fn outcome(
    verification: Verification,
    is_newest: impl FnOnce(&Verification) -> bool,
) -> Result<Verification, NotDelivered> {
    let message = &verification.message;
    match &message.error {
        Some(failure) if message.status == MessageStatus::Failed && is_newest(&verification) => {
            Err(NotDelivered {
                failure: failure.clone(),
                verification_id: verification.id,
                message_id: message.id,
            })
        }
        _ => Ok(verification),
    }
}
