//! Sending again: the same code, counted against the same limits.

use std::time::Duration;

use tokio::time::Instant;

use super::{Caller, Ended, ResendError, Service, limits, permitted};
use crate::domain::id::{MessageId, VerificationId};
use crate::domain::verification::{VerificationStatus, VerificationView};
use crate::service::dispatch::{Cargo, Job};
use crate::store::StoreError;
use crate::store::verification::{NewSend, Resend, StoredVerification};

impl Service {
    /// Sends the same code again, as message `message_id`.
    pub async fn resend(
        &self,
        caller: &Caller,
        id: VerificationId,
        message_id: MessageId,
        patience: Duration,
    ) -> Result<VerificationView, ResendError> {
        let now = self.clock.now()?;
        let application_id = caller.application.id;
        let stored = self
            .store
            .find(application_id, id)
            .await?
            .ok_or(ResendError::NotFound)?;
        let (channel, purpose) = (stored.channel(), stored.verification.purpose);
        // Of one that cannot be sent again at all the store says why.
        let pending = stored.verification.status(now) == VerificationStatus::Pending;
        let on = &caller.application.connections;
        if pending && on.contains(&stored.verification.connection_id) {
            permitted(&caller.environment, &stored.recipient, purpose)?;
            self.openable_here(&stored)?;
        }
        let route = self.route(&caller.environment, channel, purpose)?;
        let policy = &caller.environment.otp.row;
        let message = self.new_message(message_id, &route, channel, now);
        let (lease, holds_quota) = (message.lease, message.quota.is_some());
        let held_since = Instant::now();
        let again = NewSend {
            application_id,
            verification_id: id,
            enabled_connections: caller.application.connections.clone(),
            resend_after_seconds: policy.resend_after_seconds.clone(),
            limits: limits(policy),
            message,
            now,
        };
        let stored = match self.store.resend(again).await? {
            Resend::Resent(stored) => *stored,
            Resend::NotFound => return Err(ResendError::NotFound),
            Resend::ConnectionDisabled => return Err(ResendError::ConnectionDisabled),
            Resend::AlreadyVerified => return Err(Ended::Verified.into()),
            Resend::Canceled => return Err(Ended::Canceled.into()),
            Resend::Locked => return Err(Ended::Locked.into()),
            Resend::Expired => return Err(Ended::Expired.into()),
            Resend::LimitReached => return Err(ResendError::LimitReached),
            Resend::TooSoon { resend_at } => {
                return Err(ResendError::TooSoon {
                    retry_after: now.until(resend_at),
                });
            }
            Resend::Refused(refusal) => return Err(self.refused(refusal, policy, now).into()),
        };
        let mut verification = stored.verification.clone();
        // A code that nobody can open was altered in the database: the outbox ends its message.
        if let Ok(Some(code)) = self.dispatcher.open_code(&stored) {
            let job = Job {
                message_id,
                cargo: Cargo::code(stored, code),
                lease,
                held_since,
                attempts: 0,
                holds_quota,
            };
            self.deliver(&mut verification, job, patience)
                .await
                .map_err(|failure| ResendError::NotDelivered {
                    failure,
                    verification_id: id,
                    message_id,
                })?;
        }
        Ok(verification.view(self.clock.estimate()))
    }

    /// Refuses to resend, before anything is counted, what only another process can open.
    fn openable_here(&self, stored: &StoredVerification) -> Result<(), StoreError> {
        match self.dispatcher.open_code(stored) {
            Err(error) if error.is_for_others() => Err(StoreError::Keys(error)),
            _ => Ok(()),
        }
    }
}
