//! What the store is to do, as a pure model that has nothing but the domain's rules.

use std::collections::HashMap;

use otpost::domain::id::MessageId;
use otpost::domain::idempotency::KeyedHash;
use otpost::domain::limit::{Counters, SendRefusal, refusal};
use otpost::domain::message::MessageSummary;
use otpost::domain::time::Timestamp;
use otpost::domain::verification::{Verification, VerificationStatus};
use otpost::store::outbox::Lease;
use otpost::store::verification::{NewVerification, SendLimits, StoredVerification};
use uuid::Uuid;

use super::fixture::now;

/// Small enough that a few operations reach each of them.
pub const LIMITS: SendLimits = SendLimits {
    per_hour: 4,
    per_day: 6,
    ip_per_hour: 5,
    guesses_per_day: 4,
};
pub const QUOTA: u32 = 5;

/// A message as the model knows it.
pub struct Message {
    pub id: MessageId,
    pub verification: usize,
    pub summary: MessageSummary,
    /// Whose it is while it waits.
    pub token: Option<Uuid>,
    pub due_at: Timestamp,
    pub counted_at: Timestamp,
    pub takes_quota: bool,
    pub attempts: u16,
    pub was_taken_over: bool,
}

pub struct Known {
    pub new: NewVerification,
    pub now: Verification,
    pub newest: usize,
}

pub struct Model {
    pub now: Timestamp,
    pub verifications: Vec<Known>,
    pub messages: Vec<Message>,
    pub counters: HashMap<KeyedHash, Counters>,
    pub quota_used: u32,
}

impl Model {
    pub fn new() -> Self {
        Self {
            now: now(),
            verifications: Vec::new(),
            messages: Vec::new(),
            counters: HashMap::new(),
            quota_used: 0,
        }
    }

    pub fn refusal(
        &self,
        recipient: KeyedHash,
        address: Option<KeyedHash>,
        takes_quota: bool,
    ) -> Option<SendRefusal> {
        let recipient = self.counters.get(&recipient).copied();
        let address = address
            .and_then(|key| self.counters.get(&key))
            .map(|counters| counters.hour);
        let quota_left = !takes_quota || self.quota_used < QUOTA;
        refusal(recipient, address, quota_left, &LIMITS, self.now)
    }

    /// Counts a send and notes its message down.
    pub fn sent(&mut self, verification: usize, lease: Lease, id: MessageId, takes_quota: bool) {
        let new = &self.verifications[verification].new;
        let now = self.now;
        let nothing = || Counters::empty(now);
        let recipient = self.counters.entry(new.recipient_key).or_insert_with(nothing);
        recipient.count_send(now);
        if let Some(key) = new.ip_key {
            let address = self.counters.entry(key).or_insert_with(nothing);
            address.count_send_for_address(now);
        }
        self.quota_used += u32::from(takes_quota);
        self.verifications[verification].newest = self.messages.len();
        self.messages.push(Message {
            id,
            verification,
            summary: MessageSummary::queued(id),
            token: Some(lease.token),
            due_at: lease.until,
            counted_at: self.now,
            takes_quota,
            attempts: 0,
            was_taken_over: false,
        });
    }

    /// A verification as callers see it.
    pub fn seen(&self, place: usize) -> Verification {
        let known = &self.verifications[place];
        Verification {
            message: self.messages[known.newest].summary.clone(),
            ..known.now.clone()
        }
    }

    pub fn stored(&self, place: usize) -> StoredVerification {
        let new = &self.verifications[place].new;
        StoredVerification {
            verification: self.seen(place),
            environment_id: new.environment_id,
            application_id: new.application_id,
            recipient_key: new.recipient_key,
            sealed_recipient: new.sealed_recipient.clone(),
            locale: new.locale.clone(),
            sealed_code: Some(new.sealed_code.clone()),
        }
    }

    pub fn refund(&mut self, message: usize) {
        let Message {
            verification,
            counted_at,
            takes_quota,
            ..
        } = self.messages[message];
        let known = &mut self.verifications[verification];
        let counters = self.counters.get_mut(&known.new.recipient_key).unwrap();
        counters.refund_send(counted_at);
        self.quota_used -= u32::from(takes_quota);
        if known.newest == message && known.now.status(self.now) == VerificationStatus::Pending {
            known.now.resend_at = known.now.resend_at.min(self.now);
        }
    }
}
