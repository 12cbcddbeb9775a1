//! Copies of a request at the same time, and repeats of one whose caller, process or handler is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use otpost::domain::random::{OsRandom, Random};

use super::*;
use crate::support::carriers::{events, message_when};
use crate::support::http_double::Gate;
use crate::support::wait::until;

/// Asks `server` for a code under the key `k`, and lets go of the request once the provider has been asked.
async fn abandoned_once_sent(server: &TestServer, double: &KindeDouble, sent: &str) {
    let request = send_under(server, "k", sent);
    let arrival = until("the provider is asked", async || double.requests() == 1);
    tokio::select! {
        answer = request => panic!("answered {answer:?}"),
        () = arrival => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_parallel_copies_over_two_replicas_one_is_carried_out() {
    let double = KindeDouble::start().await;
    let server = through(&double).start().await;
    let replica = server.replica(through(&double)).await;
    let sent = body(&server, "+61466043123");
    let answers = join_all((0..100).map(|n| {
        let server = if n % 2 == 0 { &server } else { &replica };
        send_under(server, "k", &sent)
    }))
    .await;
    for answer in &answers {
        assert_eq!(answer.expect(201)["id"], answers[0].json()["id"]);
        assert_eq!(answer.header("location"), answers[0].header("location"));
        assert_eq!(answer.json()["message"]["id"], answers[0].json()["message"]["id"]);
    }
    assert_eq!(server.messages().await.len(), 1);
    until("it is sent", async || double.requests() == 1).await;
    replica.stop().await;
    server.stop().await;
    assert_eq!(double.requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_waits_like_the_first_where_the_same_process_is_sending() {
    let double = KindeDouble::start().await;
    let gate = Gate::default();
    double.respond_with(Script::Hold(gate.clone()));
    let server = through(&double).start().await;
    let sent = body(&server, "+61466043123");
    let first = send_under(&server, "k", &sent);
    let repeat = async {
        until("the provider is asked", async || double.requests() == 1).await;
        send_under(&server, "k", &sent).await
    };
    let at_once = async {
        until("the provider is asked", async || double.requests() == 1).await;
        let headers = ["idempotency-key: k", "prefer: respond-async"];
        let answer = server
            .request("POST", PATH, &server.application_key, &headers, &sent)
            .await;
        gate.open();
        answer
    };
    let (first, repeat, at_once) = tokio::join!(first, repeat, at_once);
    assert_eq!(first.expect(201)["message"]["status"], "accepted");
    are_the_same(&first, &repeat);
    // How long a caller wants to wait is no part of the request.
    assert_eq!(at_once.expect(201)["id"], first.json()["id"]);
    assert_eq!(double.requests(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_after_a_hang_up_is_answered_by_whichever_replica_it_reaches() {
    let double = KindeDouble::start().await;
    let gate = Gate::default();
    double.respond_with(Script::Hold(gate.clone()));
    let server = through(&double).start().await;
    let replica = server.replica(through(&double)).await;
    let sent = body(&server, "+61466043123");
    abandoned_once_sent(&server, &double, &sent).await;
    // Another process cannot wait for it.
    let elsewhere = send_under(&replica, "k", &sent).await.expect(201);
    assert_eq!(elsewhere["message"]["status"], "queued");
    // The same one does.
    gate.open();
    let again = send_under(&server, "k", &sent).await.expect(201);
    assert_eq!(again["message"]["status"], "accepted");
    assert_eq!(again["id"], elsewhere["id"]);
    assert_eq!((server.messages().await.len(), double.requests()), (1, 1));
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_after_a_process_has_died_is_answered_at_once_and_the_message_goes_out_after_its_lease() {
    let double = KindeDouble::start().await;
    double.respond_with(Script::Hang);
    let server = through(&double).start().await;
    let survivor = server.replica(through(&double)).await;
    let sent = body(&server, "+61466043123");
    abandoned_once_sent(&server, &double, &sent).await;
    server.crash();
    let found = send_under(&survivor, "k", &sent).await;
    let body = found.expect(201);
    assert_eq!(body["message"]["status"], "queued");
    let made = survivor.messages().await;
    assert_eq!((made.len(), &made[0]["verification_id"]), (1, &body["id"]));
    survivor.clock.advance(Duration::from_secs(21));
    let taken = message_when(&survivor, made[0]["id"].as_str().unwrap(), "accepted").await;
    assert_eq!(
        events(&taken, "taken_over"),
        [json!({ "possible_duplicate": true })]
    );
    let again = send_under(&survivor, "k", &sent).await;
    assert_eq!(again.header("location"), found.header("location"));
    assert_eq!(again.expect(201)["message"]["status"], "accepted");
    assert_eq!(survivor.messages().await.len(), 1);
    survivor.stop().await;
}

/// Randomness that panics once, at the next draw of so many bytes after it was armed.
struct Fuse {
    bytes: usize,
    armed: AtomicBool,
}

impl Fuse {
    fn new(bytes: usize) -> Arc<Self> {
        let armed = AtomicBool::new(false);
        Arc::new(Self { bytes, armed })
    }
}

impl Random for Fuse {
    fn fill(&self, bytes: &mut [u8]) {
        let burns = bytes.len() == self.bytes && self.armed.swap(false, Ordering::SeqCst);
        assert!(!burns, "a panic that the test asked for");
        OsRandom.fill(bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_before_anything_is_made_leaves_its_key_free() {
    // The nonce that the code is sealed with.
    let fuse = Fuse::new(24);
    let server = ServerOptions::default().random(fuse.clone()).start().await;
    let sent = body(&server, "+61466043123");
    fuse.armed.store(true, Ordering::SeqCst);
    send_under(&server, "k", &sent)
        .await
        .expect_problem(500, "internal_error");
    assert_eq!(server.messages().await, Vec::<Value>::new());
    send_under(&server, "k", &sent).await.expect(201);
    assert_eq!(server.messages().await.len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_sending_keeps_no_key_busy() {
    let double = KindeDouble::start().await;
    let gate = Gate::default();
    double.respond_with(Script::Hold(gate.clone()));
    // The id of the attempt, once the provider has answered.
    let fuse = Fuse::new(10);
    let server = through(&double).random(fuse.clone()).start().await;
    let replica = server.replica(through(&double)).await;
    let sent = body(&server, "+61466043123");
    let first = send_under(&server, "k", &sent);
    let arming = async {
        until("the provider is asked", async || double.requests() == 1).await;
        fuse.armed.store(true, Ordering::SeqCst);
        gate.open();
    };
    let (first, ()) = tokio::join!(first, arming);
    assert!(!fuse.armed.load(Ordering::SeqCst));
    assert_eq!(first.expect(201)["message"]["status"], "queued");
    are_the_same(&first, &send_under(&server, "k", &sent).await);
    are_the_same(&first, &send_under(&replica, "k", &sent).await);
    assert_eq!((server.messages().await.len(), double.requests()), (1, 1));
    // It goes out again after its lease, marked.
    server.clock.advance(Duration::from_secs(16));
    let id = first.json()["message"]["id"].as_str().unwrap().to_owned();
    let taken = message_when(&server, &id, "accepted").await;
    assert_eq!(
        events(&taken, "taken_over"),
        [json!({ "possible_duplicate": true })]
    );
    replica.stop().await;
    server.stop().await;
}
