//! Random operations against the store and against the model: every outcome agrees, and so does what is there in the end.

use std::collections::HashMap;
use std::time::Duration;

use otpost::domain::id::MessageId;
use otpost::domain::message::{Channel, MessageStatus, MessageSummary, Provider};
use otpost::domain::verification::{Verification, VerificationStatus};
use otpost::store::outbox::{MonthlyLimit, Outcome, Queue, Settled, StoredPayload};
use otpost::store::verification::{Cancel, Check, GuessedVerification, Issue, Resend};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use super::fixture::{
    DAY, HOUR, MINUTE, RIGHT, SECOND, WRONG, World, accepted, failed, ip_key, lease, quota,
};
use super::model::{Known, LIMITS, Model, QUOTA};

/// What is done. What is done to a verification or message names it by its place among those that there are.
#[derive(Debug, Clone)]
enum Operation {
    Send {
        user: u32,
        address: Option<u32>,
        takes_quota: bool,
    },
    Resend {
        verification: usize,
        takes_quota: bool,
    },
    Guess {
        verification: usize,
        code: u8,
    },
    Cancel {
        verification: usize,
    },
    Settle {
        message: usize,
        ending: u8,
    },
    Claim,
    Wait(Duration),
}

fn operation() -> impl Strategy<Value = Operation> {
    let verification = 0_usize..64;
    prop_oneof![
        5 => (0_u32..3, prop::option::of(0_u32..2), any::<bool>())
            .prop_map(|(user, address, takes_quota)| Operation::Send { user, address, takes_quota }),
        4 => (verification.clone(), any::<bool>())
            .prop_map(|(verification, takes_quota)| Operation::Resend { verification, takes_quota }),
        6 => (verification.clone(), prop_oneof![1 => Just(RIGHT), 3 => Just(WRONG)])
            .prop_map(|(verification, code)| Operation::Guess { verification, code }),
        1 => verification.prop_map(|verification| Operation::Cancel { verification }),
        5 => (0_usize..64, 0_u8..6).prop_map(|(message, ending)| Operation::Settle { message, ending }),
        2 => Just(Operation::Claim),
        3 => prop::sample::select(vec![SECOND, 16 * SECOND, 31 * SECOND, 61 * SECOND, 10 * MINUTE, HOUR, DAY])
            .prop_map(Operation::Wait),
    ]
}

/// The store and the model, side by side.
struct Pair {
    world: World,
    model: Model,
}

/// The place of what an operation names; `None` where there is nothing yet.
fn place<T>(number: usize, all: &[T]) -> Option<usize> {
    number.checked_rem(all.len())
}

impl Pair {
    async fn carry_out(&mut self, operation: &Operation) {
        match *operation {
            Operation::Send {
                user,
                address,
                takes_quota,
            } => self.send(user, address, takes_quota).await,
            Operation::Resend {
                verification,
                takes_quota,
            } => {
                if let Some(place) = place(verification, &self.model.verifications) {
                    self.resend(place, takes_quota).await;
                }
            }
            Operation::Guess { verification, code } => {
                if let Some(place) = place(verification, &self.model.verifications) {
                    self.guess(place, code).await;
                }
            }
            Operation::Cancel { verification } => {
                if let Some(place) = place(verification, &self.model.verifications) {
                    self.cancel(place).await;
                }
            }
            Operation::Settle { message, ending } => {
                if let Some(place) = place(message, &self.model.messages) {
                    self.settle(place, ending).await;
                }
            }
            Operation::Claim => self.claim().await,
            Operation::Wait(time) => self.model.now = self.model.now + time,
        }
    }

