//! What a connection is doing, and until when it may: sending a head, waiting for its next request, or taking an answer.
//! hyper's own time limit for heads also runs while a connection waits, so it cannot tell ten seconds from sixty, and for
//! answers that are not taken it has none.

use std::collections::BTreeSet;
use std::iter;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::time::{Instant, Sleep};

use super::Limits;
use super::frames::Frames;
use super::places::Place;

/// Seen by the socket, which tells when bytes come and go; by the service and the bodies of its answers, which tell when
/// requests begin and end; and by the task that drives them and ends the connection.
pub(super) struct Activity {
    place: Place,
    /// A second one, among those that speak HTTP/2.
    multiplexed_place: OnceLock<Place>,
    state: Mutex<State>,
}

/// Why a connection has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expired {
    /// It waited too long for its next request.
    Idle,
    /// The head of a request did not come to its end.
    Head,
    /// Nothing was taken of what we have to say.
    Stalled,
}

struct State {
    limits: Limits,
    in_flight: u32,
    /// Whether there has been a request at all.
    carried: bool,
    idle_since: Instant,
    head_since: Option<Instant>,
    blocked_since: Option<Instant>,
    /// Whether all that the last request of HTTP/1 consists of has been read.
    body_read: bool,
    answer: Answer,
    /// Of HTTP/2.
    frames: Option<Frames>,
    /// Parts of answers in HTTP/2 that wait until the peer has room for them, and since when.
    waiting: BTreeSet<(Instant, u64)>,
    next_answer: u64,
    waker: Option<Waker>,
}

/// How far the answer of an exchange of HTTP/1 has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// There is no request that has not been answered.
    None,
    Due,
    /// hyper has all of it, and may have it still.
    Given,
    /// All of it has been written, and so has all else.
    Written,
}

