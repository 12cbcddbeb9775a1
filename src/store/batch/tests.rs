//! What every batch keeps to, with a carrier that does what the test tells it, when the test tells it.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, yield_now};

use super::*;

/// An operation with a number, for keys that are numbers too.
struct Numbered(u32, Vec<u8>);

impl Operation for Numbered {
    type Outcome = u32;

    fn keys(&self) -> Vec<KeyedHash> {
        self.1.iter().map(|key| [*key; 16]).collect()
    }
}

/// What becomes of a batch.
enum End {
    Done,
    Failed(fn(StoreError) -> Failure),
    Panic,
}

/// A batch under way: the numbers of its operations, and how it is ended.
struct UnderWay {
    numbers: Vec<u32>,
    ends: oneshot::Sender<End>,
}

impl UnderWay {
    fn end(self, end: End) {
        assert!(self.ends.send(end).is_ok(), "somebody carries it out");
    }
}

struct Told {
    sender: UnboundedSender<UnderWay>,
    largest: usize,
}

#[async_trait]
impl Carrier<Numbered> for Told {
    async fn carry_out(&self, batch: &[Arc<Numbered>]) -> Result<Vec<Result<u32, StoreError>>, Failure> {
        let numbers: Vec<_> = batch.iter().map(|operation| operation.0).collect();
        let (ends, end) = oneshot::channel();
        let under_way = UnderWay {
            numbers: numbers.clone(),
            ends,
        };
        self.sender.send(under_way).map_err(|_| Failure::Lost(broken()))?;
        match end.await {
            Ok(End::Done) => Ok(numbers.into_iter().map(Ok).collect()),
            Ok(End::Failed(how)) => Err(how(broken())),
            Ok(End::Panic) => panic!("as the test wants it"),
            Err(_) => Err(Failure::Lost(broken())),
        }
    }

    fn largest_batch(&self) -> usize {
        self.largest
    }
}

fn broken() -> StoreError {
    StoreError::Statement("it broke".into())
}

/// Batches, and what is under way of them.
struct Lanes {
    batches: Arc<Batches<Numbered>>,
    under_way: UnboundedReceiver<UnderWay>,
}

type Caller = JoinHandle<Result<u32, StoreError>>;

impl Lanes {
    fn new(lanes: usize) -> Self {
        Self::of_at_most(LARGEST, lanes)
    }

    fn of_at_most(largest: usize, lanes: usize) -> Self {
        let (sender, under_way) = unbounded_channel();
        Self {
            batches: Arc::new(Batches::new(Told { sender, largest }, lanes)),
            under_way,
        }
    }

    /// A caller whose operation stands in the queue, or is under way already.
    async fn enter(&self, number: u32, keys: &[u8]) -> Caller {
        let (batches, operation) = (Arc::clone(&self.batches), Numbered(number, keys.to_vec()));
        let caller = tokio::spawn(async move { batches.run(operation).await });
        yield_now().await;
        caller
    }

    /// The next batch, which has these.
    async fn begins(&mut self, numbers: impl IntoIterator<Item = u32>) -> UnderWay {
        let under_way = self.under_way.recv().await.unwrap();
        assert_eq!(under_way.numbers, numbers.into_iter().collect::<Vec<_>>());
        under_way
    }

    /// Whether nothing begins, however long one waits.
    async fn rest(&mut self) {
        for _ in 0..100 {
            yield_now().await;
        }
        assert!(self.under_way.try_recv().is_err(), "nothing is to begin");
    }
}

async fn told(caller: Caller) -> Result<u32, StoreError> {
    caller.await.unwrap()
}

#[tokio::test]
async fn an_idle_lane_takes_a_single_operation_at_once_and_what_comes_meanwhile_is_the_next_batch() {
    let mut lanes = Lanes::new(1);
    let first = lanes.enter(0, &[]).await;
    let single = lanes.begins([0]).await;
    let mut callers = Vec::new();
    for number in 1..=70 {
        callers.push(lanes.enter(number, &[]).await);
    }
    lanes.rest().await;
    single.end(End::Done);
    assert_eq!(told(first).await.unwrap(), 0);
    lanes.begins(1..=64).await.end(End::Done);
    lanes.begins(65..=70).await.end(End::Done);
    for (number, caller) in (1..).zip(callers) {
        assert_eq!(told(caller).await.unwrap(), number);
    }
    lanes.rest().await;
}

