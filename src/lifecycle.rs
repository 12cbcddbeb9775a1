//! How the service ends: first it says that it is leaving and goes on serving, then it takes nothing new and finishes what it
//! has, then it is gone. Signals come in as values, so that tests need no real ones.

use std::future::Future;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing has been said of an end.
    Serving,
    /// Not ready any more, so that nobody is sent here, but still serving whoever comes.
    Leaving,
    /// No new connections; those that stand finish.
    Draining,
    /// What has not finished is dropped, and what was held is released.
    Releasing,
}

/// How long each phase lasts.
#[derive(Debug, Clone, Copy)]
pub struct Grace {
    /// [`Phase::Leaving`], after SIGTERM only: 5 s, in which load balancers learn of it.
    pub leaving: Duration,
    /// [`Phase::Draining`] at most: 15 s, as long as a request may take.
    pub draining: Duration,
    /// [`Phase::Releasing`] at most: 4 s, so that all is over within the 25 s of the contract.
    pub releasing: Duration,
}

impl Default for Grace {
    fn default() -> Self {
        Self {
            leaving: Duration::from_secs(5),
            draining: Duration::from_secs(15),
            releasing: Duration::from_secs(4),
        }
    }
}

/// What asks for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: from a supervisor, which sends new requests elsewhere only after a while.
    Terminate,
    /// SIGINT: from a person at a terminal, who does not want to wait.
    Interrupt,
}

impl Signal {
    /// What a process killed by it exits with: 128 and the signal's number.
    fn exit_code(self) -> u8 {
        match self {
            Self::Terminate => 143,
            Self::Interrupt => 130,
        }
    }
}

/// How it came to an end.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended<T> {
    /// The work came to its own end, before a signal or in time after one.
    Finished(T),
    /// The work did not end in time. Leases it held run out by themselves.
    Overdue,
    /// A second signal asked for the end at once.
    Forced(Signal),
}

impl<T> Ended<T> {
    /// What the process exits with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Finished(_) | Self::Overdue => ExitCode::SUCCESS,
            Self::Forced(signal) => ExitCode::from(signal.exit_code()),
        }
    }
}

/// Tells everything that runs how far the end has come. Clones see the same.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    leaving: CancellationToken,
    draining: CancellationToken,
    releasing: CancellationToken,
}

impl Shutdown {
    /// How far the end has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        if self.releasing.is_cancelled() {
            Phase::Releasing
        } else if self.draining.is_cancelled() {
            Phase::Draining
        } else if self.leaving.is_cancelled() {
            Phase::Leaving
        } else {
            Phase::Serving
        }
    }

    /// Cancelled when [`Phase::Leaving`] begins, or a later one.
    #[must_use]
    pub fn leaving(&self) -> CancellationToken {
        self.leaving.clone()
    }

    /// Cancelled when [`Phase::Draining`] begins, or a later one.
    #[must_use]
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Cancelled when [`Phase::Releasing`] begins.
    #[must_use]
    pub fn releasing(&self) -> CancellationToken {
        self.releasing.clone()
    }

    /// Goes to `phase`, through all before it. Going back is not possible.
    pub fn advance(&self, phase: Phase) {
        if phase >= Phase::Leaving {
            self.leaving.cancel();
        }
        if phase >= Phase::Draining {
            self.draining.cancel();
        }
        if phase >= Phase::Releasing {
            self.releasing.cancel();
        }
    }

    /// Runs `work`, which is to end after [`Phase::Draining`] has begun, and leads it to its end when a signal comes.
    /// Returns at once on a second signal, whatever still runs.
    pub async fn conduct<T>(
        &self,
        signals: &mut mpsc::Receiver<Signal>,
        grace: Grace,
        work: impl Future<Output = T>,
    ) -> Ended<T> {
        let end = async {
            let first = next(signals).await;
            tracing::info!(signal = ?first, "shutting down");
            let forced = next(signals);
            tokio::select! {
                second = forced => Ended::Forced(second),
                () = self.end(first, grace) => Ended::Overdue,
            }
        };
        tokio::select! {
            biased;
            done = work => Ended::Finished(done),
            ended = end => {
                tracing::warn!("ended with work unfinished");
                ended
            }
        }
    }

    async fn end(&self, first: Signal, grace: Grace) {
        if first == Signal::Terminate {
            self.advance(Phase::Leaving);
            sleep(grace.leaving).await;
        }
        self.advance(Phase::Draining);
        sleep(grace.draining).await;
        self.advance(Phase::Releasing);
        sleep(grace.releasing).await;
    }
}