impl Activity {
    /// Of a connection that has just been accepted.
    pub(super) fn new(limits: Limits, place: Place) -> Self {
        let state = State {
            limits,
            in_flight: 0,
            carried: false,
            idle_since: Instant::now(),
            head_since: None,
            blocked_since: None,
            body_read: false,
            answer: Answer::None,
            frames: None,
            waiting: BTreeSet::new(),
            next_answer: 0,
            waker: None,
        };
        Self {
            place,
            multiplexed_place: OnceLock::new(),
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first bytes of a request have come.
    pub(super) fn head_begins(&self) {
        let mut state = self.state();
        state.head_since = Some(Instant::now());
        state.answer = Answer::None;
        self.has_one_coming();
    }

    /// The connection speaks HTTP/2, and has a request coming.
    pub(super) fn is_multiplexed(&self, place: Place) {
        place.coming();
        // It is called once.
        let _ = self.multiplexed_place.set(place);
        self.state().frames = Some(Frames::default());
    }

    /// No request is in flight, nor coming.
    pub(super) fn is_at_rest(&self) {
        self.places().for_each(Place::idle);
    }

    /// The head of a request is coming, and none is in flight.
    fn has_one_coming(&self) {
        self.places().for_each(Place::coming);
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        iter::once(&self.place).chain(self.multiplexed_place.get())
    }

    /// Ready when the connection has to make room for another.
    pub(super) async fn told_to_leave(&self) {
        match self.multiplexed_place.get() {
            None => self.place.told_to_leave().await,
            Some(multiplexed) => tokio::select! {
                () = self.place.told_to_leave() => {}
                () = multiplexed.told_to_leave() => {}
            },
        }
    }

    /// The connection has ended.
    pub(super) fn leave(&self) {
        self.places().for_each(Place::leave);
    }

    /// The peer has been told to go, and is not waited for as long as others.
    pub(super) fn idles_at_most(&self, timeout: std::time::Duration) {
        self.state().limits.idle_timeout = timeout;
    }

    /// A request has come whole as far as its head goes. It is in flight until the guard is dropped, which is when the
    /// last of its answer has been taken.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        let mut state = self.state();
        state.in_flight += 1;
        state.carried = true;
        let next_came = state.frames.as_ref().is_some_and(Frames::is_incomplete);
        state.head_since = next_came.then(Instant::now);
        state.body_read = false;
        state.answer = Answer::Due;
        state.next_answer += 1;
        let number = state.next_answer;
        self.places().for_each(Place::busy);
        drop(state);
        InFlight {
            activity: Arc::clone(self),
            number,
            waiting_since: None,
        }
    }

    pub(super) fn has_carried_a_request(&self) -> bool {
        self.state().carried
    }

    /// Whether no request is in flight, nor coming.
    pub(super) fn is_idle(&self) -> bool {
        self.state().is_idle()
    }

    /// The body of a request of HTTP/1 has come to its end.
    pub(super) fn body_was_read(&self) {
        self.state().body_read = true;
    }

    /// Whether there is more of the request of HTTP/1 than has been read.
    pub(super) fn has_body_left(&self) -> bool {
        !self.state().body_read
    }

    /// Bytes have come. In HTTP/1 they are the beginning of a head when no request is in flight; in HTTP/2 they may be
    /// anything.
    pub(super) fn bytes_came(&self, bytes: &[u8]) {
        let mut state = self.state();
        let was_idle = state.is_idle();
        match state.frames.as_mut() {
            None if was_idle => state.head_since = Some(Instant::now()),
            None => {}
            Some(frames) => {
                frames.observe(bytes);
                let owes = frames.is_incomplete();
                // Until its first request, everything the peer says is on the way to one.
                if owes && state.head_since.is_none() {
                    state.head_since = Some(Instant::now());
                } else if !owes && state.carried {
                    state.head_since = None;
                }
            }
        }
        match (was_idle, state.is_idle()) {
            (true, false) => self.has_one_coming(),
            (false, true) => self.is_at_rest(),
            _ => {}
        }
    }

    /// The peer takes nothing for now.
    pub(super) fn write_is_blocked(&self) {
        let mut state = self.state();
        state.blocked_since.get_or_insert_with(Instant::now);
    }

    /// The peer has taken something.
    pub(super) fn wrote(&self) {
        let mut state = self.state();
        state.blocked_since = None;
    }

    /// All that there was to write has been written.
    pub(super) fn flushed(&self) {
        let mut state = self.state();
        state.blocked_since = None;
        if state.answer == Answer::Given {
            state.answer = Answer::Written;
        }
    }

    /// Whether what hyper writes now, in HTTP/1, answers no request that it has given to the service.
    pub(super) fn owes_no_answer(&self) -> bool {
        let state = self.state();
        state.frames.is_none() && matches!(state.answer, Answer::None | Answer::Written)
    }

    /// Whether an exchange of HTTP/1 is over on both sides: its request read to the end, its answer written to the end.
    pub(super) fn is_settled(&self) -> bool {
        let state = self.state();
        state.answer == Answer::Written && state.body_read && state.in_flight == 0
    }

    /// Whether the peer takes nothing, and has not for too long.
    pub(super) fn is_stalled(&self) -> bool {
        let deadline = self.state().deadline();
        deadline.is_some_and(|(at, why)| why == Expired::Stalled && at <= Instant::now())
    }

    /// Ready when the connection's time is up. What makes the deadline earlier wakes the task that polls this.
    pub(super) fn poll_expired(&self, mut sleep: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Expired> {
        loop {
            let mut state = self.state();
            if !state
                .waker
                .as_ref()
                .is_some_and(|waker| waker.will_wake(cx.waker()))
            {
                state.waker = Some(cx.waker().clone());
            }
            let Some((deadline, why)) = state.deadline() else {
                return Poll::Pending;
            };
            drop(state);
            if deadline <= Instant::now() {
                return Poll::Ready(why);
            }
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            ready!(sleep.as_mut().poll(cx));
        }
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.head_since.is_none()
    }

    /// When the connection's time is up, and why; `None` while only requests are in flight, which have a time limit of
    /// their own.
    fn deadline(&self) -> Option<(Instant, Expired)> {
        let limits = &self.limits;
        let waiting = self.waiting.first().map(|(since, _)| *since);
        let stalled = [self.blocked_since, waiting].into_iter().flatten().min();
        let idle = self.is_idle().then_some(self.idle_since);
        let deadlines = [
            stalled.map(|since| (since + limits.stall_timeout, Expired::Stalled)),
            self.head_since
                .map(|since| (since + limits.head_timeout, Expired::Head)),
            idle.map(|since| (since + limits.idle_timeout, Expired::Idle)),
        ];
        deadlines.into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A request in flight.
pub(super) struct InFlight {
    activity: Arc<Activity>,
    number: u64,
    waiting_since: Option<Instant>,
}

impl InFlight {
    /// A part of the answer has been handed over that goes only when the peer has room for it.
    pub(super) fn part_waits(&mut self) {
        let now = Instant::now();
        self.waiting_since = Some(now);
        let mut state = self.activity.state();
        let first = state.waiting.is_empty();
        state.waiting.insert((now, self.number));
        if first {
            state.wake();
        }
    }

    /// There was room for it.
    pub(super) fn part_went(&mut self) {
        if let Some(since) = self.waiting_since.take() {
            self.activity.state().waiting.remove(&(since, self.number));
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.part_went();
        let mut state = self.activity.state();
        state.in_flight -= 1;
        state.answer = Answer::Given;
        if state.in_flight == 0 {
            state.idle_since = Instant::now();
            state.wake();
        }
        if state.is_idle() {
            self.activity.is_at_rest();
        } else if state.in_flight == 0 {
            self.activity.has_one_coming();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::server::places::Places;
    use std::net::Ipv4Addr;
    use std::pin::pin;
    use std::time::Duration;
    use tokio::time::{advance, sleep};

    fn activity() -> Arc<Activity> {
        let place = Places::new(1, Duration::ZERO).take(Ipv4Addr::LOCALHOST.into());
        Arc::new(Activity::new(Limits::default(), place))
    }

    fn multiplexed() -> Arc<Activity> {
        let activity = activity();
        activity.head_begins();
        activity.is_multiplexed(Places::new(1, Duration::ZERO).take(Ipv4Addr::LOCALHOST.into()));
        activity
    }

    fn seconds_left(activity: &Activity) -> Option<(u64, Expired)> {
        let deadline = activity.state().deadline();
        deadline.map(|(at, why)| ((at - Instant::now()).as_secs(), why))
    }

    async fn seconds(count: u64) {
        advance(Duration::from_secs(count)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_ten_seconds_and_idleness_sixty() {
        let activity = activity();
        activity.head_begins();
        seconds(4).await;
        activity.bytes_came(b"GET");
        let left = Some((6, Expired::Head));
        assert_eq!(seconds_left(&activity), left, "more bytes give no more time");

        let first = activity.begin();
        assert_eq!(seconds_left(&activity), None);
        activity.bytes_came(b"{");
        drop(first);
        assert_eq!(seconds_left(&activity), Some((60, Expired::Idle)));
        activity.bytes_came(b"GET");
        assert_eq!(seconds_left(&activity), Some((10, Expired::Head)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_multiplexed_connection_is_idle_when_its_last_request_has_ended() {
        let activity = multiplexed();
        let (one, two) = (activity.begin(), activity.begin());
        drop(one);
        assert_eq!(seconds_left(&activity), None);
        drop(two);
        let ping = [0, 0, 0, 6, 0, 0, 0, 0, 0];
        activity.bytes_came(&ping);
        assert_eq!(seconds_left(&activity), Some((60, Expired::Idle)));
        assert!(activity.is_idle());
        activity.bytes_came(&ping[..5]);
        assert_eq!(seconds_left(&activity), Some((10, Expired::Head)));
        assert!(!activity.is_idle());
        activity.bytes_came(&ping[5..]);
        assert_eq!(seconds_left(&activity), Some((60, Expired::Idle)));
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_is_taken_of_an_answer_gives_it_ten_seconds_more() {
        let activity = multiplexed();
        let (mut slow, mut stuck) = (activity.begin(), activity.begin());
        slow.part_waits();
        stuck.part_waits();
        seconds(6).await;
        slow.part_went();
        slow.part_waits();
        assert_eq!(seconds_left(&activity), Some((4, Expired::Stalled)));
        drop(stuck);
        assert_eq!(seconds_left(&activity), Some((10, Expired::Stalled)));
        slow.part_went();
        assert_eq!(seconds_left(&activity), None);

        activity.write_is_blocked();
        seconds(6).await;
        activity.write_is_blocked();
        assert_eq!(seconds_left(&activity), Some((4, Expired::Stalled)));
        activity.wrote();
        assert_eq!(seconds_left(&activity), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_waits_wakes_the_task_that_watches_the_time() {
        let activity = multiplexed();
        let mut in_flight = activity.begin();
        let watching = Arc::clone(&activity);
        let began = Instant::now();
        let watcher = tokio::spawn(async move {
            let mut alarm = pin!(sleep(Duration::ZERO));
            std::future::poll_fn(|cx| watching.poll_expired(alarm.as_mut(), cx)).await
        });
        sleep(Duration::from_secs(3)).await;
        in_flight.part_waits();
        assert_eq!(watcher.await.unwrap(), Expired::Stalled);
        assert_eq!(began.elapsed().as_secs(), 13);
    }

    #[tokio::test]
    async fn an_exchange_is_settled_when_all_is_read_and_all_is_written() {
        let activity = activity();
        assert!(activity.owes_no_answer());
        for read in [true, false] {
            let request = activity.begin();
            activity.flushed();
            if read {
                activity.body_was_read();
            }
            assert!(!activity.owes_no_answer() && !activity.is_settled());
            drop(request);
            assert!(!activity.owes_no_answer() && !activity.is_settled());
            activity.flushed();
            assert!(activity.owes_no_answer());
            assert_eq!(activity.is_settled(), read);
        }
    }
}
