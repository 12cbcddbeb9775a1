//! The load: 64 connections that each send their next request as soon as the last is answered.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::Failure;
use crate::http::{Connection, find};
use crate::machine::Spent;
use crate::postgres::Postgres;
use crate::recipients::recipient;
use crate::service::Service;
use crate::twilio_double::TwilioDouble;

const CONNECTIONS: usize = 64;

/// How long the queue may take to drain before the run counts as failed.
const DRAIN: Duration = Duration::from_mins(2);

/// The recipients of a run, over all of its rows: none is written to twice.
static NEXT_RECIPIENT: AtomicU64 = AtomicU64::new(0);

pub struct Load<'a> {
    service: &'a Service,
    database: Option<&'a Postgres>,
    postmaster: Option<u32>,
    double: &'a Arc<TwilioDouble>,
    span: Duration,
}

/// How a send is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    RespondAsync,
    /// The same, each with an Idempotency-Key of its own.
    RespondAsyncKeyed,
    Wait,
}

/// A verification that was sent.
pub struct Sent {
    to: u64,
    verification_id: String,
}

/// What sending came to.
pub struct Answers {
    pub sent: Vec<Sent>,
    pub figures: Figures,
}

/// What a row measured.
#[derive(Clone)]
pub struct Figures {
    pub requests: u64,
    pub took: Duration,
    /// Of the answers: half of them were faster, and 99 of 100.
    pub median: Duration,
    pub slow: Duration,
    pub spent: Spent,
    /// Write-ahead log of the whole server.
    pub wal_bytes: u64,
}

impl Figures {
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }
}

impl<'a> Load<'a> {
    pub fn new(
        service: &'a Service,
        database: Option<&'a Postgres>,
        double: &'a Arc<TwilioDouble>,
        span: Duration,
    ) -> Self {
        let postmaster = database.and_then(Postgres::postmaster);
        Self {
            service,
            database,
            postmaster,
            double,
            span,
        }
    }

    /// Sends for the span, then waits until Twilio has accepted everything.
    pub fn send(&self, manner: Manner) -> Result<Answers, Failure> {
        let accepted_before = self.double.accepted();
        let mut spent = Duration::ZERO;
        let (worked, figures) = self.measure(async |started: Instant| {
            let end = started + self.span;
            let worked = self
                .on_all_connections(|mut connection| async move {
                    let mut done = Vec::new();
                    while Instant::now() < end {
                        let to = recipient(NEXT_RECIPIENT.fetch_add(1, Ordering::Relaxed));
                        let request = self.service.send_request(to, manner);
                        let asked = Instant::now();
                        let (status, body) = connection.ask(request.as_bytes()).await?;
                        let took = asked.elapsed();
                        let verification_id = verification_id(status, body)?;
                        done.push((Sent { to, verification_id }, took));
                    }
                    Ok(done)
                })
                .await?;
            spent = started.elapsed();
            let expected = accepted_before + worked.len() as u64;
            self.drained(expected).await?;
            Ok(worked)
        })?;
        if manner != Manner::Wait {
            let drain = figures.took.saturating_sub(spent);
            println!("  drained {:.1} s after the last answer", drain.as_secs_f64());
        }
        Ok(Answers {
            sent: worked,
            figures,
        })
    }

    /// Verifies each of them once, with its code.
    pub fn verify(&self, sent: Vec<Sent>) -> Result<Figures, Failure> {
        let mut guesses = Vec::with_capacity(sent.len());
        for Sent { to, verification_id } in sent {
            let code = self.double.code(to).ok_or("a code that was sent is not there")?;
            guesses.push((verification_id, code));
        }
        let (guesses, next) = (&guesses, &AtomicUsize::new(0));
        let (_, figures) = self.measure(async |_| {
            self.on_all_connections(|mut connection| async move {
                let mut done = Vec::new();
                while let Some((id, code)) = guesses.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let request = self.service.verify_request(id, code);
                    let asked = Instant::now();
                    let (status, body) = connection.ask(request.as_bytes()).await?;
                    if status != 200 {
                        return Err(refusal(status, body));
                    }
                    done.push(((), asked.elapsed()));
                }
                Ok(done)
            })
            .await
        })?;
        Ok(figures)
    }

    fn measure<T>(
        &self,
        work: impl AsyncFnOnce(Instant) -> Result<Vec<(T, Duration)>, Failure>,
    ) -> Result<(Vec<T>, Figures), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let wal_before = self.wal_bytes()?;
        let before = Spent::now(self.service.pid(), self.postmaster)?;
        let started = Instant::now();
        let worked = runtime.block_on(work(started))?;
        let took = started.elapsed();
        let spent = Spent::now(self.service.pid(), self.postmaster)?.since(before);
        let (done, mut times): (Vec<T>, Vec<Duration>) = worked.into_iter().unzip();
        times.sort_unstable();
        let at = |hundredth: usize| {
            times
                .get(times.len() * hundredth / 100)
                .copied()
                .unwrap_or_default()
        };
        let figures = Figures {
            requests: done.len() as u64,
            took,
            median: at(50),
            slow: at(99),
            spent,
            wal_bytes: self.wal_bytes()?.saturating_sub(wal_before),
        };
        Ok((done, figures))
    }

    async fn on_all_connections<T, F>(&self, work: impl Fn(Connection) -> F) -> Result<Vec<T>, Failure>
    where
        F: Future<Output = Result<Vec<T>, Failure>>,
    {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(work(Connection::open(self.service.address()).await?));
        }
        let mut done = Vec::new();
        for result in join_all(connections).await {
            done.extend(result?);
        }
        Ok(done)
    }

    fn wal_bytes(&self) -> Result<u64, Failure> {
        self.database.map_or(Ok(0), Postgres::wal_bytes)
    }

    async fn drained(&self, expected: u64) -> Result<(), Failure> {
        let end = Instant::now() + DRAIN;
        while self.double.accepted() < expected {
            if Instant::now() > end {
                let missing = expected - self.double.accepted();
                return Err(format!("{missing} messages were not sent within {DRAIN:?}").into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

fn verification_id(status: u16, body: &[u8]) -> Result<String, Failure> {
    const LENGTH: usize = "ver_".len() + 32;
    let id = find(body, b"ver_").and_then(|begin| body.get(begin..begin + LENGTH));
    match id {
        Some(id) if status == 201 => Ok(String::from_utf8(id.to_vec())?),
        _ => Err(refusal(status, body)),
    }
}

fn refusal(status: u16, body: &[u8]) -> Failure {
    format!("the service answered {status}: {}", String::from_utf8_lossy(body)).into()
}