/// The next signal; never, when none can come any more.
async fn next(signals: &mut mpsc::Receiver<Signal>) -> Signal {
    match signals.recv().await {
        Some(signal) => signal,
        None => std::future::pending().await,
    }
}

/// The signals sent to this process, from now on.
///
/// # Errors
/// When the system refuses to have them handled.
pub fn signals() -> io::Result<mpsc::Receiver<Signal>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            let came = tokio::select! {
                Some(()) = terminate.recv() => Signal::Terminate,
                Some(()) = interrupt.recv() => Signal::Interrupt,
                else => return,
            };
            if sender.send(came).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    /// Runs work that ends `after` draining begins and answers how it ended, when, and when draining began.
    async fn conduct(first: Signal, second: Option<(Signal, u64)>, after: u64) -> (Ended<u64>, u64) {
        let (sender, mut signals) = mpsc::channel(4);
        let shutdown = Shutdown::default();
        let began = Instant::now();
        sender.send(first).await.unwrap();
        let draining = shutdown.draining();
        let work = async {
            draining.cancelled().await;
            let draining_at = began.elapsed().as_secs();
            sleep(Duration::from_secs(after)).await;
            draining_at
        };
        tokio::spawn(async move {
            if let Some((signal, at)) = second {
                sleep(Duration::from_secs(at)).await;
                sender.send(signal).await.unwrap();
            }
        });
        let ended = shutdown.conduct(&mut signals, Grace::default(), work).await;
        (ended, began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn sigterm_serves_five_seconds_more_and_ends_with_the_work() {
        assert_eq!(conduct(Signal::Terminate, None, 3).await, (Ended::Finished(5), 8));
    }

    #[tokio::test(start_paused = true)]
    async fn sigint_drains_at_once() {
        assert_eq!(conduct(Signal::Interrupt, None, 3).await, (Ended::Finished(0), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_does_not_end_is_left_within_25_seconds() {
        let (ended, seconds) = conduct(Signal::Terminate, None, 3_600).await;
        assert_eq!((ended, seconds), (Ended::Overdue, 24));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_ends_it_at_once() {
        for (second, code) in [(Signal::Terminate, 143), (Signal::Interrupt, 130)] {
            let (ended, seconds) = conduct(Signal::Terminate, Some((second, 2)), 3_600).await;
            assert_eq!(seconds, 2);
            assert_eq!(ended, Ended::Forced(second));
            assert_eq!(second.exit_code(), code);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_phases_come_in_order_and_none_is_left_out() {
        let shutdown = Shutdown::default();
        let phase = |seconds| {
            let shutdown = shutdown.clone();
            async move {
                sleep(Duration::from_secs(seconds)).await;
                shutdown.phase()
            }
        };
        let (sender, mut signals) = mpsc::channel(1);
        sender.send(Signal::Terminate).await.unwrap();
        let work = async { tokio::join!(phase(1), phase(6), phase(21)) };
        let seen = shutdown.conduct(&mut signals, Grace::default(), work).await;
        assert_eq!(
            seen,
            Ended::Finished((Phase::Leaving, Phase::Draining, Phase::Releasing))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_ends_by_itself_needs_no_signal() {
        let (_sender, mut signals) = mpsc::channel(1);
        let ended = Shutdown::default()
            .conduct(&mut signals, Grace::default(), async { 7 })
            .await;
        assert_eq!(ended, Ended::Finished(7));
    }
}
