//! The one time of all replicas. Whatever acts asks here for the time, and gets none while this machine's clock is off or was
//! just set, so that no action can forget to ask: services hold no other clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::domain::time::{Clock, ClockIsOff, ClockReading, MAX_CLOCK_SKEW, Timestamp};
use crate::store::{ClockSample, SharedStore, StoreError};

/// How often the database is asked while the clocks agree: often enough to see one that runs too fast or too slow.
const INTERVAL: Duration = Duration::from_secs(5);

/// How often it is asked while they do not.
const INTERVAL_WHILE_OFF: Duration = Duration::from_millis(500);

/// How long nothing acts after the clock was set, where there is no other clock to ask.
const PAUSE: Duration = Duration::from_secs(5);

/// [`MAX_CLOCK_SKEW`] in microseconds.
const MAX_SKEW: i64 = MAX_CLOCK_SKEW.as_secs().cast_signed() * 1_000_000;

/// A clock that is compared with the database's every few seconds, and with the monotonic clock whenever it is read.
pub struct GuardedClock {
    clock: Arc<dyn Clock>,
    /// What is watched. In a test whose `clock` is a fake one it is still the machine's, so that moving the fake one does not
    /// count as setting the clock.
    machine: Arc<dyn Clock>,
    /// `None` until the database has answered once.
    state: Mutex<Option<State>>,
    /// Told when a jump is noticed.
    jumped: Notify,
}

struct State {
    /// What was found when the clock was last compared; where there is no other clock, when it was last taken for right.
    compared: Comparison,
    /// When the clocks were found to disagree, or the clock to be set. Only an answer to a question asked later can say that they
    /// agree again.
    off: Option<ClockReading>,
}

struct Comparison {
    reading: ClockReading,
    /// Microseconds that this machine's clock was ahead of the database's.
    ahead: i64,
    /// Half the round trip: the error of `ahead`.
    within: i64,
}

impl Comparison {
    fn of(sample: &ClockSample) -> Self {
        let round_trip = sample.answered.monotonic - sample.asked.monotonic;
        let within = i64::try_from(round_trip.as_micros() / 2).unwrap_or(i64::MAX);
        let asked_at = sample.asked.wall.unix_micros();
        Self {
            reading: sample.asked,
            ahead: asked_at
                .saturating_add(within)
                .saturating_sub(sample.there.unix_micros()),
            within,
        }
    }

    /// How far the clock of `reading` is ahead, if the database's has kept pace with the monotonic clock since.
    fn ahead_at(&self, reading: &ClockReading) -> i64 {
        self.ahead.saturating_add(reading.set_ahead_since(&self.reading))
    }

    /// Whether the clock is certainly off at `reading`.
    fn is_off_at(&self, reading: &ClockReading) -> bool {
        let surely = (self.ahead_at(reading).saturating_abs()).saturating_sub(self.within);
        surely > MAX_SKEW || was_set(reading, &self.reading)
    }
}

fn was_set(now: &ClockReading, earlier: &ClockReading) -> bool {
    now.set_ahead_since(earlier).saturating_abs() > MAX_SKEW
}

