//! Whether the process lives, and whether it should be sent requests. A provider that is down makes it neither dead nor
//! unready; a database that is away, a clock that is off, or a shutdown does.

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

use super::problem::{Cause, Problem};

const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
const KEPT_FOR: Duration = Duration::from_millis(500);

/// Asks what the service cannot do without.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Answers when it is there and can be used, or with what is wrong.
    async fn probe(&self) -> Result<(), Cause>;
}

/// Whether requests should be sent here.
pub struct Readiness {
    probe: Arc<dyn Probe>,
    leaving: CancellationToken,
    last: Mutex<Option<(Instant, bool)>>,
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
            last: Mutex::new(None),
        }
    }

    /// Whether requests should be sent here. However many ask, the database is asked at most twice a second.
    pub async fn is_ready(&self) -> bool {
        if self.leaving.is_cancelled() {
            return false;
        }
        let mut last = self.last.lock().await;
        if let Some((asked_at, ready)) = *last
            && asked_at.elapsed() < KEPT_FOR
        {
            return ready;
        }
        let outcome = self.ask().await;
        let ready = outcome.is_ok();
        let was_ready = last.is_none_or(|(_, ready)| ready);
        *last = Some((Instant::now(), ready));
        match outcome {
            Err(reason) if was_ready => {
                tracing::warn!(error = &reason as &dyn std::error::Error, "no longer ready");
            }
            Ok(()) if !was_ready => tracing::info!("ready again"),
            _ => {}
        }
        ready
    }

    async fn ask(&self) -> Result<(), NotReady> {
        match timeout(PROBE_TIMEOUT, self.probe.probe()).await {
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
/// Not while the database is away, its clock and this machine's disagree, or the service is shutting down.
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
    use std::sync::Mutex as StdMutex;

    /// A database in the state that a test puts it in.
    struct Database(StdMutex<Result<(), Option<&'static str>>>, StdMutex<u32>);

    #[async_trait]
    impl Probe for Database {
        async fn probe(&self) -> Result<(), Cause> {
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
        let database = Arc::new(Database(StdMutex::new(state), StdMutex::default()));
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

    #[tokio::test]
    async fn it_is_unready_at_once_when_it_leaves() {
        let (_, readiness, leaving) = database(Ok(()));
        assert!(readiness.is_ready().await);
        leaving.cancel();
        assert!(!readiness.is_ready().await);
    }
}