    async fn send(&mut self, user: u32, address: Option<u32>, takes_quota: bool) {
        let mut new = self.world.verification(user, self.model.now);
        new.ip_key = address.map(ip_key);
        (new.max_guesses, new.max_sends, new.limits) = (3, 3, LIMITS);
        new.message.quota = takes_quota.then(|| quota(QUOTA));
        let refused = self.model.refusal(new.recipient_key, new.ip_key, takes_quota);
        let expected = refused.map_or(Issue::Issued, Issue::Refused);
        assert_eq!(self.world.issue(new.clone()).await.unwrap(), expected);
        if refused.is_none() {
            let now = Verification {
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
            };
            let (lease, id) = (new.message.lease, new.message.id);
            self.model.verifications.push(Known { new, now, newest: 0 });
            self.model
                .sent(self.model.verifications.len() - 1, lease, id, takes_quota);
        }
    }

    async fn resend(&mut self, place: usize, takes_quota: bool) {
        let new = &self.model.verifications[place].new;
        let mut again = self.world.again(new, self.model.now);
        again.limits = LIMITS;
        again.message.quota = takes_quota.then(|| quota(QUOTA));
        let limit = || {
            self.model
                .refusal(new.recipient_key, new.ip_key, takes_quota)
                .map(Resend::Refused)
        };
        let refused = again.refusal(&self.model.seen(place)).or_else(limit);
        let told = self.world.resend(again.clone()).await.unwrap();
        if let Some(refused) = refused {
            assert_eq!(told, refused);
            return;
        }
        let resent = again.applied_to(self.model.stored(place));
        assert_eq!(told, Resend::Resent(Box::new(resent.clone())));
        self.model.verifications[place].now = resent.verification;
        self.model
            .sent(place, again.message.lease, again.message.id, takes_quota);
    }

    async fn guess(&mut self, place: usize, code: u8) {
        let stored = self.model.stored(place);
        let recipient = stored.recipient_key;
        let mut guess = self.world.guess(stored.verification.id, code, self.model.now);
        guess.guesses_per_day = LIMITS.guesses_per_day;
        let target = GuessedVerification {
            code_generation: 1,
            code_mac: vec![RIGHT; 32],
            code_digits: 6,
            verified_by: None,
            counters: self.model.counters.get(&recipient).copied(),
            stored,
        };
        let told = self.world.check(guess.clone()).await.unwrap();
        match guess.judge(&target) {
            Err(refused) => assert_eq!(told, refused),
            Ok(is_right) => {
                assert_eq!(told, guess.counted(target, is_right));
                let now = self.model.now;
                let known = &mut self.model.verifications[place].now;
                let counters = self.model.counters.get_mut(&recipient).unwrap();
                if is_right {
                    assert!(matches!(told, Check::Verified(_)));
                    known.verified_at = Some(now);
                    counters.clear_wrong_guesses();
                } else {
                    known.wrong_guesses += 1;
                    counters.count_wrong_guess(now);
                }
            }
        }
    }

    async fn cancel(&mut self, place: usize) {
        let (before, now) = (self.model.seen(place), self.model.now);
        let expected = Cancel::of(before.clone(), now);
        let told = self
            .world
            .cancel(self.world.application, before.id, now)
            .await
            .unwrap();
        assert_eq!(told, expected);
        if let Cancel::Canceled(verification) = expected {
            self.model.verifications[place].now.canceled_at = verification.canceled_at;
        }
    }

    async fn settle(&mut self, place: usize, ending: u8) {
        let now = self.model.now;
        let outcome = match ending {
            0 => accepted(),
            1 => Outcome::Unknown {
                provider: Provider::Kinde,
                fallback: true,
            },
            2 => Outcome::NextSender {
                lease_until: now + 15 * SECOND,
            },
            3 => Outcome::RetryAt(now + 5 * SECOND),
            4 => failed(),
            _ => Outcome::Expired,
        };
        let message = &self.model.messages[place];
        let mut settlement = self.world.settlement(message.id, outcome.clone());
        settlement.now = now;
        // Somebody's who once held it, where nobody does.
        settlement.token = message.token.unwrap_or(self.world.token);
        let holds = message.summary.status == MessageStatus::Queued && message.token.is_some();
        let expected = if holds {
            Settled::Recorded
        } else {
            Settled::LeaseLost
        };
        assert_eq!(self.world.settle(settlement).await.unwrap(), expected);
        if holds {
            self.settled(place, outcome);
        }
    }

