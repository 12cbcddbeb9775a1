//! Sending again: the same code, counted against the same limits.

use std::time::Duration;

use tokio::time::Instant;

use super::{Caller, Refused, SendError, Service, job, limits, permitted};
use crate::domain::id::VerificationId;
use crate::domain::idempotency::KeyedRequest;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Verification, VerificationStatus};
use crate::service::dispatch::{CodePayload, Payload};
use crate::service::route::Route;
use crate::store::StoreError;
use crate::store::outbox::StoredPayload;
use crate::store::verification::{NewSend, Resend, StoredVerification};

impl Service {
    /// Sends the same code again, waiting for the providers no longer than `max_wait`.
    pub async fn resend(
        &self,
        caller: &Caller,
        id: VerificationId,
        request: Option<KeyedRequest>,
        max_wait: Duration,
    ) -> Result<Verification, SendError> {
        let now = self.parts.clock.now()?;
        let found = self.parts.store.find(caller.application.id, id).await?;
        let stored = found.ok_or(Refused::NotFound)?;
        let (route, opened) = match self.route_again(caller, &stored, now) {
            Ok(again) => again,
            Err(refused) => {
                let resent = self.find_resent(caller, id, request, max_wait).await?;
                return resent.ok_or(refused);
            }
        };
        let again = self.new_send(caller, &stored, &route, request, now);
        let (message, held_since) = (again.message.clone(), Instant::now());
        let pending = self.dispatcher.pending_commit([message.id], message.lease);
        let refused = match self.parts.store.resend(again).await? {
            Resend::Resent(stored) => {
                let verification = stored.verification.clone();
                // A code that nobody can open was altered in the database: the outbox ends its message.
                let Some(mut code) = opened else {
                    return Ok(verification);
                };
                code.verification = *stored;
                let job = job(&message, held_since, Payload::Code(code));
                return Ok(self.deliver(verification, pending, job, max_wait).await?);
            }
            Resend::Repeated { message_id } => {
                pending.not_made();
                return self.repeated_resend(caller, id, message_id, max_wait).await;
            }
            Resend::KeyReused => Refused::KeyReused,
            Resend::NotFound => Refused::NotFound,
            Resend::ConnectionDisabled => Refused::ConnectionDisabled,
            Resend::AlreadyVerified => Refused::AlreadyVerified,
            Resend::Canceled => Refused::Canceled,
            Resend::Locked => Refused::Locked,
            Resend::Expired => Refused::Expired,
            Resend::LimitReached => Refused::ResendLimitReached,
            Resend::TooSoon { resend_at } => Refused::TooSoon {
                retry_after: now.until(resend_at),
            },
            Resend::Refused(refusal) => self.refused(refusal, &caller.environment.otp.row, now),
        };
        pending.not_made();
        Err(refused.into())
    }

    fn new_send(
        &self,
        caller: &Caller,
        stored: &StoredVerification,
        route: &Route,
        request: Option<KeyedRequest>,
        now: Timestamp,
    ) -> NewSend {
        let policy = &caller.environment.otp.row;
        NewSend {
            application_id: caller.application.id,
            verification_id: stored.verification.id,
            enabled_connections: caller.application.connections.clone(),
            recipient_key: stored.recipient_key,
            resend_at: (1..=policy.max_sends)
                .map(|sends| now + policy.resend_wait(sends))
                .collect(),
            limits: limits(policy),
            message: self.new_message(caller, route, stored.channel(), stored.locale.as_ref(), now),
            request,
            now,
        }
    }

    /// How a verification's next message travels, where nothing is against it before the store is asked, and what it carries.
    fn route_again(
        &self,
        caller: &Caller,
        stored: &StoredVerification,
        now: Timestamp,
    ) -> Result<(Route, Option<Box<CodePayload>>), SendError> {
        let verification = &stored.verification;
        let mut opened = None;
        // Of one that cannot be sent again at all the store says why.
        let pending = verification.status(now) == VerificationStatus::Pending;
        let on = &caller.application.connections;
        if pending && on.contains(&verification.connection_id) {
            let payload = StoredPayload::Code(Box::new(stored.clone()));
            match self.dispatcher.open_payload(verification.message.id, payload) {
                Ok(Some(Payload::Code(code))) => {
                    permitted(&caller.environment, &code.recipient, verification.purpose)?;
                    opened = Some(code);
                }
                // Only another process can open it; before anything is counted.
                Err(error) if error.is_for_others() => return Err(StoreError::Keys(error).into()),
                _ => {}
            }
        }
        let route = self.route(&caller.environment, stored.channel(), verification.purpose)?;
        Ok((route, opened))
    }
}
