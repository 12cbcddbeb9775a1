//! Places for connections. When they run short, connections make room that carry no request: of the address that has most of
//! them the one that has been idle longest, and where it has no idle one, that whose head has been awaited longest. A head that
//! has just begun to be awaited has a moment to come, so that newcomers do not replace each other. So nobody keeps others
//! out by holding on, and a proxy, which is one address, loses only what it does not use.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::http::failed_auth::subscriber;

/// Connections that may be on their way out while others come in; a small part of the files kept for the rest.
const LEAVING_AT_ONCE: usize = 64;

/// All places of a listener.
pub(super) struct Places {
    registry: Mutex<Registry>,
    changed: Notify,
}

/// The place of one connection. The head of its first request is awaited to begin with.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    told: Arc<Notify>,
}

#[derive(Default)]
struct Registry {
    max: usize,
    /// How long a head may be awaited before its connection is spare.
    grace: Duration,
    connections: HashMap<u64, Connection>,
    /// Those whose head has not been awaited for that long, by since when.
    coming: BTreeSet<(Instant, u64)>,
    by_address: HashMap<IpAddr, Spare>,
    /// The addresses that have spare connections, by how many.
    candidates: BTreeSet<(usize, IpAddr)>,
    told: usize,
    next: u64,
}

struct Connection {
    address: IpAddr,
    state: State,
    told: Arc<Notify>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Busy,
    /// Its head has been awaited since then.
    Coming(Instant),
    /// It carries no request, and makes room when its turn has come.
    Spare(Turn),
    /// To leave, unless it is needed before it has.
    Told,
}

/// Which leaves first: one that has been answered and is idle before one whose head is awaited, for that may still come; and
/// of each that which has been so for longest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    awaited: bool,
    /// In a count of its own.
    since: u64,
}

/// The spare connections of an address, by whose turn it is to leave.
type Spare = BTreeMap<Turn, u64>;

impl Places {
    /// `max` of them, where a head has `grace` to come before its connection makes room for another.
    pub(super) fn new(max: usize, grace: Duration) -> Arc<Self> {
        let registry = Registry {
            max,
            grace,
            ..Registry::default()
        };
        Arc::new(Self {
            registry: Mutex::new(registry),
            changed: Notify::new(),
        })
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more may come.
    pub(super) async fn vacancy(&self) {
        while !self.has_vacancy() {
            tokio::select! {
                () = self.changed.notified() => {}
                () = self.one_is_overdue() => {}
            }
        }
    }

    /// Ready when the head that has been awaited longest has had its time.
    async fn one_is_overdue(&self) {
        let due = self.registry().next_overdue();
        match due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Whether a place is free, or can be made free.
    pub(super) fn has_vacancy(&self) -> bool {
        let mut registry = self.registry();
        registry.make_room();
        let (connections, max) = (registry.connections.len(), registry.max);
        connections < max || connections < max + LEAVING_AT_ONCE && !registry.candidates.is_empty()
    }

    /// A place for a connection from `address`, for which another one has to leave where none is free. One that was spare
    /// when [`Self::has_vacancy`] was asked may be in use by now: then there is one more than there should be, until
    /// another is spare.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Place {
        let mut registry = self.registry();
        let told = Arc::new(Notify::new());
        let number = registry.add(subscriber(address), Arc::clone(&told));
        registry.make_room();
        drop(registry);
        Place {
            places: Arc::clone(self),
            number,
            told,
        }
    }
}

impl Place {
    /// A request is in flight: nobody takes the place away.
    pub(super) fn busy(&self) {
        let mut registry = self.places.registry();
        let was_told = registry.state(self.number) == Some(State::Told);
        registry.set(self.number, State::Busy);
        registry.make_room();
        drop(registry);
        if was_told {
            self.places.changed.notify_one();
        }
    }

    /// The head of a request has begun to come. One that was awaited from the start is so since then.
    pub(super) fn coming(&self) {
        let mut registry = self.places.registry();
        let before = registry.state(self.number);
        if let Some(State::Coming(_) | State::Spare(Turn { awaited: true, .. })) = before {
            return;
        }
        registry.set(self.number, State::Coming(Instant::now()));
        registry.make_room();
        drop(registry);
        self.places.changed.notify_one();
    }

    /// Waits for its next request from now on.
    pub(super) fn idle(&self) {
        let mut registry = self.places.registry();
        let turn = registry.turn(false);
        registry.set(self.number, State::Spare(turn));
        registry.make_room();
        drop(registry);
        self.places.changed.notify_one();
    }

