//! Waiting for what a test needs to see, however long the machine takes to get there, and letting time pass without
//! waiting for it.

use std::time::Duration;

use tokio::time::{advance, pause, resume, sleep, timeout};

/// Longest that anything is waited for. Far more than anything takes, also where all cores are busy with something else.
const DEADLINE: Duration = Duration::from_mins(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// What `look` finds, as soon as it finds something.
pub async fn found<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(value) = look().await {
                return value;
            }
            sleep(PAUSE).await;
        }
    };
    in_time(what, looking).await
}

/// Waits until `condition` holds.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    found(what, async || condition().await.then_some(())).await;
}

/// What comes of something that must come to an end.
pub async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = timeout(DEADLINE, work).await;
    done.unwrap_or_else(|_| panic!("{what}: not within {DEADLINE:?}"))
}

/// Lets `time` pass for everything that waits on this runtime, at once. Only in tests of one thread, which alone can stop their
/// runtime's clock, and only where nothing beside sockets and timers is waited for.
pub async fn let_pass(time: Duration) {
    pause();
    advance(time).await;
    resume();
}