    fn settled(&mut self, place: usize, outcome: Outcome) {
        let message = &mut self.model.messages[place];
        message.attempts += 1;
        let summary = &mut message.summary;
        match outcome {
            Outcome::Accepted {
                provider, fallback, ..
            } => {
                summary.status = MessageStatus::Accepted;
                (summary.provider, summary.fallback) = (Some(provider), fallback);
            }
            Outcome::Unknown { provider, fallback } => {
                summary.status = MessageStatus::Unknown;
                (summary.provider, summary.fallback) = (Some(provider), fallback);
            }
            Outcome::NextSender { lease_until } => message.due_at = lease_until,
            Outcome::RetryAt(at) => (message.due_at, message.token) = (at, None),
            Outcome::Failed(failure) => {
                (summary.status, summary.error) = (MessageStatus::Failed, Some(failure));
                self.model.refund(place);
            }
            Outcome::Expired => {
                summary.status = MessageStatus::Expired;
                self.model.refund(place);
            }
        }
    }

    async fn claim(&mut self) {
        let now = self.model.now;
        let lease = lease(now + 15 * SECOND);
        let queue = Queue::Code(Channel::Email);
        let claimed = self.world.claim_due(queue, now, lease, 1_000).await.unwrap();
        let mut told: HashMap<MessageId, _> = claimed
            .into_iter()
            .map(|claimed| (claimed.message_id, claimed))
            .collect();
        for place in 0..self.model.messages.len() {
            let message = &self.model.messages[place];
            if message.summary.status != MessageStatus::Queued || message.due_at > now {
                continue;
            }
            let claimed = told
                .remove(&message.id)
                .unwrap_or_else(|| panic!("{} is due", message.id));
            let expected = (
                message.attempts,
                message.token.is_some(),
                message.was_taken_over,
                message.takes_quota,
            );
            let flags = (
                claimed.possible_duplicate,
                claimed.taken_over_before,
                claimed.holds_quota,
            );
            assert_eq!((claimed.attempts, flags.0, flags.1, flags.2), expected);
            let StoredPayload::Code(stored) = claimed.payload else {
                panic!("a message with a code carries something else");
            };
            assert_eq!(stored.verification, self.model.seen(message.verification));
            let message = &mut self.model.messages[place];
            message.was_taken_over |= message.token.is_some();
            (message.token, message.due_at) = (Some(lease.token), lease.until);
        }
        assert!(told.is_empty(), "not due: {:?}", told.keys());
    }

    /// What is there in the end.
    async fn compare(&self) {
        for place in 0..self.model.verifications.len() {
            let expected = self.model.seen(place);
            let stored = self.world.found(expected.id).await;
            let has_ended = matches!(
                expected.status(expected.created_at),
                VerificationStatus::Verified | VerificationStatus::Canceled | VerificationStatus::Locked
            );
            assert_eq!(stored.sealed_code.is_none(), has_ended, "{expected:?}");
            assert_eq!(stored.verification, expected);
        }
        let MonthlyLimit { counter, month, .. } = quota(QUOTA);
        let used = self
            .world
            .used(self.world.environment, counter, month)
            .await
            .unwrap();
        assert_eq!(used, self.model.quota_used);
    }
}

#[test]
fn the_store_does_what_the_rules_say() {
    let runtime = Runtime::new().unwrap();
    let config = Config {
        cases: 40,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let operations = prop::collection::vec(operation(), 1..80);
    let ran = TestRunner::new(config).run(&operations, |operations| {
        runtime.block_on(async {
            let mut pair = Pair {
                world: World::new().await,
                model: Model::new(),
            };
            for operation in &operations {
                pair.carry_out(operation).await;
            }
            pair.compare().await;
        });
        Ok(())
    });
    ran.unwrap();
}