    /// Ready when the connection has to leave to make room, which one that carries a request never has to.
    pub(super) async fn told_to_leave(&self) {
        loop {
            self.told.notified().await;
            if self.places.registry().state(self.number) == Some(State::Told) {
                return;
            }
        }
    }

    /// The connection has ended.
    pub(super) fn leave(&self) {
        self.places.registry().remove(self.number);
        self.places.changed.notify_one();
    }
}

impl Registry {
    fn state(&self, number: u64) -> Option<State> {
        self.connections.get(&number).map(|connection| connection.state)
    }

    fn add(&mut self, address: IpAddr, told: Arc<Notify>) -> u64 {
        self.next += 1;
        let (number, state) = (self.next, State::Coming(Instant::now()));
        let connection = Connection { address, state, told };
        self.connections.insert(number, connection);
        self.count(address, number, state);
        number
    }

    fn turn(&mut self, awaited: bool) -> Turn {
        self.next += 1;
        Turn {
            awaited,
            since: self.next,
        }
    }

    fn set(&mut self, number: u64, state: State) {
        let Some(connection) = self.connections.get_mut(&number) else {
            return;
        };
        let (address, before) = (connection.address, connection.state);
        connection.state = state;
        self.discount(address, number, before);
        self.count(address, number, state);
    }

    fn remove(&mut self, number: u64) {
        if let Some(connection) = self.connections.remove(&number) {
            self.discount(connection.address, number, connection.state);
        }
    }

    /// Tells as many to leave as there are too many, of those that are spare.
    fn make_room(&mut self) {
        self.give_up_overdue();
        while self.connections.len() - self.told > self.max
            && let Some(number) = self.first_to_leave()
        {
            self.set(number, State::Told);
            if let Some(connection) = self.connections.get(&number) {
                connection.told.notify_one();
            }
        }
    }

    /// Those whose head has been awaited for too long are spare from now on.
    fn give_up_overdue(&mut self) {
        let now = Instant::now();
        while self.next_overdue().is_some_and(|due| due <= now)
            && let Some((_, number)) = self.coming.first().copied()
        {
            let turn = self.turn(true);
            self.set(number, State::Spare(turn));
        }
    }

    fn next_overdue(&self) -> Option<Instant> {
        let (since, _) = self.coming.first()?;
        Some(*since + self.grace)
    }

    fn first_to_leave(&self) -> Option<u64> {
        let (_, address) = self.candidates.last()?;
        let (_, number) = self.by_address.get(address)?.first_key_value()?;
        Some(*number)
    }

    fn count(&mut self, address: IpAddr, number: u64, state: State) {
        match state {
            State::Busy => {}
            State::Coming(since) => {
                self.coming.insert((since, number));
            }
            State::Told => self.told += 1,
            State::Spare(turn) => self.change(address, |spare| spare.insert(turn, number)),
        }
    }

    fn discount(&mut self, address: IpAddr, number: u64, state: State) {
        match state {
            State::Busy => {}
            State::Coming(since) => {
                self.coming.remove(&(since, number));
            }
            State::Told => self.told -= 1,
            State::Spare(turn) => self.change(address, |spare| spare.remove(&turn)),
        }
    }

