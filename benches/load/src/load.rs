//! The load: 64 connections that each send their next request as soon as the last is answered, or sends at a fixed rate.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::{Mutex, mpsc};

use crate::Failure;
use crate::http::{Connection, find};
use crate::machine::Spent;
use crate::postgres::Database;
use crate::recipients::recipient;
use crate::service::{Manner, Service};
use crate::twilio_double::TwilioDouble;

const CONNECTIONS: usize = 64;

/// How long the queue may take to drain before the run counts as failed.
const DRAIN: Duration = Duration::from_mins(2);

/// The recipients of a run, over all of its rows: none is written to twice.
static NEXT_RECIPIENT: AtomicU64 = AtomicU64::new(0);

/// Requests to one service, or to several processes of it in equal parts.
pub struct Load<'a> {
    services: Vec<&'a Service>,
    database: Option<&'a Database>,
    postmaster: Option<u32>,
    double: Arc<TwilioDouble>,
    span: Duration,
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
    /// Until the last message was accepted.
    pub took: Duration,
    /// What of it came after the last answer.
    pub drain: Duration,
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
        services: &[&'a Service],
        database: Option<&'a Database>,
        double: &Arc<TwilioDouble>,
        span: Duration,
    ) -> Self {
        Self {
            services: services.to_vec(),
            database,
            postmaster: database.and_then(Database::postmaster),
            double: Arc::clone(double),
            span,
        }
    }

    /// What is not measured: connections, caches and files come to their size.
    pub fn warm_up(&self) -> Result<(), Failure> {
        let Answers { sent, .. } = self.send(Manner::RespondAsync)?;
        self.verify(sent).map(drop)
    }

    /// Sends for the span, then waits until Twilio has accepted everything.
    pub fn send(&self, manner: Manner) -> Result<Answers, Failure> {
        let (sent, figures) = self.measure(async |started: Instant| {
            let end = started + self.span;
            self.on_all_connections(|service, mut connection| async move {
                let mut done = Vec::new();
                loop {
                    let asked = Instant::now();
                    if asked > end {
                        return Ok(done);
                    }
                    done.push(send(service, &mut connection, manner, asked).await?);
                }
            })
            .await
        })?;
        Ok(Answers { sent, figures })
    }

    /// Sends so many a second at a fixed rate for the span, whether earlier ones are answered or not. A send's time begins when
    /// it is due: one that has to wait because the service has fallen behind shows so.
    pub fn send_at(&self, rate: u32) -> Result<Figures, Failure> {
        let (_, figures) = self.measure(async |started: Instant| {
            let due = &Mutex::new(due_times(started, rate, self.span));
            self.on_all_connections(|service, mut connection| async move {
                let mut done = Vec::new();
                while let Some(at) = next(due).await {
                    done.push(send(service, &mut connection, Manner::Wait, at).await?);
                }
                Ok(done)
            })
            .await
        })?;
        Ok(figures)
    }

    /// Verifies them with their codes, each once, for the span at most.
    pub fn verify(&self, sent: Vec<Sent>) -> Result<Figures, Failure> {
        let mut guesses = Vec::with_capacity(sent.len());
        for Sent { to, verification_id } in sent {
            let code = self.double.code(to).ok_or("a code that was sent is not there")?;
            guesses.push((verification_id, code));
        }
        let (guesses, next) = (&guesses, &AtomicUsize::new(0));
        let (_, figures) = self.measure(async |started: Instant| {
            let end = started + self.span;
            self.on_all_connections(|service, mut connection| async move {
                let mut done = Vec::new();
                while let Some((id, code)) = guesses.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let asked = Instant::now();
                    if asked > end {
                        break;
                    }
                    let request = service.verify_request(id, code);
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
        let sent_before = NEXT_RECIPIENT.load(Ordering::Relaxed);
        let accepted_before = self.double.accepted();
        let wal_before = self.wal_bytes()?;
        let before = self.spent()?;
        let started = Instant::now();
        let worked = runtime.block_on(work(started))?;
        let answered = started.elapsed();
        let all_sent = NEXT_RECIPIENT.load(Ordering::Relaxed);
        runtime.block_on(self.drained(accepted_before + all_sent - sent_before))?;
        let took = started.elapsed();
        let spent = self.spent()?.since(before);
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
            drain: took.saturating_sub(answered),
            median: at(50),
            slow: at(99),
            spent,
            wal_bytes: self.wal_bytes()?.saturating_sub(wal_before),
        };
        Ok((done, figures))
    }

    async fn on_all_connections<T, F>(
        &self,
        work: impl Fn(&'a Service, Connection) -> F,
    ) -> Result<Vec<T>, Failure>
    where
        F: Future<Output = Result<Vec<T>, Failure>>,
    {
        let mut connections = Vec::new();
        for service in self.services.iter().cycle().take(CONNECTIONS) {
            connections.push(work(service, Connection::open(service.address()).await?));
        }
        let mut done = Vec::new();
        for result in join_all(connections).await {
            done.extend(result?);
        }
        Ok(done)
    }

    fn wal_bytes(&self) -> Result<u64, Failure> {
        self.database.map_or(Ok(0), Database::wal_bytes)
    }

    fn spent(&self) -> Result<Spent, Failure> {
        let pids: Vec<u32> = self.services.iter().map(|service| service.pid()).collect();
        Ok(Spent::now(&pids, self.postmaster)?)
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

/// Sends to the next recipient. `from` is where its time is counted from.
async fn send(
    service: &Service,
    connection: &mut Connection,
    manner: Manner,
    from: Instant,
) -> Result<(Sent, Duration), Failure> {
    let to = recipient(NEXT_RECIPIENT.fetch_add(1, Ordering::Relaxed));
    let request = service.send_request(to, manner);
    let (status, body) = connection.ask(request.as_bytes()).await?;
    let took = from.elapsed();
    let verification_id = verification_id(status, body)?;
    Ok((Sent { to, verification_id }, took))
}

/// Each time a send is due, when it is. From a thread of its own, which wakes some tens of microseconds late; the timer of the
/// runtime knows whole milliseconds only.
fn due_times(started: Instant, rate: u32, span: Duration) -> mpsc::UnboundedReceiver<Instant> {
    let (due, times) = mpsc::unbounded_channel();
    thread::spawn(move || {
        let interval = Duration::from_secs(1) / rate;
        let mut at = started;
        while at < started + span {
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if due.send(at).is_err() {
                return;
            }
            at += interval;
        }
    });
    times
}

async fn next(due: &Mutex<mpsc::UnboundedReceiver<Instant>>) -> Option<Instant> {
    due.lock().await.recv().await
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