#[tokio::test]
async fn what_shares_a_key_with_one_before_it_waits_for_it_and_nothing_else_does() {
    let mut lanes = Lanes::new(2);
    lanes.enter(1, &[1]).await;
    let first = lanes.begins([1]).await;
    lanes.enter(2, &[1, 2]).await;
    // Not under way, but its turn is before.
    lanes.enter(3, &[2]).await;
    lanes.rest().await;
    lanes.enter(4, &[4]).await;
    let beside = lanes.begins([4]).await;
    lanes.enter(5, &[5]).await;
    lanes.enter(6, &[4]).await;
    beside.end(End::Done);
    let free = lanes.begins([5, 6]).await;
    first.end(End::Done);
    let second = lanes.begins([2]).await;
    free.end(End::Done);
    lanes.rest().await;
    second.end(End::Done);
    lanes.begins([3]).await.end(End::Done);
}

#[tokio::test]
async fn more_lanes_than_there_are_none_begin() {
    let mut lanes = Lanes::new(3);
    let mut under_way = Vec::new();
    for number in 0..3 {
        lanes.enter(number, &[]).await;
        under_way.push(lanes.begins([number]).await);
    }
    lanes.enter(3, &[]).await;
    lanes.rest().await;
    under_way.remove(1).end(End::Done);
    lanes.begins([3]).await.end(End::Done);
}

/// A lane whose next batch has the operations 1 to 3, and their callers.
async fn batch_of_three(lanes: &mut Lanes) -> (UnderWay, Vec<Caller>) {
    let before = lanes.enter(0, &[]).await;
    let single = lanes.begins([0]).await;
    let mut callers = Vec::new();
    for number in 1..=3 {
        callers.push(lanes.enter(number, &[1 + u8::try_from(number).unwrap()]).await);
    }
    single.end(End::Done);
    told(before).await.unwrap();
    (lanes.begins(1..=3).await, callers)
}

#[tokio::test]
async fn a_batch_that_the_database_refuses_is_replayed_one_by_one_in_its_order() {
    for how in [Failure::Refused, Failure::Overtaken] {
        let mut lanes = Lanes::new(1);
        let (batch, callers) = batch_of_three(&mut lanes).await;
        batch.end(End::Failed(how));
        lanes.begins([1]).await.end(End::Done);
        lanes.begins([2]).await.end(End::Failed(Failure::Refused));
        let last = lanes.begins([3]).await;
        // None of them is through as long as one of them is under way.
        lanes.enter(4, &[2]).await;
        lanes.rest().await;
        last.end(End::Done);
        lanes.begins([4]).await.end(End::Done);
        let mut told_all = Vec::new();
        for caller in callers {
            told_all.push(
                told(caller)
                    .await
                    .map_err(|error| matches!(error, StoreError::Statement(_))),
            );
        }
        assert_eq!(told_all, [Ok(1), Err(true), Ok(3)]);
    }
}

#[tokio::test]
async fn one_that_others_overtake_again_and_again_is_told_to_come_again() {
    let mut lanes = Lanes::new(1);
    let caller = lanes.enter(1, &[]).await;
    lanes.begins([1]).await.end(End::Failed(Failure::Overtaken));
    for _ in 0..TRIES - 1 {
        lanes.begins([1]).await.end(End::Failed(Failure::Overtaken));
    }
    let last = lanes.begins([1]).await;
    assert!(!caller.is_finished());
    last.end(End::Failed(Failure::Overtaken));
    assert!(matches!(told(caller).await, Err(StoreError::Unavailable(_))));
    lanes.rest().await;
}

#[tokio::test]
async fn a_batch_whose_fate_nobody_knows_is_told_to_all_and_not_repeated() {
    let mut lanes = Lanes::new(1);
    let (batch, callers) = batch_of_three(&mut lanes).await;
    batch.end(End::Failed(Failure::Lost));
    for caller in callers {
        assert!(matches!(told(caller).await, Err(StoreError::Unavailable(_))));
    }
    lanes.rest().await;
    let next = lanes.enter(4, &[1, 2, 3]).await;
    lanes.begins([4]).await.end(End::Done);
    assert_eq!(told(next).await.unwrap(), 4);
}

