//! A handler that panics once what it was asked for is made: its repeat is answered from what was made, and one message goes out.

use std::backtrace::Backtrace;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use otpost::domain::time::{Clock, SystemClock, Timestamp};

use super::*;
use crate::support::http_double::Gate;
use crate::support::test_server::code_in;
use crate::support::wait::until;

/// The machine's clock, until the handler of a send looks at it once too often.
#[derive(Default)]
struct Trap(AtomicBool);

impl Trap {
    fn is_set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn has_closed(&self) -> bool {
        !self.0.load(Ordering::SeqCst)
    }
}

impl Clock for Trap {
    fn now(&self) -> Timestamp {
        // Many look at the clock, and only what answers a request does so beneath the HTTP library.
        let is_the_handler = || {
            let stack = Backtrace::force_capture().to_string();
            stack.contains("hyper::")
        };
        if self.0.load(Ordering::SeqCst) && is_the_handler() {
            self.0.store(false, Ordering::SeqCst);
            panic!("as a handler may");
        }
        SystemClock.now()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_made_before_it_panicked_is_answered_to_its_repeat_and_sent_once() {
    let (double, trap) = (KindeDouble::start().await, Arc::new(Trap::default()));
    let server = through(&double).on_a_machine(&trap).start().await;
    let replica = server.replica(through(&double).on_a_machine(&trap)).await;
    let gate = Gate::default();
    double.respond_with(Script::Hold(gate.clone()));
    let sent = body(&server, "+61466043123");
    let panicking = async {
        let answer = send_under(&server, "k", &sent).await;
        answer.expect_problem(500, "internal_error");
    };
    let closing = async {
        // What is sent has been made before.
        until("the provider is asked", async || double.requests() == 1).await;
        trap.is_set();
        gate.open();
    };
    tokio::join!(panicking, closing);
    assert!(trap.has_closed(), "it was the handler that panicked");
    let made = server.messages().await;
    assert_eq!(made.len(), 1);
    for server in [&server, &replica] {
        let again = send_under(server, "k", &sent).await.expect(201);
        assert_eq!(again["id"], made[0]["verification_id"]);
        assert_eq!(again["message"]["status"], "accepted");
    }
    assert_eq!(double.requests(), 1);
    let code = code_in(&double.messages()[0].body);
    let id = made[0]["verification_id"].as_str().unwrap();
    server.verify(id, &code).await.expect(200);
    for server in [replica, server] {
        server.stop().await;
    }
}
