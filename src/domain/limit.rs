//! The limits on sends and wrong guesses, as a pure function of counters. Windows begin with the first event counted in them. The
//! databases keep the counters and guard them; why something is refused is said here alone.

use std::time::Duration;

use super::id::EnvironmentId;
use super::idempotency::KeyedHash;
use super::keyring::KeyRing;
use super::named::named;
use super::policy::{DAY, HOUR};
use super::recipient::Recipient;
use super::time::Timestamp;

/// What sends to a recipient and guesses of its codes are counted by, and what its messages are found by.
#[must_use]
pub fn recipient_key(keys: &KeyRing, environment: EnvironmentId, recipient: &Recipient) -> KeyedHash {
    let (channel, key) = (recipient.channel().as_str(), recipient.key());
    keys.index_hash(
        b"recipient",
        &[environment.0.as_bytes(), channel.as_bytes(), key.as_bytes()],
    )
}

/// What notifications to a recipient are counted by: not with the codes.
#[must_use]
pub fn notification_key(keys: &KeyRing, recipient_key: KeyedHash) -> KeyedHash {
    keys.index_hash(b"notified recipient", &[&recipient_key])
}

/// What sends for an end user's address, or its /64, are counted by.
#[must_use]
pub fn address_key(keys: &KeyRing, environment: EnvironmentId, address: &str) -> KeyedHash {
    keys.index_hash(
        b"end user address",
        &[environment.0.as_bytes(), address.as_bytes()],
    )
}

/// The limits that a send is counted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendLimits {
    /// Sends to the recipient in an hour.
    pub per_hour: u32,
    /// Sends to the recipient in a day.
    pub per_day: u32,
    /// Sends for the end user's address in an hour.
    pub ip_per_hour: u32,
    /// Wrong guesses of the recipient in a day; at this many it is locked until the window ends.
    pub guesses_per_day: u32,
}

named! {
    /// What is counted by environment and calendar month (UTC).
    MonthlyCounter {
        /// Messages through the platform sender of an environment without a sender of its own.
        TestQuota = "test_quota",
        /// Messages that the platform sender carried in place of the environment's own.
        Fallback = "fallback",
    }
}

/// A limit on a [`MonthlyCounter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthlyLimit {
    /// What is counted.
    pub counter: MonthlyCounter,
    /// The first moment of the month.
    pub month: Timestamp,
    /// How many it may have.
    pub limit: u32,
}

/// Which limit a send met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitName {
    /// Sends to the recipient in an hour.
    RecipientHour,
    /// Sends to the recipient in a day.
    RecipientDay,
    /// Sends for the end user's address in an hour.
    IpHour,
}

/// Why a send was refused. Nothing was counted or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendRefusal {
    /// A limit is used up until its window ends. Where several are, the one that lasts longest.
    Throttled {
        /// Which.
        limit: LimitName,
        /// When its window ends.
        resets_at: Timestamp,
    },
    /// The recipient's wrong guesses are used up.
    RecipientLocked {
        /// When their window ends.
        until: Timestamp,
    },
    /// The month's quota is used up.
    QuotaExhausted,
}

/// What was counted since a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When the first event came.
    pub started_at: Timestamp,
    /// How many there were.
    pub count: u32,
}

impl Window {
    /// One in which nothing was counted.
    #[must_use]
    pub fn empty(now: Timestamp) -> Self {
        Self {
            started_at: now,
            count: 0,
        }
    }

    /// What counts of a window of `length` at `now`.
    #[must_use]
    pub fn at(self, now: Timestamp, length: Duration) -> Self {
        let is_over = self.count == 0 || self.started_at + length <= now;
        if is_over { Self::empty(now) } else { self }
    }

    fn count(&mut self, now: Timestamp, length: Duration) {
        *self = self.at(now, length);
        self.count += 1;
    }

    /// Gives back the place of an event, if this is the window that counted it, so if it began no later.
    fn refund(&mut self, counted_at: Timestamp) {
        if self.started_at <= counted_at {
            self.count = self.count.saturating_sub(1);
        }
    }

    /// When a window of `length` has room again that took `most`; `None` when it has now.
    #[must_use]
    pub fn full_until(self, now: Timestamp, length: Duration, most: u32) -> Option<Timestamp> {
        let window = self.at(now, length);
        (window.count >= most).then(|| window.started_at + length)
    }
}

/// What is counted of a recipient or an end user's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Sends within an hour.
    pub hour: Window,
    /// Sends within a day.
    pub day: Window,
    /// Wrong guesses within a day.
    pub guesses: Window,
}

impl Counters {
    /// Of whom nothing was counted.
    #[must_use]
    pub fn empty(now: Timestamp) -> Self {
        let window = Window::empty(now);
        Self {
            hour: window,
            day: window,
            guesses: window,
        }
    }

    /// Counts a send.
    pub fn count_send(&mut self, now: Timestamp) {
        self.hour.count(now, HOUR);
        self.day.count(now, DAY);
    }

    /// Counts a send for an end user's address, which has a limit by the hour alone.
    pub fn count_send_for_address(&mut self, now: Timestamp) {
        self.hour.count(now, HOUR);
    }

    /// Gives back the places of a send that was counted at a moment.
    pub fn refund_send(&mut self, counted_at: Timestamp) {
        self.hour.refund(counted_at);
        self.day.refund(counted_at);
    }

    /// Counts a wrong guess.
    pub fn count_wrong_guess(&mut self, now: Timestamp) {
        self.guesses.count(now, DAY);
    }

