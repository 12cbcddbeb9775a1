//! The one clock of the service. Everything that asks for the time of day is handed a [`Clock`], so that
//! a fake one rules a whole test; timeouts use tokio's monotonic clock and never this one.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;

/// How far a process' clock may be off from the database's. One beyond it is not ready, and acts on nothing.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(2);

/// Nothing may be judged by this process' clock now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock of this machine is more than {MAX_CLOCK_SKEW:?} off, or was set and is not confirmed yet")]
pub struct ClockIsOff;

/// A moment in UTC with microseconds, the finest step both databases keep.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Truncates to microseconds, so that what is read back from a database equals what was written.
    #[must_use]
    pub fn new(moment: OffsetDateTime) -> Self {
        let utc = moment.to_offset(time::UtcOffset::UTC);
        Self(utc.replace_nanosecond(utc.microsecond() * 1_000).unwrap_or(utc))
    }

    /// From microseconds since 1970-01-01T00:00:00Z; `None` beyond the years that RFC 3339 can write.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
            .ok()
            .map(Self)
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
        Self(self.month_start().0 + time::Duration::days(31)).month_start()
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, length: Duration) -> Self {
        Self(self.0 + length)
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, length: Duration) -> Self {
        Self(self.0 - length)
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
    use super::*;
    use time::macros::datetime;

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
}
