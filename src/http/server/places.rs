//! Places for connections. When they run short, idle connections make room: the one that has waited longest, of the address
//! that has most connections. So nobody keeps others out by holding on, and a proxy, which is one address, loses only what
//! it does not use.

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

/// The place of one connection. It is idle to begin with.
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    told: Arc<Notify>,
}

#[derive(Default)]
struct Registry {
    connections: HashMap<u64, Connection>,
    by_address: HashMap<IpAddr, Address>,
    /// The addresses that have idle connections, by how many connections they have.
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
    /// Since when, in a count of its own.
    Idle(u64),
    /// To leave, unless it is needed before it has.
    Told,
}

#[derive(Default)]
struct Address {
    connections: usize,
    /// By since when they are idle.
    idle: BTreeMap<u64, u64>,
}

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

    /// A place for a connection from `address`, for which another one has to leave where none is free. One that was idle
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
    /// A request is coming, or in flight: nobody takes the place away.
    pub(super) fn busy(&self) {
        let mut registry = self.places.registry();
        let was_told = registry.state(self.number) == Some(State::Told);
        registry.set(self.number, State::Busy);
        drop(registry);
        if was_told {
            self.places.changed.notify_one();
        }
    }

    /// Waits for its next request from now on.
    pub(super) fn idle(&self) {
        let mut registry = self.places.registry();
        registry.next += 1;
        let since = registry.next;
        registry.set(self.number, State::Idle(since));
        drop(registry);
        self.places.changed.notify_one();
    }

    /// Ready when the connection has to leave to make room, which one that is busy never has to.
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
        let number = self.next;
        let state = State::Idle(number);
        let connection = Connection { address, state, told };
        self.connections.insert(number, connection);
        self.count(address, number, state);
        number
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
        let idle = self.by_address.get(&address);
        let oldest = idle.and_then(|address| address.idle.first_key_value());
        let Some(number) = oldest.map(|(_, number)| *number) else {
            return;
        };
        self.set(number, State::Told);
        if let Some(connection) = self.connections.get(&number) {
            connection.told.notify_one();
        }
    }

    /// One that is told to leave counts for its address no more.
    fn count(&mut self, address: IpAddr, number: u64, state: State) {
        if state == State::Told {
            self.told += 1;
            return;
        }
        self.change(address, |entry| {
            entry.connections += 1;
            if let State::Idle(since) = state {
                entry.idle.insert(since, number);
            }
        });
    }

    fn discount(&mut self, address: IpAddr, state: State) {
        if state == State::Told {
            self.told -= 1;
            return;
        }
        self.change(address, |entry| {
            entry.connections -= 1;
            if let State::Idle(since) = state {
                entry.idle.remove(&since);
            }
        });
    }

    fn change(&mut self, address: IpAddr, change: impl FnOnce(&mut Address)) {
        let entry = self.by_address.entry(address).or_default();
        self.candidates.remove(&(entry.connections, address));
        change(entry);
        if !entry.idle.is_empty() {
            self.candidates.insert((entry.connections, address));
        }
        if entry.connections == 0 {
            self.by_address.remove(&address);
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
        first.busy();
        first.idle();
        assert!(places.has_vacancy());
        let _newcomer = from(&places, "203.0.113.9");
        assert_eq!(
            [&first, &second, &third, &other].map(told),
            [false, true, false, false]
        );
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
