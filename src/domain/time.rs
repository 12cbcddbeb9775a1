//! The one clock of the service. Everything that asks for the time of day is handed a [`Clock`], so that
//! a fake one rules a whole test; timeouts use tokio's monotonic clock and never this one.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;
use time::{OffsetDateTime, UtcOffset};
use tokio::time::Instant;

use super::parsed::parsed;

/// How far a process' clock may be off from the database's. One beyond it is not ready, and acts on nothing.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(2);

/// Nothing may be judged by this process' clock now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock of this machine is more than {MAX_CLOCK_SKEW:?} off, or was set and is not confirmed yet")]
pub struct ClockIsOff;

/// A moment in UTC with microseconds, the finest step both databases keep, of the years 0 to 9999, which are those that
/// RFC 3339 can write. Whatever is reckoned beyond them stays at their first or last moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

/// No time as RFC 3339 writes it, or one outside the years 0 to 9999 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a time as RFC 3339 writes it, such as 2026-11-22T09:00:00Z, of the years 0 to 9999 in UTC")]
pub struct InvalidTimestamp;

const EARLIEST: OffsetDateTime = datetime!(0000-01-01 00:00 UTC);
const LATEST: OffsetDateTime = datetime!(9999-12-31 23:59:59.999_999 UTC);

impl Timestamp {
    /// The first moment there is.
    pub const MIN: Self = Self(EARLIEST);
    /// The last moment there is.
    pub const MAX: Self = Self(LATEST);

    /// Truncates to microseconds, so that what is read back from a database equals what was written.
    #[must_use]
    pub fn new(moment: OffsetDateTime) -> Self {
        let edge = if moment.year() > 0 { LATEST } else { EARLIEST };
        let utc = moment.checked_to_offset(UtcOffset::UTC).unwrap_or(edge);
        let truncated = utc.replace_nanosecond(utc.microsecond() * 1_000).unwrap_or(utc);
        Self(truncated.clamp(EARLIEST, LATEST))
    }

    /// Reads a time as RFC 3339 writes it. An offset may put a year that can be written beyond those that can.
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        let utc = moment.checked_to_offset(UtcOffset::UTC);
        utc.filter(|utc| (0..=9_999).contains(&utc.year()))
            .map(Self::new)
            .ok_or(InvalidTimestamp)
    }

    /// From microseconds since 1970-01-01T00:00:00Z; `None` beyond the years that RFC 3339 can write.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok()?;
        (EARLIEST..=LATEST).contains(&moment).then_some(Self(moment))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// The same moment as the `time` crate's type, as the drivers and lettre want it.
    #[must_use]
    pub fn to_offset_date_time(self) -> OffsetDateTime {
        self.0
    }

    /// How long from `self` to `later`; zero when `later` has passed.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        (later.0 - self.0).try_into().unwrap_or(Duration::ZERO)
    }

    /// The first moment of the calendar month (UTC) this one lies in.
    #[must_use]
    pub fn month_start(self) -> Self {
        let first = self.0.date().replace_day(1).unwrap_or(self.0.date());
        Self(first.midnight().assume_utc())
    }

    /// The first moment of the next calendar month (UTC).
    #[must_use]
    pub fn next_month_start(self) -> Self {
        const LONGEST_MONTH: Duration = Duration::from_hours(31 * 24);
        let start = self.month_start();
        let next = (start + LONGEST_MONTH).month_start();
        if next > start { next } else { Self::MAX }
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, length: Duration) -> Self {
        let length = time::Duration::try_from(length).ok();
        let sum = length.and_then(|length| self.0.checked_add(length));
        sum.map_or(Self::MAX, Self::new)
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, length: Duration) -> Self {
        let length = time::Duration::try_from(length).ok();
        let difference = length.and_then(|length| self.0.checked_sub(length));
        difference.map_or(Self::MIN, Self::new)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

parsed!(Timestamp = "1970-01-01T00:00:00Z");

/// Tells the time of day.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::new(OffsetDateTime::now_utc())
    }
}

/// The time of day and the monotonic clock, read together: what tells a clock that was set from time that has passed.
#[derive(Debug, Clone, Copy)]
pub struct ClockReading {
    /// The time of day.
    pub wall: Timestamp,
    /// The monotonic clock.
    pub monotonic: Instant,
}

impl ClockReading {
    /// Longer between two readings than this, and the process was held up between them.
    const TOGETHER: Duration = Duration::from_millis(100);

    /// Reads both, once more where the process was held up in between, which would look like a clock that was set.
    #[must_use]
    pub fn of(clock: &dyn Clock) -> Self {
        let mut tries = 0;
        loop {
            let monotonic = Instant::now();
            let wall = clock.now();
            tries += 1;
            if tries == 3 || monotonic.elapsed() < Self::TOGETHER {
                return Self { wall, monotonic };
            }
        }
    }

