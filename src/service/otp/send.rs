//! Sending: the settings' word, one operation of the store, then the dispatcher.

use std::time::Duration;

use tokio::time::Instant;

use super::{Caller, SendError, SendOtp, Service, limits, permitted};
use crate::domain::code::Code;
use crate::domain::id::VerificationId;
use crate::domain::policy::OtpPolicy;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Verification, VerificationView};
use crate::service::dispatch::{Cargo, Job, queued};
use crate::store::verification::{Issue, NewMessage, NewVerification, StoredVerification};

impl Service {
    /// Makes a verification under `id` and sends its code, waiting for the providers no longer than `patience`.
    pub async fn send(
        &self,
        caller: &Caller,
        command: SendOtp,
        id: VerificationId,
        patience: Duration,
    ) -> Result<VerificationView, SendError> {
        let now = self.clock.now()?;
        let environment = &caller.environment;
        let channel = command.recipient.channel();
        permitted(environment, &command.recipient, command.purpose)?;
        let route = self.route(environment, channel, command.purpose)?;
        let policy = &environment.otp.row;
        let code = Code::draw(&*self.random, policy.digits);
        let message = self.new_message(self.new_message_id(), &route, channel, now);
        let new = self.new_verification(caller, command, id, policy, &code, message, now);
        let made = made(&new);
        let (message_id, lease, holds_quota) =
            (new.message.id, new.message.lease, new.message.quota.is_some());
        let held_since = Instant::now();
        match self.store.issue(new).await? {
            Issue::Refused(refusal) => return Err(self.refused(refusal, policy, now).into()),
            Issue::Issued => {}
        }
        let mut verification = made.verification.clone();
        let job = Job {
            message_id,
            cargo: Cargo::code(made, code),
            lease,
            held_since,
            attempts: 0,
            holds_quota,
        };
        self.deliver(&mut verification, job, patience)
            .await
            .map_err(|failure| SendError::NotDelivered {
                failure,
                verification_id: id,
                message_id,
            })?;
        Ok(verification.view(self.clock.estimate()))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one row, gathered in one place"
    )]
    fn new_verification(
        &self,
        caller: &Caller,
        command: SendOtp,
        id: VerificationId,
        policy: &OtpPolicy,
        code: &Code,
        message: NewMessage,
        now: Timestamp,
    ) -> NewVerification {
        let channel = command.recipient.channel();
        let keys = self.keys.in_use(now);
        NewVerification {
            id,
            environment_id: caller.environment.id(),
            application_id: caller.application.id,
            connection_id: command.connection.id,
            purpose: command.purpose,
            recipient: command.recipient,
            locale: command.locale,
            ip_key: command.ip_key,
            code_mac: keys.code_mac(id, code.expose()),
            code_digits: policy.digits,
            sealed_code: code.seal(keys, &*self.random, id),
            created_at: now,
            expires_at: now + policy.life(command.purpose, channel),
            resend_at: now + policy.resend_wait(1),
            max_guesses: policy.max_guesses,
            max_sends: policy.max_sends,
            limits: limits(policy),
            message,
        }
    }
}

/// What the store keeps of a new verification, so that it need not be read back.
fn made(new: &NewVerification) -> StoredVerification {
    StoredVerification {
        verification: Verification {
            id: new.id,
            connection_id: new.connection_id,
            channel: new.recipient.channel(),
            masked_recipient: new.recipient.masked(),
            purpose: new.purpose,
            created_at: new.created_at,
            expires_at: new.expires_at,
            max_guesses: new.max_guesses,
            wrong_guesses: 0,
            max_sends: new.max_sends,
            sends: 1,
            resend_at: new.resend_at,
            verified_at: None,
            canceled_at: None,
            message: queued(new.message.id),
        },
        environment_id: new.environment_id,
        application_id: new.application_id,
        recipient: new.recipient.clone(),
        locale: new.locale.clone(),
        sealed_code: Some(new.sealed_code.clone()),
    }
}