#[tokio::test]
async fn one_of_a_replay_whose_fate_nobody_knows_is_not_repeated_either() {
    let mut lanes = Lanes::new(1);
    let (batch, callers) = batch_of_three(&mut lanes).await;
    batch.end(End::Failed(Failure::Refused));
    lanes.begins([1]).await.end(End::Failed(Failure::Lost));
    lanes.begins([2]).await.end(End::Done);
    lanes.begins([3]).await.end(End::Done);
    let told_all = futures_util::future::join_all(callers.into_iter().map(told)).await;
    assert_eq!(
        told_all.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [false, true, true]
    );
}

#[tokio::test]
async fn a_panic_is_told_to_its_callers_and_leaves_lane_and_keys_free() {
    let mut lanes = Lanes::new(1);
    let (batch, callers) = batch_of_three(&mut lanes).await;
    batch.end(End::Panic);
    for caller in callers {
        assert!(matches!(told(caller).await, Err(StoreError::Unavailable(_))));
    }
    let next = lanes.enter(4, &[2, 3, 4]).await;
    lanes.begins([4]).await.end(End::Done);
    assert_eq!(told(next).await.unwrap(), 4);
}

#[tokio::test]
async fn a_caller_that_has_gone_is_passed_over_and_keeps_nobody_waiting() {
    let mut lanes = Lanes::new(1);
    lanes.enter(0, &[]).await;
    let single = lanes.begins([0]).await;
    let gone = lanes.enter(1, &[7]).await;
    lanes.enter(2, &[7]).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    single.end(End::Done);
    lanes.begins([2]).await.end(End::Done);
    lanes.rest().await;
}

#[tokio::test]
async fn what_is_under_way_goes_on_when_its_caller_goes() {
    let mut lanes = Lanes::new(1);
    let (batch, mut callers) = batch_of_three(&mut lanes).await;
    let gone = callers.remove(1);
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let next = lanes.enter(4, &[3]).await;
    lanes.rest().await;
    batch.end(End::Done);
    lanes.begins([4]).await.end(End::Done);
    assert_eq!(told(next).await.unwrap(), 4);
    for (caller, number) in callers.into_iter().zip([1, 3]) {
        assert_eq!(told(caller).await.unwrap(), number);
    }
}

#[tokio::test]
async fn beyond_a_full_queue_callers_are_told_to_come_again_at_once() {
    let mut lanes = Lanes::new(1);
    lanes.enter(0, &[]).await;
    let single = lanes.begins([0]).await;
    let mut waiting = Vec::new();
    for _ in 0..QUEUE {
        waiting.push(lanes.enter(1, &[]).await);
    }
    let refused = lanes.enter(2, &[]).await;
    assert!(matches!(told(refused).await, Err(StoreError::Unavailable(_))));
    assert!(waiting.iter().all(|caller| !caller.is_finished()));
    single.end(End::Done);
    lanes.begins([1; LARGEST]).await.end(End::Done);
    // There is room again.
    let next = lanes.enter(3, &[]).await;
    while let Some(batch) = lanes.under_way.recv().await {
        let is_last = batch.numbers.last() == Some(&3);
        batch.end(End::Done);
        if is_last {
            break;
        }
    }
    assert_eq!(told(next).await.unwrap(), 3);
}

#[tokio::test]
async fn a_batch_is_no_larger_than_its_carrier_takes() {
    let mut lanes = Lanes::of_at_most(2, 1);
    lanes.enter(0, &[]).await;
    let single = lanes.begins([0]).await;
    let mut waiting = Vec::new();
    for number in 1..=3 {
        waiting.push(lanes.enter(number, &[]).await);
    }
    single.end(End::Done);
    lanes.begins([1, 2]).await.end(End::Done);
    lanes.begins([3]).await.end(End::Done);
    for (caller, number) in waiting.into_iter().zip(1..) {
        assert_eq!(told(caller).await.unwrap(), number);
    }
}
