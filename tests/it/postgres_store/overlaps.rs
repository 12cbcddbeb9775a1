//! Batches of two replicas over the same keys: whatever comes together in them, none waits for another in a circle, and all that was
//! counted adds up in the end.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use otpost::domain::message::Channel;
use otpost::domain::random::{OsRandom, Random};
use otpost::store::SharedStore;
use otpost::store::outbox::{Lease, MonthlyCounter, Outcome, Queue, Settled, Settlement};
use otpost::store::verification::{Issue, NewVerification, Resend, SendLimits};
use sqlx::{Connection as _, PgConnection};
use tokio::time::Instant;
use uuid::Uuid;

use super::{number, on_postgres};
use crate::store_contract::fixture::{
    MINUTE, RIGHT, WRONG, World, accepted, all_at_once, attempt, failed, ip_key, lease, now, quota,
};
use crate::store_contract::notification::warning;
use crate::support::wait::until;

/// How long it goes on where nothing else is said, in seconds.
const SECONDS: u64 = 20;
const VARIABLE: &str = "OTPOST_TEST_OVERLAP_SECONDS";

/// As many callers at once on each store.
const CALLERS: u32 = 40;

#[expect(
    clippy::disallowed_methods,
    reason = "how the tests are told to go on for longer"
)]
fn duration() -> Duration {
    let told = std::env::var(VARIABLE)
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(told.unwrap_or(SECONDS))
}

fn below(end: u32) -> u32 {
    let mut bytes = [0; 4];
    OsRandom.fill(&mut bytes);
    u32::from_le_bytes(bytes) % end
}

/// What all callers share.
struct Shared {
    world: World,
    /// The last that were made.
    made: Mutex<Vec<NewVerification>>,
    /// Places that are taken: of recipients and the quota, and of addresses, which get none back.
    taken: AtomicI64,
    addresses: AtomicI64,
}

impl Shared {
    fn any(&self) -> Option<NewVerification> {
        let made = self.made.lock().unwrap();
        let place = below(u32::try_from(made.len()).ok()?.max(1)) as usize;
        made.get(place).cloned()
    }

    fn remember(&self, new: NewVerification) {
        let mut made = self.made.lock().unwrap();
        if made.len() >= 60 {
            made.remove(0);
        }
        made.push(new);
    }

    fn sent(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.addresses.fetch_add(1, Ordering::Relaxed);
    }

