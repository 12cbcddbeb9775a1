//! Whether the process lives, and whether it should be sent requests. A provider that is down makes it neither dead nor
//! unready; a database that is away or takes no writes, a clock that is off, a directory that is stale or none of whose environments
//! can be read, or a shutdown does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::State;
use axum::http::StatusCode;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Cause, Problem, chain};

const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
const KEPT_FOR: Duration = Duration::from_millis(500);

/// Asks what the service cannot do without.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Answers when the database does.
    async fn ask(&self) -> Result<(), Cause>;

    /// What is wrong, as far as is known without asking.
    fn check(&self) -> Result<(), Cause>;
}

/// Whether requests should be sent here.
pub struct Readiness {
    probe: Arc<dyn Probe>,
    leaving: CancellationToken,
    last: Mutex<Last>,
}

/// What was found last.
struct Last {
    /// When the database was asked, and whether it answered.
    asked: Option<(Instant, bool)>,
    ready: bool,
}

impl Default for Last {
    fn default() -> Self {
        Self {
            asked: None,
            ready: true,
        }
    }
}

/// Why requests should not be sent here.
#[derive(Debug, thiserror::Error)]
enum NotReady {
    #[error("the database did not answer within {PROBE_TIMEOUT:?}")]
    Slow,
    #[error("requests cannot be served")]
    Unfit(#[source] Cause),
}

impl Readiness {
    /// Ready as long as `probe` answers in time and `leaving` is not cancelled.
    pub fn new(probe: Arc<dyn Probe>, leaving: CancellationToken) -> Self {
        Self {
            probe,
            leaving,
            last: Mutex::default(),
        }
    }

    /// Whether requests should be sent here. However many ask, the database is asked at most twice a second.
    pub async fn is_ready(&self) -> bool {
        if self.leaving.is_cancelled() {
            return false;
        }
        let mut last = self.last.lock().await;
        let outcome = match last.asked {
            Some((asked_at, false)) if asked_at.elapsed() < KEPT_FOR => return false,
            Some((asked_at, true)) if asked_at.elapsed() < KEPT_FOR => Ok(()),
            _ => {
                let outcome = self.ask().await;
                last.asked = Some((Instant::now(), outcome.is_ok()));
                outcome
            }
        };
        // What is known is looked at each time: a clock that was set a moment ago is no clock to be sent requests with.
        let outcome = outcome.and_then(|()| self.probe.check().map_err(NotReady::Unfit));
        let was_ready = std::mem::replace(&mut last.ready, outcome.is_ok());
        match &outcome {
            Err(reason) if was_ready => {
                tracing::warn!(error.chain = %chain(reason), "no longer ready");
            }
            Ok(()) if !was_ready => tracing::info!("ready again"),
            _ => {}
        }
        outcome.is_ok()
    }

    async fn ask(&self) -> Result<(), NotReady> {
        match timeout(PROBE_TIMEOUT, self.probe.ask()).await {
            Err(_) => Err(NotReady::Slow),
            Ok(outcome) => outcome.map_err(NotReady::Unfit),
        }
    }
}

/// `GET /livez` and `GET /readyz`, for both listeners.
pub fn routes() -> OpenApiRouter<Arc<Readiness>> {
    OpenApiRouter::default()
        .routes(routes!(livez))
        .routes(routes!(readyz))
}

/// Whether `route` is one of [`routes`].
pub(super) fn is_health(route: &str) -> bool {
    matches!(route, "/livez" | "/readyz")
}

/// Whether the process lives.
///
/// Answers as long as the process does, whatever the state of the database or a provider.
#[utoipa::path(get, path = "/livez", tag = "operations", responses((status = 200, description = "It lives.")))]
async fn livez() -> StatusCode {
    StatusCode::OK
}

/// Whether requests should be sent here.
///
/// Not while the database is away or takes no writes, its clock and this machine's disagree, the settings could not be read
/// for 5 s, this process cannot read those of any environment, or the service is shutting down.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses((status = 200, description = "It is ready.")),
    extensions(("x-problems" = json!(["service_unavailable"]))),
)]
async fn readyz(State(readiness): State<Arc<Readiness>>) -> Result<StatusCode, Problem> {
    if readiness.is_ready().await {
        Ok(StatusCode::OK)
    } else {
        Err(Problem::overloaded())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::Mutex as StdMutex;

    /// A database in the state that a test puts it in.
    struct Database(
        StdMutex<Result<(), Option<&'static str>>>,
        StdMutex<u32>,
        StdMutex<Result<(), &'static str>>,
    );

    #[async_trait]
    impl Probe for Database {
        fn check(&self) -> Result<(), Cause> {
            self.2.lock().unwrap().map_err(Into::into)
        }

        async fn ask(&self) -> Result<(), Cause> {
            *self.1.lock().unwrap() += 1;
            let state = *self.0.lock().unwrap();
            match state {
                Ok(()) => Ok(()),
                Err(Some(error)) => Err(error.into()),
                Err(None) => std::future::pending().await,
            }
        }
    }

    fn database(state: Result<(), Option<&'static str>>) -> (Arc<Database>, Readiness, CancellationToken) {
        let database = Arc::new(Database(
            StdMutex::new(state),
            StdMutex::default(),
            StdMutex::new(Ok(())),
        ));
        let leaving = CancellationToken::new();
        let readiness = Readiness::new(database.clone(), leaving.clone());
        (database, readiness, leaving)
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_ready_exactly_when_the_database_answers_in_time() {
        let table = [(Ok(()), true), (Err(Some("away")), false), (Err(None), false)];
        for (state, expected) in table {
            assert_eq!(database(state).1.is_ready().await, expected, "{state:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_share_one_answer_for_half_a_second() {
        let (database, readiness, _) = database(Ok(()));
        for _ in 0..10 {
            assert!(readiness.is_ready().await);
        }
        assert_eq!(*database.1.lock().unwrap(), 1);
        *database.0.lock().unwrap() = Err(Some("away"));
        tokio::time::advance(KEPT_FOR).await;
        assert!(!readiness.is_ready().await);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_known_without_asking_counts_at_once() {
        let (database, readiness, _) = database(Ok(()));
        assert!(readiness.is_ready().await);
        *database.2.lock().unwrap() = Err("the clock was set");
        assert!(!readiness.is_ready().await);
        *database.2.lock().unwrap() = Ok(());
        assert!(readiness.is_ready().await);
        assert_eq!(*database.1.lock().unwrap(), 1);
    }

    #[tokio::test]
    async fn why_it_is_no_longer_ready_is_logged_once_and_with_its_cause() {
        let (mut log, writer) = io::pipe().unwrap();
        let lines = tracing_subscriber::fmt().json().with_writer(Arc::new(writer));
        let guard = tracing::subscriber::set_default(lines.finish());
        let (database, readiness, _) = database(Ok(()));
        *database.2.lock().unwrap() = Err("the clock was set");
        for _ in 0..2 {
            assert!(!readiness.is_ready().await);
        }
        drop(guard);
        let log = io::read_to_string(&mut log).unwrap();
        let told = log.matches("requests cannot be served: the clock was set");
        assert_eq!(told.count(), 1, "{log}");
    }

    #[tokio::test]
    async fn it_is_unready_at_once_when_it_leaves() {
        let (_, readiness, leaving) = database(Ok(()));
        assert!(readiness.is_ready().await);
        leaving.cancel();
        assert!(!readiness.is_ready().await);
    }
}