impl GuardedClock {
    /// Guards `clock` by watching `machine`, usually the same. Nothing gets the time before the first [`Self::look`].
    pub fn new(clock: Arc<dyn Clock>, machine: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            machine,
            state: Mutex::default(),
            jumped: Notify::new(),
        }
    }

    /// The time for an action: sending, verifying, changing, claiming, removing.
    ///
    /// # Errors
    /// [`StoreError::Clock`] while this machine's clock is off, from the moment it is set on.
    pub fn now(&self) -> Result<Timestamp, StoreError> {
        // Read before it is checked, so that a clock that is set in between is noticed.
        let now = self.clock.now();
        self.check().map(|()| now).map_err(StoreError::Clock)
    }

    /// Whether anything may be judged by this clock now.
    ///
    /// # Errors
    /// [`ClockIsOff`] if not.
    pub fn check(&self) -> Result<(), ClockIsOff> {
        self.check_at(&mut self.state(), &ClockReading::of(&*self.machine))
    }

    /// The right time as far as it is known, however the clock stands: what the monotonic clock adds to the last agreement.
    /// For what is only shown, and for recording what has happened already; never for an action.
    #[must_use]
    pub fn estimate(&self) -> Timestamp {
        let now = self.clock.now();
        let reading = ClockReading::of(&*self.machine);
        let mut state = self.state();
        if self.check_at(&mut state, &reading).is_ok() {
            return now;
        }
        let ahead = state
            .as_ref()
            .map_or(0, |state| state.compared.ahead_at(&reading));
        Timestamp::from_unix_micros(now.unix_micros().saturating_sub(ahead)).unwrap_or(now)
    }

    /// Compares the clock with the database's. A database that does not answer says nothing of clocks.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look(&self, store: &SharedStore) -> Result<(), StoreError> {
        match store.probe(&*self.machine).await? {
            Some(sample) => self.compare(&sample),
            None => self.take_for_right(ClockReading::of(&*self.machine)),
        }
        Ok(())
    }

    /// Looks every few seconds, more often while the clock is off, until `stop`.
    pub async fn watch(self: Arc<Self>, store: SharedStore, stop: CancellationToken) {
        loop {
            let interval = match self.check() {
                Ok(()) => INTERVAL,
                Err(_) => INTERVAL_WHILE_OFF,
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.jumped.notified() => {}
                () = tokio::time::sleep(interval) => {}
            }
            if let Err(error) = self.look(&store).await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "the database could not be asked for its time"
                );
            }
        }
    }

    fn check_at(&self, state: &mut Option<State>, reading: &ClockReading) -> Result<(), ClockIsOff> {
        let Some(State {
            compared,
            off: off @ None,
        }) = state
        else {
            return Err(ClockIsOff);
        };
        if !compared.is_off_at(reading) {
            return Ok(());
        }
        *off = Some(*reading);
        tracing::error!("this machine's clock was set; nothing is done from here until it is confirmed");
        self.jumped.notify_one();
        Err(ClockIsOff)
    }

    fn compare(&self, sample: &ClockSample) {
        // A clock that was set between question and answer cannot be compared.
        if was_set(&sample.answered, &sample.asked) {
            let _ = self.check();
            return;
        }
        let found = Comparison::of(sample);
        let mut state = self.state();
        let asked_before = |known: &ClockReading| sample.asked.monotonic < known.monotonic;
        let off = state.as_ref().and_then(|known| known.off);
        if off.as_ref().is_some_and(asked_before)
            || state
                .as_ref()
                .is_some_and(|known| asked_before(&known.compared.reading))
        {
            return;
        }
        let (is_off, was_off) = (found.is_off_at(&found.reading), off.is_some());
        if is_off && !was_off {
            tracing::error!(
                ahead_ms = found.ahead / 1_000,
                within_ms = found.within / 1_000,
                "this machine's clock and the database's disagree; nothing is done from here until they agree"
            );
        } else if was_off && !is_off {
            tracing::info!("the clocks agree again");
        }
        *state = Some(State {
            off: is_off.then_some(found.reading),
            compared: found,
        });
    }

    /// Where there is no other clock: this one is right, unless it was set a moment ago.
    fn take_for_right(&self, reading: ClockReading) {
        let mut state = self.state();
        match state.as_mut().map(|known| &mut known.off) {
            None => {}
            Some(None) => {
                let _ = self.check_at(&mut state, &reading);
                return;
            }
            Some(Some(noticed)) if was_set(&reading, noticed) => {
                *noticed = reading;
                return;
            }
            Some(Some(noticed)) if reading.monotonic - noticed.monotonic < PAUSE => return,
            Some(Some(_)) => {
                tracing::info!("{PAUSE:?} after the clock was set, the new time is taken for right");
            }
        }
        *state = Some(State {
            compared: Comparison {
                reading,
                ahead: 0,
                within: 0,
            },
            off: None,
        });
    }

    fn state(&self) -> MutexGuard<'_, Option<State>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: i64 = 3_600_000;

    /// Clocks of a machine and of a database that keep pace with tokio's, and are set by a test, in milliseconds.
    struct Clocks {
        began: ClockReading,
        machine: AtomicI64,
        database: AtomicI64,
    }

    impl Clocks {
        fn at(&self, set_ahead: &AtomicI64) -> Timestamp {
            let passed = i64::try_from(self.began.monotonic.elapsed().as_micros()).unwrap();
            let micros = self.began.wall.unix_micros() + passed + set_ahead.load(Ordering::Relaxed) * 1_000;
            Timestamp::from_unix_micros(micros).unwrap()
        }

        fn true_time(&self) -> Timestamp {
            self.at(&self.database)
        }

        fn set(&self, ahead_ms: i64) {
            self.machine.store(ahead_ms, Ordering::Relaxed);
        }
    }

    impl Clock for Clocks {
        fn now(&self) -> Timestamp {
            self.at(&self.machine)
        }
    }

    fn guarded() -> (Arc<Clocks>, GuardedClock) {
        let clocks = Arc::new(Clocks {
            began: ClockReading {
                wall: Timestamp::from_unix_micros(1_800_000_000_000_000).unwrap(),
                monotonic: tokio::time::Instant::now(),
            },
            machine: AtomicI64::new(0),
            database: AtomicI64::new(0),
        });
        let guarded = GuardedClock::new(clocks.clone(), clocks.clone());
        (clocks, guarded)
    }

    /// Asks the database, whose answer is made after `there` and here after `back` more.
    async fn ask(clocks: &Clocks, guarded: &GuardedClock, there: Duration, back: Duration) {
        let sample = question(clocks, there, back).await;
        guarded.compare(&sample);
    }

    async fn question(clocks: &Clocks, there: Duration, back: Duration) -> ClockSample {
        let asked = ClockReading::of(clocks);
        tokio::time::advance(there).await;
        let answer = clocks.true_time();
        tokio::time::advance(back).await;
        ClockSample {
            asked,
            answered: ClockReading::of(clocks),
            there: answer,
        }
    }

    async fn ask_at_once(clocks: &Clocks, guarded: &GuardedClock) {
        ask(
            clocks,
            guarded,
            Duration::from_millis(1),
            Duration::from_millis(1),
        )
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_acts_before_the_database_has_told_its_time() {
        let (clocks, guarded) = guarded();
        assert!(matches!(guarded.now(), Err(StoreError::Clock(_))));
        ask_at_once(&clocks, &guarded).await;
        assert_eq!(guarded.now().unwrap(), clocks.true_time());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_more_than_two_seconds_off_acts_on_nothing_until_it_agrees_again() {
        for (ahead_ms, agrees) in [
            (1_990, true),
            (-1_990, true),
            (2_010, false),
            (-2_010, false),
            (HOUR, false),
        ] {
            let (clocks, guarded) = guarded();
            clocks.set(ahead_ms);
            ask_at_once(&clocks, &guarded).await;
            assert_eq!(guarded.now().is_ok(), agrees, "{ahead_ms}");
            clocks.set(0);
            ask_at_once(&clocks, &guarded).await;
            assert!(guarded.now().is_ok(), "{ahead_ms}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_took_long_is_not_a_wrong_clock() {
        for (there, back) in [
            (9 * SECOND, SECOND),
            (SECOND, 9 * SECOND),
            (5 * SECOND, 5 * SECOND),
        ] {
            let (clocks, guarded) = guarded();
            ask(&clocks, &guarded, there, back).await;
            assert!(guarded.now().is_ok(), "{there:?} {back:?}");
            clocks.set(HOUR);
            ask(&clocks, &guarded, there, back).await;
            assert!(guarded.now().is_err(), "{there:?} {back:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_is_noticed_when_it_is_next_read() {
        for ahead_ms in [HOUR, -HOUR, 2_100, -2_100] {
            let (clocks, guarded) = guarded();
            ask_at_once(&clocks, &guarded).await;
            tokio::time::advance(3 * SECOND).await;
            assert!(guarded.now().is_ok());
            clocks.set(ahead_ms);
            assert!(guarded.now().is_err(), "{ahead_ms}");
            // Setting it back does not make it right: nobody has said so.
            clocks.set(0);
            assert!(guarded.now().is_err(), "{ahead_ms}");
            ask_at_once(&clocks, &guarded).await;
            assert!(guarded.now().is_ok(), "{ahead_ms}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_jump_counts_together_with_what_the_clock_was_off_before() {
        let (clocks, guarded) = guarded();
        clocks.set(1_500);
        ask_at_once(&clocks, &guarded).await;
        clocks.set(1_900);
        assert!(guarded.now().is_ok());
        clocks.set(2_100);
        assert!(guarded.now().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_runs_too_fast_is_found_by_asking() {
        let (clocks, guarded) = guarded();
        ask_at_once(&clocks, &guarded).await;
        // The monotonic clock runs as fast, so only the database knows.
        clocks.database.store(-2_500, Ordering::Relaxed);
        assert!(guarded.now().is_ok());
        ask_at_once(&clocks, &guarded).await;
        assert!(guarded.now().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_from_before_the_clock_was_set_says_nothing_of_it() {
        let (clocks, guarded) = guarded();
        ask_at_once(&clocks, &guarded).await;
        let before = question(&clocks, SECOND, SECOND).await;
        clocks.set(-HOUR);
        assert!(guarded.now().is_err());
        guarded.compare(&before);
        assert!(guarded.now().is_err());
        // Nor does one to a question that was asked before and answered after.
        let asked = ClockReading::of(&*clocks);
        tokio::time::advance(SECOND).await;
        clocks.set(0);
        let sample = ClockSample {
            asked,
            answered: ClockReading::of(&*clocks),
            there: clocks.true_time(),
        };
        guarded.compare(&sample);
        assert!(guarded.now().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_happened_is_dated_rightly_by_a_clock_that_is_off() {
        let (clocks, guarded) = guarded();
        ask_at_once(&clocks, &guarded).await;
        for ahead_ms in [HOUR, -HOUR] {
            clocks.set(ahead_ms);
            assert_eq!(guarded.estimate(), clocks.true_time());
            tokio::time::advance(7 * SECOND).await;
            assert_eq!(guarded.estimate(), clocks.true_time());
            ask_at_once(&clocks, &guarded).await;
            assert!(guarded.now().is_err());
            assert_eq!(guarded.estimate(), clocks.true_time());
        }
        assert_eq!(guarded.estimate(), clocks.true_time());
    }

    #[tokio::test(start_paused = true)]
    async fn without_another_clock_nothing_acts_for_five_seconds_and_then_the_new_time_holds() {
        let (clocks, guarded) = guarded();
        let look = || guarded.take_for_right(ClockReading::of(&*clocks));
        look();
        assert!(guarded.now().is_ok());
        clocks.set(-HOUR);
        assert!(guarded.now().is_err());
        let noticed = clocks.true_time();
        assert_eq!(guarded.estimate(), noticed);
        tokio::time::advance(4_900 * SECOND / 1_000).await;
        look();
        assert!(guarded.now().is_err());
        tokio::time::advance(SECOND / 10).await;
        look();
        assert_eq!(guarded.now().unwrap(), clocks.now());
    }

    #[tokio::test(start_paused = true)]
    async fn without_another_clock_each_jump_begins_the_pause_anew() {
        let (clocks, guarded) = guarded();
        let look = || guarded.take_for_right(ClockReading::of(&*clocks));
        look();
        for ahead_ms in [HOUR, 2 * HOUR, 0] {
            clocks.set(ahead_ms);
            look();
            tokio::time::advance(3 * SECOND).await;
            look();
            assert!(guarded.now().is_err(), "{ahead_ms}");
        }
        tokio::time::advance(2 * SECOND).await;
        look();
        assert!(guarded.now().is_ok());
    }
}
