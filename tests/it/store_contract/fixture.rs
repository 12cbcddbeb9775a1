//! What the contract tests are made of: a world with one environment, and builders for what is done in it.

use std::future::Future;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::future::join_all;
use otpost::domain::id::{ApplicationId, AttemptId, ConnectionId, EnvironmentId, MessageId, VerificationId};
use otpost::domain::idempotency::KeyedHash;
use otpost::domain::keyring::{CodeMac, GenerationId, KeyRing};
use otpost::domain::limit;
use otpost::domain::locale::Locale;
use otpost::domain::message::{Attempt, Channel, Failure, FailureCode, Provider};
use otpost::domain::random::{OsRandom, unguessable_id};
use otpost::domain::recipient::{Recipient, RecipientRow};
use otpost::domain::time::Timestamp;
use otpost::domain::verification::Purpose;
use otpost::store::SharedStore;
use otpost::store::outbox::{Lease, MonthlyCounter, MonthlyLimit, Outcome, Settled, Settlement};
use otpost::store::verification::{
    Check, Guess, Issue, NewMessage, NewSend, NewVerification, SendLimits, StoredVerification,
};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::support::database::{self, Database};

/// Sunday 2026-11-22T09:00:00Z.
pub const NOW_MICROS: i64 = 1_795_338_000_000_000;
pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_mins(1);
pub const HOUR: Duration = Duration::from_hours(1);
pub const DAY: Duration = Duration::from_hours(24);

pub fn now() -> Timestamp {
    Timestamp::from_unix_micros(NOW_MICROS).unwrap()
}

/// Limits that nothing here reaches.
pub const WIDE: SendLimits = SendLimits {
    per_hour: 10_000,
    per_day: 10_000,
    ip_per_hour: 10_000,
    guesses_per_day: 10_000,
};

/// The keys that all worlds are written under.
pub static KEYS: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::generate(&OsRandom, now()));

/// One environment with one application and one connection, on a database of its own.
pub struct World {
    pub database: Database,
    pub environment: EnvironmentId,
    pub application: ApplicationId,
    pub connection: ConnectionId,
    /// The token of the lease that messages are made under.
    pub token: Uuid,
}

impl Deref for World {
    type Target = SharedStore;

    fn deref(&self) -> &Self::Target {
        &self.database
    }
}

impl World {
    pub async fn new() -> Self {
        Self {
            database: Database::fresh().await,
            environment: EnvironmentId::time_ordered(&OsRandom, now()),
            application: ApplicationId::time_ordered(&OsRandom, now()),
            connection: ConnectionId::unguessable(&OsRandom),
            token: unguessable_id(&OsRandom),
        }
    }

    /// A verification of user number `user`, made at `at`, that takes 5 guesses and 5 messages and lives 10 minutes.
    pub fn verification(&self, user: u32, at: Timestamp) -> NewVerification {
        self.verification_of(&recipient(user), at)
    }

    /// The same, of anybody.
    pub fn verification_of(&self, recipient: &Recipient, at: Timestamp) -> NewVerification {
        let id = VerificationId::unguessable(&OsRandom);
        let sealed_recipient = recipient.seal(KEYS.in_use(at), &OsRandom, RecipientRow::Verification(id));
        NewVerification {
            id,
            body_hash: None,
            environment_id: self.environment,
            application_id: self.application,
            connection_id: self.connection,
            purpose: Purpose::SignIn,
            channel: recipient.channel(),
            recipient_key: self.key(recipient),
            sealed_recipient,
            masked_recipient: recipient.masked(),
            country: recipient.country(),
            locale: None,
            ip_key: None,
            code_mac: mac(RIGHT),
            code_digits: 6,
            sealed_code: b"sealed".to_vec(),
            created_at: at,
            expires_at: at + 10 * MINUTE,
            resend_at: at + 30 * SECOND,
            max_guesses: 5,
            max_sends: 5,
            limits: WIDE,
            message: self.message(at),
        }
    }

    /// What a recipient of this world is counted and found by.
    pub fn key(&self, recipient: &Recipient) -> KeyedHash {
        limit::recipient_key(&KEYS, self.environment, recipient)
    }

    /// A message made at `at` under this world's lease of 15 seconds.
    pub fn message(&self, at: Timestamp) -> NewMessage {
        NewMessage {
            id: MessageId::time_ordered(&OsRandom, at),
            lease: Lease {
                token: self.token,
                until: at + 15 * SECOND,
            },
            language: Locale::En,
            decision: r#"{"route":["kinde"]}"#.to_owned(),
            quota: None,
        }
    }

    /// Issues what nothing refuses.
    pub async fn issued(&self, user: u32) -> NewVerification {
        self.issue_as_is(self.verification(user, now())).await
    }

    /// Issues what nothing refuses.
    pub async fn issue_as_is(&self, new: NewVerification) -> NewVerification {
        assert_eq!(self.issue(new.clone()).await.unwrap(), Issue::Issued);
        new
    }