    async fn settle(&self, store: &SharedStore, message: Settlement) {
        let refunds = matches!(message.outcome, Outcome::Failed(_) | Outcome::Expired);
        if store.settle(message).await.unwrap() == Settled::Recorded && refunds {
            self.taken.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn settlement(message_id: otpost::domain::id::MessageId, token: Uuid) -> Settlement {
        let outcome = match below(4) {
            0 => accepted(),
            1 => failed(),
            2 => Outcome::Expired,
            _ => Outcome::RetryAt(now()),
        };
        Settlement {
            message_id,
            token,
            attempt: Some(attempt()),
            outcome,
            now: now(),
        }
    }

    /// One operation. Whatever it is told is an outcome.
    async fn step(&self, store: &SharedStore) {
        let Self { world, .. } = self;
        let at = now() + MINUTE;
        let old = self.any();
        match (below(10), old) {
            (0..=3, _) | (_, None) => {
                let mut new = world.verification(below(8), now());
                new.ip_key = Some(ip_key(below(3)));
                new.message.quota = Some(quota(u32::MAX));
                // All at one moment: what was counted later than it was made is not given back.
                new.resend_at = now();
                // Now and then at the limit, where statements lose races for the last place.
                new.limits = SendLimits {
                    ip_per_hour: if below(8) == 0 { 500 } else { 1_000_000 },
                    ..WIDE_ENOUGH
                };
                if store.issue(new.clone()).await.unwrap() == Issue::Issued {
                    self.sent();
                    self.remember(new);
                }
            }
            (4, Some(old)) => {
                let mut again = world.again(&old, now());
                again.resend_at = vec![now()];
                again.message.quota = Some(quota(u32::MAX));
                again.limits = WIDE_ENOUGH;
                let message = again.message.id;
                if let Resend::Resent(_) = store.resend(again).await.unwrap() {
                    self.sent();
                    self.settle(store, Self::settlement(message, world.token)).await;
                }
            }
            (5, Some(old)) => {
                let code = if below(3) == 0 { RIGHT } else { WRONG };
                let mut guess = world.guess(old.id, code, now());
                guess.guesses_per_day = 1_000_000;
                store.check(guess).await.unwrap();
            }
            (6 | 7, Some(old)) => {
                self.settle(store, Self::settlement(old.message.id, world.token))
                    .await;
            }
            (8, Some(_)) => {
                let held: Lease = lease(at);
                let claimed = store
                    .claim_due(Queue::Code(Channel::Email), at, held, 20)
                    .await
                    .unwrap();
                for claimed in claimed {
                    self.settle(store, Self::settlement(claimed.message_id, held.token))
                        .await;
                }
            }
            (_, Some(old)) => {
                if below(2) == 0 {
                    store.cancel(old.application_id, old.id, now()).await.unwrap();
                } else {
                    let (one, other) = (below(8), below(7));
                    let users = [one, if other == one { 7 } else { other }];
                    store
                        .notify(warning(world, &users, now(), 1_000_000))
                        .await
                        .unwrap();
                }
            }
        }
    }
}

const WIDE_ENOUGH: SendLimits = SendLimits {
    per_hour: 1_000_000,
    per_day: 1_000_000,
    ip_per_hour: 1_000_000,
    guesses_per_day: 1_000_000,
};

async fn deadlocks(url: &str) -> i64 {
    let mut beside = PgConnection::connect(url).await.unwrap();
    let statement = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    number(&mut beside, statement).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_over_the_same_keys_never_deadlock_and_all_that_was_counted_adds_up() {
    let Some((world, mut beside)) = on_postgres().await else {
        return;
    };
    let url = world.database.url().to_owned();
    let stores = [world.database.store(), world.database.second_store().await];
    let before = deadlocks(&url).await;
    let shared = Arc::new(Shared {
        world,
        made: Mutex::default(),
        taken: AtomicI64::new(0),
        addresses: AtomicI64::new(0),
    });
    let end = Instant::now() + duration();
    let callers = (0..CALLERS).flat_map(|_| stores.iter()).map(|store| {
        let (shared, store) = (Arc::clone(&shared), store.clone());
        async move {
            let mut steps = 0_u64;
            while Instant::now() < end {
                shared.step(&store).await;
                steps += 1;
            }
            steps
        }
    });
    let steps: u64 = all_at_once(callers.collect::<Vec<_>>()).await.into_iter().sum();
    assert!(steps > 1_000, "{steps} steps are too few to tell");
    for (statement, expected) in [
        (
            "SELECT sum(day_sends) FROM limit_counters WHERE key IN (SELECT recipient_key FROM verifications)",
            &shared.taken,
        ),
        ("SELECT sum(used)::bigint FROM monthly_counters", &shared.taken),
        (
            "SELECT sum(hour_sends) FROM limit_counters WHERE key IN (SELECT ip_key FROM verifications)",
            &shared.addresses,
        ),
    ] {
        assert_eq!(
            number(&mut beside, statement).await,
            expected.load(Ordering::Relaxed),
            "{statement}"
        );
    }
    let (world, counter) = (&shared.world, MonthlyCounter::TestQuota);
    let used = world
        .used(world.environment, counter, quota(0).month)
        .await
        .unwrap();
    assert_eq!(i64::from(used), shared.taken.load(Ordering::Relaxed));
    for store in stores {
        store.close().await;
    }
    // A server counts what a connection met when that ends.
    until("all connections have ended", async || {
        number(&mut beside, super::connections::OTHERS).await == 0
    })
    .await;
    assert_eq!(deadlocks(&url).await, before, "after {steps} steps");
}