    /// By how many microseconds the time of day was set ahead since `earlier`; negative where it was set back.
    #[must_use]
    pub fn set_ahead_since(&self, earlier: &Self) -> i64 {
        let by_the_wall = self.wall.unix_micros().saturating_sub(earlier.wall.unix_micros());
        let passed = self
            .monotonic
            .saturating_duration_since(earlier.monotonic)
            .as_micros();
        by_the_wall.saturating_sub(i64::try_from(passed).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_month_starts_at_its_first_midnight_and_december_is_followed_by_january() {
        let moment = Timestamp::new(datetime!(2026-12-31 23:59:59.999_999_9 UTC));
        assert_eq!(moment.to_string(), "2026-12-31T23:59:59.999999Z");
        assert_eq!(moment.month_start().to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(moment.next_month_start().to_string(), "2027-01-01T00:00:00Z");
    }

    #[test]
    fn microseconds_survive_the_way_through_an_integer() {
        let moment = Timestamp::new(datetime!(2026-11-22 09:00:00.123_456 UTC));
        assert_eq!(Timestamp::from_unix_micros(moment.unix_micros()), Some(moment));
    }

    #[test]
    fn a_time_whose_offset_leads_out_of_the_calendar_is_none() {
        for text in [
            "9999-12-31T23:59:59-23:59",
            "9999-12-31T23:59:59.999999-00:01",
            "0000-01-01T00:00:00+23:59",
            "0000-01-01T00:00:00+00:01",
            "10000-01-01T00:00:00Z",
            "-001-01-01T00:00:00Z",
            "2026-11-22",
            "",
        ] {
            assert_eq!(Timestamp::parse(text), Err(InvalidTimestamp), "{text}");
        }
    }

    #[test]
    fn the_first_and_the_last_moment_can_be_read_and_written() {
        for (text, moment) in [
            ("0000-01-01T00:00:00Z", Timestamp::MIN),
            ("9999-12-31T23:59:59.999999Z", Timestamp::MAX),
        ] {
            assert_eq!(Timestamp::parse(text), Ok(moment));
            assert_eq!(moment.to_string(), text);
            assert_eq!(Timestamp::from_unix_micros(moment.unix_micros()), Some(moment));
        }
        assert_eq!(
            Timestamp::from_unix_micros(Timestamp::MAX.unix_micros() + 1),
            None
        );
        assert_eq!(
            Timestamp::from_unix_micros(Timestamp::MIN.unix_micros() - 1),
            None
        );
    }

    fn is_sound(moment: Timestamp) -> bool {
        Timestamp::parse(&moment.to_string()) == Ok(moment)
            && Timestamp::from_unix_micros(moment.unix_micros()) == Some(moment)
    }

    proptest! {
        #[test]
        fn no_text_of_a_time_breaks_what_is_reckoned_with_it(
            (year, month, day) in (prop_oneof![Just(0), Just(1), Just(9_998), Just(9_999), 0..=9_999], 1..=12, 1..=31),
            (hour, minute, second) in (0..=23, 0..=59, 0..=60),
            (sign, ahead, past) in (prop_oneof!["\\+", "-"], 0..=23, 0..=59),
            fraction in "(\\.[0-9]{1,12})?",
            (seconds, nanoseconds) in (any::<u64>(), 0..1_000_000_000_u32),
        ) {
            let text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{sign}{ahead:02}:{past:02}"
            );
            if let Ok(moment) = Timestamp::parse(&text) {
                let length = Duration::new(seconds, nanoseconds);
                for reckoned in [
                    moment,
                    moment + length,
                    moment - length,
                    moment + length / u32::MAX,
                    moment - length / u32::MAX,
                    moment.month_start(),
                    moment.next_month_start(),
                ] {
                    prop_assert!(is_sound(reckoned), "{text} ± {length:?}: {reckoned:?}");
                }
                prop_assert!(moment.month_start() <= moment && moment <= moment.next_month_start());
                prop_assert!(moment - length <= moment && moment <= moment + length);
            }
        }

        #[test]
        fn every_moment_of_the_time_crate_becomes_one_of_ours(
            seconds in -377_705_116_800_i64..=253_402_300_799,
            nanoseconds in 0..1_000_000_000_u32,
            offset in -86_399..=86_399_i32,
        ) {
            let utc = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            let utc = utc.replace_nanosecond(nanoseconds).unwrap();
            let elsewhere = utc.replace_offset(UtcOffset::from_whole_seconds(offset).unwrap());
            prop_assert!(is_sound(Timestamp::new(elsewhere)));
        }
    }
}
