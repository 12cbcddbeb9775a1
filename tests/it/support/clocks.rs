//! Clocks that only a test moves.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use otpost::domain::time::{Clock, SystemClock, Timestamp};

/// A clock that stands until it is moved. It starts at the machine's time, so that it agrees with a database server's.
pub struct FakeClock(Mutex<Timestamp>);

impl FakeClock {
    /// Moves on.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = *now + by;
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self(Mutex::new(SystemClock.now()))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The clock of a machine whose hands somebody turns: it goes on as the real one does, so many seconds ahead of it.
#[derive(Default)]
pub struct MachineClock(AtomicI64);

impl MachineClock {
    /// Sets it, in seconds ahead of the real one; negative for behind.
    pub fn set_ahead(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    /// Sets it a minute further away from the real one. Where there is no other clock, a time that has stood for 5 s is taken
    /// for right, so that a test on a slow machine sets it again before each look.
    pub fn set_further(&self) {
        let ahead = self.0.load(Ordering::Relaxed);
        self.set_ahead(ahead + 60 * ahead.signum());
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        let ahead = self.0.load(Ordering::Relaxed) * 1_000_000;
        Timestamp::from_unix_micros(SystemClock.now().unix_micros() + ahead).unwrap()
    }
}
