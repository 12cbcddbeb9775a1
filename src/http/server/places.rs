//! Places for connections. When they run short, connections make room that carry no request: of the address that has most of
//! them the one that has been idle longest, and where it has no idle one, that whose head has been awaited longest. So nobody
//! keeps others out by holding on, and a proxy, which is one address, loses only what it does not use.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::http::failed_auth::subscriber;

/// Connections that may be on their way out while others come in; a small part of the files kept for the rest.
const LEAVING_AT_ONCE: usize = 64;

/// All places of a listener.
pub(super) struct Places {
    max: usize,
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
    connections: HashMap<u64, Connection>,
    by_address: HashMap<IpAddr, Spare>,
    /// The addresses that have connections without a request, by how many.
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
    /// It carries no request.
    Spare(Turn),
    /// To leave, unless it is needed before it has.
    Told,
}

/// Which leaves first: one that has been answered and is idle before one whose head is awaited, for that may be here already;
/// and of each that which has been so for longest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    awaited: bool,
    /// In a count of its own.
    since: u64,
}

/// The connections of an address that carry no request, by whose turn it is to leave.
type Spare = BTreeMap<Turn, u64>;

impl Places {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            registry: Mutex::default(),
            changed: Notify::new(),
        })
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more may come.
    pub(super) async fn vacancy(&self) {
        while !self.has_vacancy() {
            self.changed.notified().await;
        }
    }

    /// Whether a place is free, or can be made free.
    pub(super) fn has_vacancy(&self) -> bool {
        let registry = self.registry();
        registry.connections.len() < self.max
            || registry.told < LEAVING_AT_ONCE && !registry.candidates.is_empty()
    }

    /// A place for a connection from `address`, for which another one has to leave where none is free. One that was spare
    /// when [`Self::has_vacancy`] was asked may be in use by now: then there is one more than there should be, until
    /// the next has to wait.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Place {
        let mut registry = self.registry();
        let told = Arc::new(Notify::new());
        let number = registry.add(subscriber(address), Arc::clone(&told));
        if registry.connections.len() - registry.told > self.max {
            registry.tell_one();
        }
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
        drop(registry);
        if was_told {
            self.places.changed.notify_one();
        }
    }

    /// The head of a request has begun to come. One that was awaited from the start is so since then.
    pub(super) fn coming(&self) {
        self.spare(true);
    }

    /// Waits for its next request from now on.
    pub(super) fn idle(&self) {
        self.spare(false);
    }

    fn spare(&self, awaited: bool) {
        let mut registry = self.places.registry();
        if let Some(State::Spare(Turn { awaited: true, .. })) = registry.state(self.number)
            && awaited
        {
            return;
        }
        let turn = registry.turn(awaited);
        registry.set(self.number, State::Spare(turn));
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
        let turn = self.turn(true);
        let (number, state) = (turn.since, State::Spare(turn));
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
        self.discount(address, before);
        self.count(address, number, state);
    }

    fn remove(&mut self, number: u64) {
        if let Some(connection) = self.connections.remove(&number) {
            self.discount(connection.address, connection.state);
        }
    }

    /// Tells the one that is to make room.
    fn tell_one(&mut self) {
        let Some((_, address)) = self.candidates.last().copied() else {
            return;
        };
        let spare = self.by_address.get(&address);
        let first = spare.and_then(BTreeMap::first_key_value);
        let Some(number) = first.map(|(_, number)| *number) else {
            return;
        };
        self.set(number, State::Told);
        if let Some(connection) = self.connections.get(&number) {
            connection.told.notify_one();
        }
    }

    fn count(&mut self, address: IpAddr, number: u64, state: State) {
        match state {
            State::Busy => {}
            State::Told => self.told += 1,
            State::Spare(turn) => self.change(address, |spare| spare.insert(turn, number)),
        }
    }

    fn discount(&mut self, address: IpAddr, state: State) {
        match state {
            State::Busy => {}
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

    const PROXY: &str = "192.0.2.1";

    fn from(places: &Arc<Places>, address: &str) -> Place {
        places.take(address.parse().unwrap())
    }

    fn told(place: &Place) -> bool {
        place.told_to_leave().now_or_never().is_some()
    }

    #[test]
    fn whoever_has_most_connections_loses_the_one_that_is_idle_longest() {
        let places = Places::new(4);
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

    #[test]
    fn a_head_that_is_awaited_makes_room_after_idle_connections_of_the_same_address() {
        let places = Places::new(4);
        let [first, second, third] = [PROXY; 3].map(|address| from(&places, address));
        let other = from(&places, "198.51.100.7");
        third.busy();
        third.idle();
        second.coming();
        for told_then in [[false, false, true, false], [true, false, false, false]] {
            assert!(places.has_vacancy());
            let newcomer = from(&places, "203.0.113.9");
            newcomer.busy();
            assert_eq!([&first, &second, &third, &other].map(told), told_then);
        }
    }

    #[test]
    fn a_request_whose_head_has_come_after_all_is_kept() {
        let places = Places::new(1);
        let first = from(&places, PROXY);
        first.coming();
        let _second = from(&places, PROXY);
        first.busy();
        assert!(!told(&first));
    }

    #[test]
    fn requests_in_flight_do_not_make_an_address_lose_what_is_coming_before_others_lose_what_is_idle() {
        let places = Places::new(6);
        let in_flight = [PROXY; 3].map(|address| from(&places, address));
        in_flight.iter().for_each(Place::busy);
        let coming = from(&places, PROXY);
        coming.coming();
        let idle = ["198.51.100.7"; 2].map(|address| from(&places, address));
        let _newcomer = from(&places, "203.0.113.9");
        assert!(told(&idle[0]) && !told(&idle[1]) && !told(&coming));
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_address() {
        let places = Places::new(3);
        let one = from(&places, "2001:db8:0:1::1");
        let two = from(&places, "2001:db8:0:1:ffff::2");
        let other = from(&places, "2001:db8:0:2::1");
        let _newcomer = from(&places, "203.0.113.9");
        assert_eq!([&one, &two, &other].map(told), [true, false, false]);
    }

    #[test]
    fn a_busy_connection_keeps_its_place_and_the_next_one_waits() {
        let places = Places::new(2);
        let [first, second] = [PROXY; 2].map(|address| from(&places, address));
        first.busy();
        second.busy();
        assert!(!places.has_vacancy());
        second.leave();
        assert!(places.has_vacancy());
        second.busy();
        assert!(places.has_vacancy(), "what has left does not count");
    }

    #[test]
    fn one_that_is_needed_after_all_stays_and_another_leaves() {
        let places = Places::new(2);
        let [first, second] = [PROXY; 2].map(|address| from(&places, address));
        let third = from(&places, PROXY);
        first.busy();
        assert!(!told(&first));
        third.busy();
        let _fourth = from(&places, PROXY);
        assert_eq!([&first, &second, &third].map(told), [false, true, false]);
    }

    #[test]
    fn no_more_than_a_few_are_on_their_way_out_at_once() {
        let places = Places::new(200);
        let all: Vec<Place> = (0..400)
            .take_while(|_| places.has_vacancy())
            .map(|_| from(&places, PROXY))
            .collect();
        assert_eq!(all.len(), 200 + LEAVING_AT_ONCE);
        assert!(told(&all[0]));
        all[0].leave();
        assert!(places.has_vacancy());
    }

    #[test]
    fn nothing_stays_of_those_who_left() {
        let places = Places::new(2);
        let all: Vec<Place> = (0..10)
            .map(|last| from(&places, &format!("192.0.2.{last}")))
            .collect();
        all.iter().for_each(Place::leave);
        let registry = places.registry();
        assert!(registry.connections.is_empty() && registry.by_address.is_empty());
        assert!(registry.candidates.is_empty());
        assert_eq!(registry.told, 0);
    }
}
