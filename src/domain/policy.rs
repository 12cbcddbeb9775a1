//! The rules of codes: how long, how often, how many. The defaults and ranges are those of NIST SP 800-63B rev. 4
//! (3.1.3.2, 4.2.1.2), PSD2 RTS Art. 4(3)(b) and OWASP ASVS 5 (6.5, 6.6), as the product's table lists them.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use super::message::Channel;
use super::parsed::{self, within};
use super::random::{Random, below};
use super::time::Timestamp;
use super::verification::Purpose;

/// The windows of the limits. They begin with the first event counted in them.
pub const HOUR: Duration = Duration::from_hours(1);
/// See [`HOUR`].
pub const DAY: Duration = Duration::from_hours(24);

/// Life of codes by email for the purposes that may live longer, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailLife {
    /// For `password_reset`, 60–86,400.
    #[serde(default = "ten_minutes", deserialize_with = "within::<60, 86_400, _, _>")]
    #[schema(minimum = 60, maximum = 86400)]
    pub password_reset: u32,
    /// For `verify`, 60–86,400.
    #[serde(default = "ten_minutes", deserialize_with = "within::<60, 86_400, _, _>")]
    #[schema(minimum = 60, maximum = 86400)]
    pub verify: u32,
}

fn ten_minutes() -> u32 {
    600
}

impl Default for EmailLife {
    fn default() -> Self {
        Self {
            password_reset: ten_minutes(),
            verify: ten_minutes(),
        }
    }
}

/// An environment's rules for its codes. A change does not touch verifications that are already made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OtpPolicy {
    /// Digits of a code, 6–10.
    #[serde(deserialize_with = "within::<6, 10, _, _>")]
    #[schema(minimum = 6, maximum = 10)]
    pub digits: u8,
    /// Life of a code in seconds, 60–600.
    #[serde(deserialize_with = "within::<60, 600, _, _>")]
    #[schema(minimum = 60, maximum = 600)]
    pub life_seconds: u32,
    /// Life of codes by email for two purposes.
    pub email_life_seconds: EmailLife,
    /// Wrong guesses per verification, 1–10.
    #[serde(deserialize_with = "within::<1, 10, _, _>")]
    #[schema(minimum = 1, maximum = 10)]
    pub max_guesses: u8,
    /// Wrong guesses per recipient in a day, over all verifications, 5–100.
    #[serde(deserialize_with = "within::<5, 100, _, _>")]
    #[schema(minimum = 5, maximum = 100)]
    pub recipient_guesses_per_day: u16,
    /// Seconds to wait before the first, second … resend; the last one repeats. 1 to 10 of 1–3,600.
    #[serde(deserialize_with = "waits")]
    pub resend_after_seconds: Vec<u32>,
    /// Messages per verification in all, 1–10.
    #[serde(deserialize_with = "within::<1, 10, _, _>")]
    #[schema(minimum = 1, maximum = 10)]
    pub max_sends: u8,
    /// New verifications and resends per recipient in an hour, 1–1,000.
    #[serde(deserialize_with = "within::<1, 1_000, _, _>")]
    #[schema(minimum = 1, maximum = 1000)]
    pub sends_per_hour: u16,
    /// New verifications and resends per recipient in a day, 1–1,000.
    #[serde(deserialize_with = "within::<1, 1_000, _, _>")]
    #[schema(minimum = 1, maximum = 1000)]
    pub sends_per_day: u16,
    /// New verifications and resends per end-user IP address in an hour, 1–100,000.
    #[serde(deserialize_with = "within::<1, 100_000, _, _>")]
    #[schema(minimum = 1, maximum = 100_000)]
    pub ip_sends_per_hour: u32,
}

impl Default for OtpPolicy {
    fn default() -> Self {
        Self {
            digits: 6,
            life_seconds: 600,
            email_life_seconds: EmailLife::default(),
            max_guesses: 5,
            recipient_guesses_per_day: 20,
            resend_after_seconds: vec![30, 60, 120, 300],
            max_sends: 5,
            sends_per_hour: 10,
            sends_per_day: 20,
            ip_sends_per_hour: 30,
        }
    }
}

fn waits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    parsed::read(deserializer, "", |waits: Vec<i64>| {
        let read = |wait: &i64| {
            u32::try_from(*wait)
                .ok()
                .filter(|wait| (1..=3_600).contains(wait))
        };
        let read: Option<Vec<u32>> = waits.iter().map(read).collect();
        let fit = read.filter(|waits| (1..=10).contains(&waits.len()));
        fit.ok_or("must be 1 to 10 waits of 1 to 3600 seconds")
    })
}

impl OtpPolicy {
    /// How long a code lives.
    #[must_use]
    pub fn life(&self, purpose: Purpose, channel: Channel) -> Duration {
        let seconds = match (channel, purpose) {
            (Channel::Email, Purpose::PasswordReset) => self.email_life_seconds.password_reset,
            (Channel::Email, Purpose::Verify) => self.email_life_seconds.verify,
            _ => self.life_seconds,
        };
        Duration::from_secs(seconds.into())
    }

    /// How long to wait after message number `sends` (1 is the first) before the next.
    #[must_use]
    pub fn resend_wait(&self, sends: u8) -> Duration {
        let waits = &self.resend_after_seconds;
        let index = usize::from(sends.max(1)) - 1;
        let seconds = waits.get(index).or(waits.last()).copied().unwrap_or(30);
        Duration::from_secs(seconds.into())
    }
}

/// What somebody at a screen waits for lives no longer than this.
const HURRIED_LIFE: Duration = Duration::from_mins(10);

/// The longest waits before the next try, in ms; the last one repeats for what is in a hurry.
const HURRIED_WAITS: [u64; 4] = [2_000, 5_000, 15_000, 45_000];