    fn change(&mut self, address: IpAddr, change: impl FnOnce(&mut Spare) -> Option<u64>) {
        let spare = self.by_address.entry(address).or_default();
        self.candidates.remove(&(spare.len(), address));
        change(spare);
        if spare.is_empty() {
            self.by_address.remove(&address);
        } else {
            self.candidates.insert((spare.len(), address));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::time::advance;

    const GRACE: Duration = Duration::from_millis(500);
    const PROXY: &str = "192.0.2.1";

    fn from(places: &Arc<Places>, address: &str) -> Place {
        places.take(address.parse().unwrap())
    }

    fn told(place: &Place) -> bool {
        place.told_to_leave().now_or_never().is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_most_connections_loses_the_one_that_is_idle_longest() {
        let places = Places::new(4, GRACE);
        let [first, second, third] = [PROXY; 3].map(|address| from(&places, address));
        let other = from(&places, "198.51.100.7");
        for used in [&second, &third, &first] {
            used.busy();
            used.idle();
        }
        assert!(places.has_vacancy());
        let _newcomer = from(&places, "203.0.113.9");
        assert_eq!(
            [&first, &second, &third, &other].map(told),
            [false, true, false, false]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_is_awaited_makes_room_after_idle_connections_of_the_same_address() {
        let places = Places::new(4, GRACE);
        let [first, second, third] = [PROXY; 3].map(|address| from(&places, address));
        let other = from(&places, "198.51.100.7");
        third.busy();
        third.idle();
        second.coming();
        advance(GRACE).await;
        for told_then in [[false, false, true, false], [true, false, false, false]] {
            assert!(places.has_vacancy());
            let newcomer = from(&places, "203.0.113.9");
            newcomer.busy();
            assert_eq!([&first, &second, &third, &other].map(told), told_then);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn newcomers_do_not_replace_each_other_before_their_heads_had_time_to_come() {
        let places = Places::new(3, GRACE);
        let [silent, asking] = [PROXY; 2].map(|address| from(&places, address));
        advance(GRACE / 2).await;
        let idle = from(&places, PROXY);
        idle.busy();
        assert!(!places.has_vacancy());
        idle.idle();
        assert!(places.has_vacancy(), "one is idle");
        let newcomer = from(&places, PROXY);
        assert!(told(&idle));
        idle.leave();
        asking.coming();
        newcomer.busy();
        let began = Instant::now();
        places.vacancy().await;
        assert_eq!(began.elapsed().as_millis(), (GRACE / 2).as_millis());
        asking.busy();
        let _next = from(&places, PROXY);
        assert_eq!([&silent, &asking, &newcomer].map(told), [true, false, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_whose_head_has_come_after_all_is_kept() {
        let places = Places::new(1, GRACE);
        let first = from(&places, PROXY);
        first.coming();
        advance(GRACE).await;
        let _second = from(&places, PROXY);
        first.busy();
        assert!(!told(&first));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_in_flight_do_not_make_an_address_lose_what_is_coming_before_others_lose_what_is_idle() {
        let places = Places::new(6, GRACE);
        let in_flight = [PROXY; 3].map(|address| from(&places, address));
        in_flight.iter().for_each(Place::busy);
        let coming = from(&places, PROXY);
        coming.coming();
        let idle = ["198.51.100.7"; 2].map(|address| from(&places, address));
        advance(GRACE).await;
        let _newcomer = from(&places, "203.0.113.9");
        assert!(told(&idle[0]) && !told(&idle[1]) && !told(&coming));
    }

    #[tokio::test(start_paused = true)]
    async fn one_subscriber_of_ipv6_is_one_address() {
        let places = Places::new(3, GRACE);
        let one = from(&places, "2001:db8:0:1::1");
        let two = from(&places, "2001:db8:0:1:ffff::2");
        let other = from(&places, "2001:db8:0:2::1");
        advance(GRACE).await;
        let _newcomer = from(&places, "203.0.113.9");
        assert_eq!([&one, &two, &other].map(told), [true, false, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_connection_keeps_its_place_and_the_next_one_waits() {
        let places = Places::new(2, GRACE);
        let [first, second] = [PROXY; 2].map(|address| from(&places, address));
        first.busy();
        second.busy();
        assert!(!places.has_vacancy());
        second.leave();
        assert!(places.has_vacancy());
        second.busy();
        assert!(places.has_vacancy(), "what has left does not count");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_needed_after_all_stays_and_another_leaves() {
        let places = Places::new(2, GRACE);
        let [first, second] = [PROXY; 2].map(|address| from(&places, address));
        advance(GRACE).await;
        let third = from(&places, PROXY);
        first.busy();
        assert_eq!([&first, &second, &third].map(told), [false, true, false]);
        // Nobody is left to make room: there is one too many, and that is as far as it goes.
        second.busy();
        assert!(!places.has_vacancy());
        first.idle();
        assert!(told(&first));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_a_few_are_on_their_way_out_at_once() {
        let places = Places::new(200, GRACE);
        let fill = || {
            (0..400)
                .take_while(|_| places.has_vacancy())
                .map(|_| from(&places, PROXY))
                .collect()
        };
        let mut all: Vec<Place> = fill();
        advance(GRACE).await;
        all.append(&mut fill());
        assert_eq!(all.len(), 200 + LEAVING_AT_ONCE);
        assert!(told(&all[0]));
        all[0].leave();
        assert!(places.has_vacancy());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_stays_of_those_who_left() {
        let places = Places::new(2, GRACE);
        let all: Vec<Place> = (0..10)
            .map(|last| from(&places, &format!("192.0.2.{last}")))
            .collect();
        all.iter().for_each(Place::leave);
        let registry = places.registry();
        assert!(registry.connections.is_empty() && registry.by_address.is_empty());
        assert!(registry.candidates.is_empty() && registry.coming.is_empty());
        assert_eq!(registry.told, 0);
    }
}
