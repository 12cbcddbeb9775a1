//! Sending: the settings' word, one operation of the store, then the dispatcher.

use std::time::Duration;

use tokio::time::Instant;

use super::{Caller, Refused, SendError, SendOtp, Service, language, limits, permitted};
use crate::domain::code::Code;
use crate::domain::id::VerificationId;
use crate::domain::limit::{address_key, recipient_key};
use crate::domain::message::MessageSummary;
use crate::domain::policy::OtpPolicy;
use crate::domain::recipient::RecipientRow;
use crate::domain::time::Timestamp;
use crate::domain::verification::Verification;
use crate::service::dispatch::{Job, Payload};
use crate::store::verification::{Issue, NewMessage, NewVerification, StoredVerification};

impl Service {
    /// Makes a verification and sends its code, waiting for the providers no longer than `max_wait`.
    pub async fn send(
        &self,
        caller: &Caller,
        command: SendOtp,
        max_wait: Duration,
    ) -> Result<Verification, SendError> {
        let now = self.clock.now()?;
        let environment = &caller.environment;
        let (channel, request) = (command.recipient.channel(), command.request);
        let route = permitted(environment, &command.recipient, command.purpose)
            .and_then(|()| self.route(environment, channel, command.purpose));
        let route = match route {
            Ok(route) => route,
            Err(refused) => {
                let sent = self.find_sent(caller, request, max_wait).await?;
                return sent.ok_or(SendError::from(refused));
            }
        };
        let policy = &environment.otp.row;
        let code = Code::draw(&*self.random, policy.digits);
        let language = language(environment, command.locale.as_ref());
        let message = self.new_message(&route, channel, language, now);
        let recipient = command.recipient.clone();
        let new = self.new_verification(caller, command, policy, &code, message, now);
        let made = made(&new);
        let verification = made.verification.clone();
        let job = Job {
            message_id: new.message.id,
            lease: new.message.lease,
            held_since: Instant::now(),
            attempts: 0,
            holds_quota: new.message.quota.is_some(),
            payload: Payload::code(made, recipient, code),
        };
        let pending = self.dispatcher.pending_commit([job.message_id], job.lease);
        let refused = match self.store.issue(new).await? {
            Issue::Issued => return Ok(self.deliver(verification, pending, job, max_wait).await?),
            Issue::Repeated => {
                pending.not_made();
                return self.repeated_send(caller, verification.id, max_wait).await;
            }
            Issue::KeyReused => Refused::KeyReused,
            Issue::Refused(refusal) => self.refused(refusal, policy, now),
        };
        pending.not_made();
        Err(refused.into())
    }

    fn new_verification(
        &self,
        caller: &Caller,
        command: SendOtp,
        policy: &OtpPolicy,
        code: &Code,
        message: NewMessage,
        now: Timestamp,
    ) -> NewVerification {
        let channel = command.recipient.channel();
        let keys = self.keys.in_use(now);
        let id = match &command.request {
            Some(request) => request.verification_id(),
            None => VerificationId::unguessable(&*self.random),
        };
        let environment_id = caller.environment.id();
        let recipient = &command.recipient;
        let address = command.client_ip.as_deref();
        NewVerification {
            id,
            body_hash: command.request.map(|request| request.body_hash),
            environment_id,
            application_id: caller.application.id,
            connection_id: command.connection.id,
            purpose: command.purpose,
            channel,
            recipient_key: recipient_key(&self.keys, environment_id, recipient),
            sealed_recipient: recipient.seal(keys, &*self.random, RecipientRow::Verification(id)),
            masked_recipient: recipient.masked(),
            country: recipient.country(),
            locale: command.locale,
            ip_key: address.map(|address| address_key(&self.keys, environment_id, address)),
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
            channel: new.channel,
            masked_recipient: new.masked_recipient.clone(),
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
            message: MessageSummary::queued(new.message.id),
        },
        environment_id: new.environment_id,
        application_id: new.application_id,
        recipient_key: new.recipient_key,
        sealed_recipient: new.sealed_recipient.clone(),
        locale: new.locale.clone(),
        sealed_code: Some(new.sealed_code.clone()),
    }
}