    pub fn guess(&self, verification: VerificationId, code: u8, at: Timestamp) -> Guess {
        Guess {
            application_id: self.application,
            verification_id: verification,
            purpose: None,
            connection_id: None,
            enabled_connections: vec![self.connection],
            macs: vec![mac(code)],
            digits: 6,
            guesses_per_day: WIDE.guesses_per_day,
            request: None,
            now: at,
        }
    }

    pub async fn guess_right(&self, verification: VerificationId, at: Timestamp) -> Check {
        self.check(self.guess(verification, RIGHT, at)).await.unwrap()
    }

    pub async fn guess_wrong(&self, verification: VerificationId, at: Timestamp) -> Check {
        self.check(self.guess(verification, WRONG, at)).await.unwrap()
    }

    /// A further send.
    pub fn again(&self, verification: &NewVerification, at: Timestamp) -> NewSend {
        NewSend {
            application_id: self.application,
            verification_id: verification.id,
            recipient_key: verification.recipient_key,
            enabled_connections: vec![self.connection],
            resend_at: [30, 60, 120].map(|wait| at + wait * SECOND).to_vec(),
            limits: WIDE,
            message: self.message(at),
            request: None,
            now: at,
        }
    }

    pub async fn found(&self, id: VerificationId) -> StoredVerification {
        self.find(self.application, id).await.unwrap().unwrap()
    }

    pub fn settlement(&self, message: MessageId, outcome: Outcome) -> Settlement {
        Settlement {
            message_id: message,
            token: self.token,
            attempt: Some(attempt()),
            outcome,
            now: now() + SECOND,
        }
    }

    /// Settles what this world holds.
    pub async fn settled(&self, message: MessageId, outcome: Outcome) {
        let settled = self.settle(self.settlement(message, outcome)).await.unwrap();
        assert_eq!(settled, Settled::Recorded);
    }
}

pub const RIGHT: u8 = 1;
pub const WRONG: u8 = 2;

pub fn mac(code: u8) -> CodeMac {
    CodeMac {
        generation: GenerationId::FIRST,
        mac: [code; 32],
    }
}

pub fn recipient(user: u32) -> Recipient {
    Recipient::from_stored(Channel::Email, &format!("user{user}@example.com")).unwrap()
}

/// What end user's address number `n` is counted by.
pub fn ip_key(n: u32) -> KeyedHash {
    limit::address_key(&KEYS, EnvironmentId(Uuid::nil()), &format!("192.0.2.{n}"))
}

/// The test quota of the month of `now()`.
pub fn quota(limit: u32) -> MonthlyLimit {
    MonthlyLimit {
        counter: MonthlyCounter::TestQuota,
        month: now().month_start(),
        limit,
    }
}

pub fn lease(until: Timestamp) -> Lease {
    Lease {
        token: unguessable_id(&OsRandom),
        until,
    }
}

pub fn attempt() -> Attempt {
    Attempt {
        id: AttemptId::time_ordered(&OsRandom, now()),
        provider: Provider::Twilio,
        started_at: now(),
        finished_at: now() + SECOND,
        outcome: "accepted".to_owned(),
        provider_code: Some("30003".to_owned()),
        detail: Some("queued".to_owned()),
        provider_message_id: Some("SM1".to_owned()),
    }
}

pub fn accepted() -> Outcome {
    Outcome::Accepted {
        provider: Provider::Twilio,
        fallback: false,
        provider_message_id: Some("SM1".to_owned()),
    }
}

pub fn failed() -> Outcome {
    Outcome::Failed(Failure {
        code: FailureCode::RecipientRejected,
        detail: "Ask for another number.".to_owned(),
    })
}

/// Runs all of them at once, as far as the store does, each as a task of its own.
pub async fn in_parallel<F>(operations: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(database::at_once()));
    let tasks = operations.into_iter().map(|operation| {
        let places = Arc::clone(&places);
        tokio::spawn(async move {
            let _place = places.acquire().await;
            operation.await
        })
    });
    let tasks: Vec<_> = tasks.collect();
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

/// Runs all of them at once, each as a task of its own: what waits is carried out in batches.
pub async fn all_at_once<F>(operations: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    let tasks: Vec<_> = operations.into_iter().map(tokio::spawn).collect();
    join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

/// Issues all of them at once.
pub async fn issue_in_parallel(world: &World, all: Vec<NewVerification>) -> Vec<Issue> {
    in_parallel(all.into_iter().map(|new| {
        let store = world.database.store();
        async move { store.issue(new).await.unwrap() }
    }))
    .await
}

/// Guesses all of them at once.
pub async fn check_in_parallel(world: &World, all: Vec<Guess>) -> Vec<Check> {
    in_parallel(all.into_iter().map(|guess| {
        let store = world.database.store();
        async move { store.check(guess).await.unwrap() }
    }))
    .await
}

pub fn count<T>(all: &[T], is_meant: impl Fn(&T) -> bool) -> usize {
    all.iter().filter(|one| is_meant(one)).count()
}
