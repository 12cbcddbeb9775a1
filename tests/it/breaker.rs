//! The breaker before a sender that does as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{join, join_all};
use otpost::domain::message::{Provider, Sms};
use otpost::provider::breaker::Breaker;
use otpost::provider::{Class, Receipt, SendError, Transport};
use tokio::time::{advance, sleep, timeout};

use crate::support::sms_sender::sms;

type Outcome = Result<Receipt, SendError>;

/// Longer than any caller waits.
const NEVER: Duration = Duration::from_hours(1);

/// Answers with the outcomes it was given, each after its time, then with success.
#[derive(Default)]
struct Sender {
    outcomes: Mutex<VecDeque<(Duration, Outcome)>>,
    asked: Mutex<usize>,
}

#[async_trait]
impl Transport<Sms> for Sender {
    fn provider(&self) -> Provider {
        Provider::Twilio
    }

    async fn send(&self, _: &Sms) -> Outcome {
        *self.asked.lock().expect("no test panicked here") += 1;
        let next = self.outcomes.lock().expect("no test panicked here").pop_front();
        match next {
            Some((time, outcome)) => {
                sleep(time).await;
                outcome
            }
            None => Ok(Receipt::default()),
        }
    }
}

struct Circuit {
    sender: Arc<Sender>,
    breaker: Breaker<Sms>,
    message: Sms,
}

impl Circuit {
    fn new() -> Self {
        let sender = Arc::new(Sender::default());
        Self {
            breaker: Breaker::new(sender.clone()),
            sender,
            message: sms("+61466043123"),
        }
    }

    /// A circuit that has just opened.
    async fn opened() -> Self {
        let circuit = Self::new();
        let outcome = circuit.next(refused(Class::Account)).await;
        assert_eq!(outcome, refused(Class::Account));
        assert_eq!(circuit.open_for().await, Some(Duration::from_secs(15)));
        circuit
    }

    /// Sends a message that the sender would answer so.
    async fn next(&self, outcome: Outcome) -> Outcome {
        self.after(Duration::ZERO, outcome).await
    }

    /// Sends a message that the sender would answer so after `time`.
    async fn after(&self, time: Duration, outcome: Outcome) -> Outcome {
        self.sender
            .outcomes
            .lock()
            .expect("no test panicked here")
            .push_back((time, outcome));
        self.send().await
    }

    async fn send(&self) -> Outcome {
        self.breaker.send(&self.message).await
    }

    /// How long a caller is told to wait; `None` when the sender was asked.
    async fn open_for(&self) -> Option<Duration> {
        let before = self.asked();
        let outcome = self.send().await;
        match outcome {
            Err(SendError::NotAccepted {
                class: Class::CircuitOpen,
                retry_after,
                ..
            }) => {
                assert_eq!(self.asked(), before, "nothing is tried");
                retry_after
            }
            _ => None,
        }
    }

    fn asked(&self) -> usize {
        *self.sender.asked.lock().expect("no test panicked here")
    }
}

fn refused(class: Class) -> Outcome {
    Err(SendError::refused(class, "no"))
}

fn unknown() -> Outcome {
    Err(SendError::unknown("no answer in time"))
}

#[tokio::test(start_paused = true)]
async fn a_closed_account_opens_it_at_once() {
    let circuit = Circuit::new();
    assert_eq!(
        circuit.next(refused(Class::Account)).await,
        refused(Class::Account)
    );
    assert_eq!(circuit.open_for().await, Some(Duration::from_secs(15)));
    advance(Duration::from_secs(10)).await;
    assert_eq!(circuit.open_for().await, Some(Duration::from_secs(5)));
    assert_eq!(circuit.breaker.provider(), Provider::Twilio);
}

#[tokio::test(start_paused = true)]
async fn the_fifth_fault_within_thirty_seconds_opens_it() {
    let circuit = Circuit::new();
    for fault in [
        refused(Class::Unreachable),
        unknown(),
        Ok(Receipt::default()),
        unknown(),
        unknown(),
    ] {
        assert_eq!(circuit.next(fault.clone()).await, fault);
        advance(Duration::from_secs(7)).await;
    }
    assert_eq!(circuit.next(unknown()).await, unknown());
    assert_eq!(circuit.open_for().await, None, "the first was 35 s ago");
    circuit.next(unknown()).await.unwrap_err();
    assert_eq!(circuit.open_for().await, Some(Duration::from_secs(15)));
}

#[tokio::test(start_paused = true)]
async fn throttling_and_refusals_of_recipients_and_texts_never_count() {
    let circuit = Circuit::new();
    for class in Class::ALL {
        if matches!(class, Class::Account | Class::Unreachable) {
            continue;
        }
        for _ in 0..5 {
            circuit.next(refused(*class)).await.unwrap_err();
        }
    }
    assert_eq!(circuit.open_for().await, None);
}

#[tokio::test(start_paused = true)]
async fn after_fifteen_seconds_exactly_one_probe_goes_through() {
    let circuit = Circuit::opened().await;
    advance(Duration::from_secs(15)).await;
    let probe = circuit.after(NEVER, unknown());
    tokio::pin!(probe);
    assert!(timeout(Duration::from_millis(1), &mut probe).await.is_err());
    for _ in 0..10 {
        assert_eq!(circuit.open_for().await, Some(Duration::from_secs(1)));
    }
    assert_eq!(circuit.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_answered_closes_it() {
    for answer in [
        Ok(Receipt::default()),
        refused(Class::Throttled),
        refused(Class::RecipientInvalid),
    ] {
        let circuit = Circuit::opened().await;
        advance(Duration::from_secs(15)).await;
        assert_eq!(circuit.next(answer.clone()).await, answer);
        for _ in 0..4 {
            circuit.next(unknown()).await.unwrap_err();
        }
        assert_eq!(circuit.open_for().await, None, "it counts from the beginning");
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_fails_opens_it_again() {
    for fault in [unknown(), refused(Class::Unreachable), refused(Class::Account)] {
        let circuit = Circuit::opened().await;
        advance(Duration::from_secs(15)).await;
        assert_eq!(circuit.next(fault.clone()).await, fault);
        assert_eq!(circuit.open_for().await, Some(Duration::from_secs(15)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_leaves_its_place_to_the_next() {
    let circuit = Circuit::opened().await;
    advance(Duration::from_secs(15)).await;
    let probe = circuit.after(NEVER, unknown());
    assert!(timeout(Duration::from_secs(1), probe).await.is_err());
    assert_eq!(circuit.open_for().await, None, "the next is the probe");
    assert_eq!(circuit.open_for().await, None, "and has closed it");
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_when_it_opened_is_not_counted_any_more() {
    let circuit = Circuit::new();
    let late = join_all((0..5).map(|_| circuit.after(Duration::from_secs(20), unknown())));
    let meanwhile = async {
        circuit.next(refused(Class::Account)).await.unwrap_err();
        advance(Duration::from_secs(15)).await;
        circuit.next(Ok(Receipt::default())).await.unwrap();
    };
    let (outcomes, ()) = join(late, meanwhile).await;
    assert_eq!(outcomes, vec![unknown(); 5]);
    assert_eq!(circuit.open_for().await, None);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_is_dropped_while_it_is_closed_changes_nothing() {
    let circuit = Circuit::new();
    for _ in 0..10 {
        let attempt = circuit.after(NEVER, unknown());
        assert!(timeout(Duration::from_secs(1), attempt).await.is_err());
    }
    assert_eq!(circuit.open_for().await, None);
}
