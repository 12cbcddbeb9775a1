//! A handler that panics once what it was asked for is made: its repeat is answered from what was made, and one message goes out.

use std::sync::{Arc, Mutex};

use otpost::domain::random::{OsRandom, Random};
use otpost::domain::time::{Clock, SystemClock, Timestamp};
use tokio::task;

use super::*;
use crate::support::http_double::Gate;
use crate::support::test_server::code_in;
use crate::support::wait::until;

/// The machine's clock and randomness, until the handler of one request looks at the clock once too often.
#[derive(Default)]
struct Trap(Mutex<Prey>);

#[derive(Default)]
enum Prey {
    #[default]
    None,
    /// The first task younger than this one, which was made just before the request, that draws something at random: its connection's,
    /// for the request's id.
    YoungerThan(u64),
    /// The handler's task, which is let go on.
    Found(u64),
    /// The same, which is not.
    Doomed(u64),
}

/// Tasks are numbered as they are made.
fn this_task() -> Option<u64> {
    task::try_id().map(|id| id.to_string().parse().unwrap())
}

impl Trap {
    async fn is_set(&self) {
        let newest = tokio::spawn(async { this_task().unwrap() }).await.unwrap();
        *self.0.lock().unwrap() = Prey::YoungerThan(newest);
    }

    fn closes(&self) {
        let mut prey = self.0.lock().unwrap();
        *prey = match *prey {
            Prey::Found(task) => Prey::Doomed(task),
            _ => panic!("the request has no id yet"),
        };
    }

    fn has_closed(&self) -> bool {
        matches!(*self.0.lock().unwrap(), Prey::None)
    }
}

impl Random for Trap {
    fn fill(&self, bytes: &mut [u8]) {
        let mut prey = self.0.lock().unwrap();
        if let (Prey::YoungerThan(newest), Some(task)) = (&*prey, this_task())
            && task > *newest
        {
            *prey = Prey::Found(task);
        }
        OsRandom.fill(bytes);
    }
}

impl Clock for Trap {
    fn now(&self) -> Timestamp {
        let mut prey = self.0.lock().unwrap();
        if let (Prey::Doomed(doomed), Some(task)) = (&*prey, this_task())
            && task == *doomed
        {
            *prey = Prey::None;
            drop(prey);
            panic!("as a handler may");
        }
        SystemClock.now()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_made_before_it_panicked_is_answered_to_its_repeat_and_sent_once() {
    let (double, trap) = (KindeDouble::start().await, Arc::new(Trap::default()));
    let options = through(&double)
        .on_a_machine(&trap)
        .random(Arc::clone(&trap) as Arc<dyn Random>);
    let server = options.start().await;
    let replica = server.replica(through(&double).on_a_machine(&trap)).await;
    let gate = Gate::default();
    double.respond_with(Script::Hold(gate.clone()));
    let sent = body(&server, "+61466043123");
    trap.is_set().await;
    let panicking = async {
        let answer = send_under(&server, "k", &sent).await;
        answer.expect_problem(500, "internal_error");
    };
    let closing = async {
        // What is sent has been made before.
        until("the provider is asked", async || double.requests() == 1).await;
        trap.closes();
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