    /// Forgets the wrong guesses, as a right one does.
    pub fn clear_wrong_guesses(&mut self) {
        self.guesses.count = 0;
    }

    /// When the recipient may be sent codes and guess again; `None` when it may now.
    #[must_use]
    pub fn locked_until(&self, guesses_per_day: u32, now: Timestamp) -> Option<Timestamp> {
        self.guesses.full_until(now, DAY, guesses_per_day)
    }

    /// When the recipient may have one more notification; `None` when it may now.
    #[must_use]
    pub fn day_full_until(&self, per_day: u32, now: Timestamp) -> Option<Timestamp> {
        self.day.full_until(now, DAY, per_day)
    }
}

/// What refuses a send: a lock before any limit, of the limits the one that lasts longest, and the quota last. `address_hour` is what was
/// counted of the end user's address within an hour. What was never counted is `None`.
#[must_use]
pub fn refusal(
    recipient: Option<Counters>,
    address_hour: Option<Window>,
    quota_left: bool,
    limits: &SendLimits,
    now: Timestamp,
) -> Option<SendRefusal> {
    let recipient = recipient.unwrap_or_else(|| Counters::empty(now));
    if let Some(until) = recipient.locked_until(limits.guesses_per_day, now) {
        return Some(SendRefusal::RecipientLocked { until });
    }
    let windows = [
        (LimitName::IpHour, address_hour, HOUR, limits.ip_per_hour),
        (LimitName::RecipientDay, Some(recipient.day), DAY, limits.per_day),
        (
            LimitName::RecipientHour,
            Some(recipient.hour),
            HOUR,
            limits.per_hour,
        ),
    ];
    let full = windows.into_iter().filter_map(|(limit, window, length, most)| {
        let resets_at = window?.full_until(now, length, most)?;
        Some((limit, resets_at))
    });
    if let Some((limit, resets_at)) = full.max_by_key(|(_, resets_at)| *resets_at) {
        return Some(SendRefusal::Throttled { limit, resets_at });
    }
    (!quota_left).then_some(SendRefusal::QuotaExhausted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(1_795_338_000_000_000).unwrap()
    }

    const LIMITS: SendLimits = SendLimits {
        per_hour: 2,
        per_day: 3,
        ip_per_hour: 2,
        guesses_per_day: 2,
    };

    fn counted(events: u32, at: Timestamp) -> Counters {
        let mut counters = Counters::empty(at);
        for _ in 0..events {
            counters.count_send(at);
        }
        counters
    }

    fn of(recipient: Counters, address: Option<Counters>, at: Timestamp) -> Option<SendRefusal> {
        refusal(
            Some(recipient),
            address.map(|address| address.hour),
            true,
            &LIMITS,
            at,
        )
    }

    #[test]
    fn a_window_begins_with_its_first_event_and_ends_to_the_microsecond() {
        let full = counted(2, now());
        let end = now() + HOUR;
        let refused = Some(SendRefusal::Throttled {
            limit: LimitName::RecipientHour,
            resets_at: end,
        });
        assert_eq!(of(full, None, end - Duration::from_micros(1)), refused);
        assert_eq!(of(full, None, end), None);
        let mut next = full;
        next.count_send(end);
        assert_eq!(
            next.hour,
            Window {
                started_at: end,
                count: 1
            }
        );
        assert_eq!(
            next.day,
            Window {
                started_at: now(),
                count: 3
            }
        );
        assert_eq!(
            of(next, None, end),
            Some(SendRefusal::Throttled {
                limit: LimitName::RecipientDay,
                resets_at: now() + DAY
            })
        );
    }

    #[test]
    fn a_lock_comes_before_every_limit_and_the_quota_last() {
        let mut recipient = counted(3, now());
        recipient.count_wrong_guess(now());
        recipient.count_wrong_guess(now());
        assert_eq!(
            refusal(Some(recipient), None, false, &LIMITS, now()),
            Some(SendRefusal::RecipientLocked { until: now() + DAY })
        );
        recipient.clear_wrong_guesses();
        assert!(matches!(
            refusal(Some(recipient), None, false, &LIMITS, now()),
            Some(SendRefusal::Throttled {
                limit: LimitName::RecipientDay,
                ..
            })
        ));
        assert_eq!(
            refusal(None, None, false, &LIMITS, now()),
            Some(SendRefusal::QuotaExhausted)
        );
        assert_eq!(refusal(None, None, true, &LIMITS, now()), None);
    }

    #[test]
    fn of_several_limits_the_one_is_told_that_lasts_longest() {
        let (earlier, later) = (now(), now() + Duration::from_secs(1));
        assert!(matches!(
            of(counted(2, earlier), Some(counted(2, later)), later),
            Some(SendRefusal::Throttled {
                limit: LimitName::IpHour,
                ..
            })
        ));
        assert!(matches!(
            of(counted(2, later), Some(counted(2, earlier)), later),
            Some(SendRefusal::Throttled {
                limit: LimitName::RecipientHour,
                ..
            })
        ));
    }

    #[test]
    fn only_the_window_that_counted_a_send_gives_its_place_back() {
        let mut counters = counted(1, now());
        let again = now() + HOUR;
        counters.count_send(again);
        counters.refund_send(now());
        assert_eq!(
            counters.hour,
            Window {
                started_at: again,
                count: 1
            }
        );
        assert_eq!(
            counters.day,
            Window {
                started_at: now(),
                count: 1
            }
        );
    }
}