/// What comes after them for a message that lives longer: 2, 5, 15 and 40 min. The last one repeats, and as no wait is under its half,
/// a message that lives a day has less than a hundred tries.
const UNHURRIED_WAITS: [u64; 4] = [120_000, 300_000, 900_000, 2_400_000];

/// When a message that lives for `life` and whose try number `attempts` was not accepted is tried again: full jitter over 2, 5, 15,
/// 45 s …, and between the half and the whole of the minutes of one that lives longer than 10; never earlier than the provider
/// asks. `None` when it would have expired by then.
pub fn retry_at(
    random: &dyn Random,
    now: Timestamp,
    attempts: u16,
    retry_after: Option<Duration>,
    life: Duration,
    expires_at: Timestamp,
) -> Option<Timestamp> {
    let index = usize::from(attempts.max(1)) - 1;
    let [.., longest_hurried] = HURRIED_WAITS;
    let [.., longest] = UNHURRIED_WAITS;
    let wait = match HURRIED_WAITS.get(index) {
        Some(ceiling) => below(random, *ceiling),
        None if life <= HURRIED_LIFE => below(random, longest_hurried),
        None => {
            let ceiling = UNHURRIED_WAITS.get(index - HURRIED_WAITS.len());
            let half = ceiling.copied().unwrap_or(longest) / 2;
            half + below(random, half)
        }
    };
    // A floor keeps a burst of retries from meeting the provider in the same instant it refused.
    let wait = Duration::from_millis(200 + wait);
    let at = now + wait.max(retry_after.unwrap_or_default());
    (at < expires_at).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::OsRandom;

    #[test]
    fn the_defaults_are_within_their_ranges_and_nothing_else_is_read() {
        let defaults = OtpPolicy::default();
        let json = serde_json::to_value(&defaults).unwrap();
        assert_eq!(serde_json::from_value::<OtpPolicy>(json).unwrap(), defaults);
        for json in [
            r#"{"digits":5}"#,
            r#"{"life_seconds":601}"#,
            r#"{"email_life_seconds":{"password_reset":59}}"#,
            r#"{"email_life_seconds":{"verify":86401}}"#,
            r#"{"max_guesses":256}"#,
            r#"{"recipient_guesses_per_day":4}"#,
            r#"{"resend_after_seconds":[]}"#,
            r#"{"resend_after_seconds":[30,3601]}"#,
            r#"{"resend_after_seconds":[1,1,1,1,1,1,1,1,1,1,1]}"#,
            r#"{"max_sends":11}"#,
            r#"{"sends_per_hour":0}"#,
            r#"{"sends_per_day":-1}"#,
            r#"{"ip_sends_per_hour":100001}"#,
        ] {
            assert!(serde_json::from_str::<OtpPolicy>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn resends_wait_as_scheduled_and_the_last_wait_repeats() {
        let policy = OtpPolicy::default();
        let waits: Vec<u64> = (1..=6).map(|sends| policy.resend_wait(sends).as_secs()).collect();
        assert_eq!(waits, [30, 60, 120, 300, 300, 300]);
    }

    #[test]
    fn only_two_purposes_by_email_may_live_longer() {
        let policy = OtpPolicy {
            email_life_seconds: EmailLife {
                password_reset: 7_200,
                verify: 86_400,
            },
            ..OtpPolicy::default()
        };
        assert_eq!(
            policy.life(Purpose::PasswordReset, Channel::Email).as_secs(),
            7_200
        );
        assert_eq!(policy.life(Purpose::Verify, Channel::Email).as_secs(), 86_400);
        assert_eq!(policy.life(Purpose::Verify, Channel::Sms).as_secs(), 600);
        assert_eq!(policy.life(Purpose::Mfa, Channel::Email).as_secs(), 600);
    }

    const CODE: Duration = Duration::from_mins(10);

    fn now() -> Timestamp {
        Timestamp::from_unix_micros(1_700_000_000_000_000).unwrap()
    }

    fn wait(attempts: u16, life: Duration) -> Duration {
        let at = retry_at(&OsRandom, now(), attempts, None, life, now() + DAY).unwrap();
        now().until(at)
    }

    #[test]
    fn a_code_for_somebody_at_a_screen_is_never_kept_waiting_for_a_minute() {
        for attempts in 1..500 {
            let wait = wait(attempts, CODE);
            assert!(!wait.is_zero() && wait < Duration::from_secs(46), "{attempts}");
        }
    }

    #[test]
    fn what_lives_a_day_backs_off_to_minutes_and_has_less_than_a_hundred_tries() {
        for attempts in 1..=4 {
            assert!(wait(attempts, DAY) < Duration::from_secs(46), "{attempts}");
        }
        for attempts in 8..500 {
            let wait = wait(attempts, DAY).as_secs();
            assert!((1_200..=2_400).contains(&wait), "{attempts}: {wait} s");
        }
        for _ in 0..100 {
            let (mut tries, mut at) = (1, now());
            while let Some(next) = retry_at(&OsRandom, at, tries, None, DAY, now() + DAY) {
                at = next;
                tries += 1;
            }
            assert!((35..100).contains(&tries), "{tries}");
        }
    }

    #[test]
    fn a_retry_keeps_the_providers_wait_and_never_outlives_the_message() {
        let minute = Duration::from_mins(1);
        let asked = Some(Duration::from_secs(90));
        for life in [CODE, DAY] {
            let at = retry_at(&OsRandom, now(), 1, asked, life, now() + life);
            assert!(at.unwrap() >= now() + Duration::from_secs(90));
            assert_eq!(retry_at(&OsRandom, now(), 1, asked, life, now() + minute), None);
            assert_eq!(retry_at(&OsRandom, now(), 9, None, life, now()), None);
        }
    }
}
