//! Replicas under load that come to new keys one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use super::{HOUR, MINUTE};
use crate::support::carriers::number;
use crate::support::test_server::{ServerOptions, TestServer, code_in};
use crate::support::wait::{found, until};

/// The text that went to `to` from this server, as soon as its console has it.
async fn text_to(server: &TestServer, to: &str) -> String {
    let inbox = server.inbox.as_ref().unwrap();
    let entry = found("a text is sent", async || {
        inbox.newest_first().into_iter().find(|entry| entry.to == to)
    });
    entry.await.text
}

/// What a load of users works with.
struct Load {
    /// Changed only between requests, as a load balancer does it.
    servers: RwLock<Vec<TestServer>>,
    /// How many have signed in, for each line of users.
    signed_in: Vec<AtomicUsize>,
    end: CancellationToken,
}

impl Load {
    /// One user after the other signs in, sending at one server and verifying at the other, until told to end.
    async fn users(&self, line: usize) {
        while !self.end.is_cancelled() {
            let turn = self.signed_in[line].load(Ordering::Relaxed);
            let to = number(line * 10_000 + turn);
            let (id, code) = {
                let servers = self.servers.read().await;
                let server = &servers[turn % servers.len()];
                let sent = server.send_sms(&to).await.expect(201);
                let code = code_in(&text_to(server, &to).await);
                (sent["id"].as_str().unwrap().to_owned(), code)
            };
            let servers = self.servers.read().await;
            let server = &servers[(turn + 1) % servers.len()];
            server.verify(&id, &code).await.expect(200);
            self.signed_in[line].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until each line of users has gone on, so that nobody who began before is still on the way.
    async fn goes_on(&self) {
        let count = || self.signed_in.iter().map(|line| line.load(Ordering::Relaxed));
        let before: Vec<_> = count().collect();
        until("all lines of users have gone on", async || {
            count().zip(&before).all(|(now, before)| now > before + 1)
        })
        .await;
    }

    /// Starts a server again, with the keys that are in the file now.
    async fn restart(&self, which: usize) {
        let place = Arc::clone(&self.servers.read().await[0].place);
        let fresh = if place.database().is_postgres() {
            self.servers.read().await[0]
                .replica(ServerOptions::default())
                .await
        } else {
            // Of those who write to a file at once it is chance who has his turn: the load waits, so that the start has it in time.
            self.servers.write().await[0]
                .replica(ServerOptions::default())
                .await
        };
        let old = std::mem::replace(&mut self.servers.write().await[which], fresh);
        old.stop().await;
    }
}

/// Two replicas under load, of which one after the other is started again with the new keys, beginning with `first`; and once
/// more.
async fn roll(first: usize) {
    let server = TestServer::start().await;
    let second = server.replica(ServerOptions::default()).await;
    let (place, clock) = (Arc::clone(&server.place), Arc::clone(&server.clock));
    let load = Load {
        servers: RwLock::new(vec![server, second]),
        signed_in: (0..4).map(|_| AtomicUsize::new(0)).collect(),
        end: CancellationToken::new(),
    };
    let lines = join_all((0..4).map(|line| load.users(line)));
    let rotations = async {
        for _ in 0..2 {
            place.rotate_keys(HOUR);
            for which in [first, 1 - first] {
                load.goes_on().await;
                load.restart(which).await;
            }
            // Past the moment of use in steps that no code outlives, while users are on their way.
            for _ in 0..8 {
                load.goes_on().await;
                clock.advance(9 * MINUTE);
            }
            load.goes_on().await;
        }
        load.end.cancel();
    };
    tokio::join!(lines, rotations);
    let count = async |condition: &str| {
        let statement = format!("UPDATE verifications SET sends = sends WHERE {condition}");
        place.database().run(statement).await.unwrap()
    };
    assert_eq!(count("wrong_guesses > 0 OR verified_at IS NULL").await, 0);
    for generation in 1..=3 {
        let under = count(&format!("code_key_id = {generation}")).await;
        assert!(under > 0, "nothing was made under generation {generation}");
    }
    for server in load.servers.into_inner() {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_rotation_under_load_fails_no_request_and_counts_no_wrong_guess() {
    roll(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_rotation_in_the_other_order_fails_no_request_either() {
    roll(1).await;
}
