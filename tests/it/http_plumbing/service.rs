//! A server with one endpoint for each thing to be tried, and what every answer of it must have.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::routing::{get, post};
use otpost::domain::id::VerificationId;
use otpost::domain::random::OsRandom;
use otpost::http::extract::{ClientAddress, IdempotencyKey, Json, NoBody, Query, Subject};
use otpost::http::health::{self, Probe, Readiness};
use otpost::http::layer::{self, Layers};
use otpost::http::problem::{Cause, Code, Problem};
use otpost::http::server::{self, Limits, Stop};
use otpost::http::{docs, metrics};
use otpost::lifecycle::Shutdown;
use otpost::telemetry;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::support::plain_http::Answer;

/// Found nowhere but in what the tests send.
pub const CANARY: &str = "424242";

/// How long the answer of `GET /megabyte` is.
pub const MEGABYTE: usize = 1 << 20;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Guess {
    verification_id: String,
    code: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    limit: Option<u32>,
}

struct AlwaysThere;

#[async_trait]
impl Probe for AlwaysThere {
    async fn ask(&self) -> Result<(), Cause> {
        Ok(())
    }

    fn check(&self) -> Result<(), Cause> {
        Ok(())
    }
}

/// A server with one endpoint for each thing to be tried.
pub struct Service {
    pub address: SocketAddr,
    pub shutdown: Shutdown,
    /// Lets `GET /wait` answer.
    pub gate: Arc<Notify>,
    /// Told when `GET /wait` has begun.
    pub entered: Arc<Notify>,
    pub ended: JoinHandle<usize>,
}

#[derive(Clone, Copy)]
pub struct Settings {
    pub limits: Limits,
    pub body_timeout: Duration,
    pub timeout: Duration,
    pub max_in_flight: usize,
    pub max_open_in_flight: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let layers = layer::Settings::new("", Arc::new(OsRandom));
        Self {
            limits: Limits::default(),
            body_timeout: layers.body_timeout,
            timeout: layers.timeout,
            max_in_flight: layers.max_in_flight,
            max_open_in_flight: layers.max_open_in_flight,
        }
    }
}

impl Service {
    pub async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    pub async fn start_with(settings: Settings) -> Self {
        let (gate, entered, shutdown) = (
            Arc::new(Notify::new()),
            Arc::new(Notify::new()),
            Shutdown::default(),
        );
        let readiness = Arc::new(Readiness::new(Arc::new(AlwaysThere), shutdown.leaving()));
        let layers = Layers::new(layer::Settings {
            body_timeout: settings.body_timeout,
            timeout: settings.timeout,
            max_in_flight: settings.max_in_flight,
            max_open_in_flight: settings.max_open_in_flight,
            ..layer::Settings::new("https://otp.example/", Arc::new(OsRandom))
        });
        let router = layers
            .bound(endpoints(gate.clone(), entered.clone()))
            .merge(layers.bound_open(docs::router()))
            .merge(health::routes().with_state(readiness).split_for_parts().0)
            .merge(metrics::router(telemetry::metrics().unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Stop {
            leaving: shutdown.leaving(),
            draining: shutdown.draining(),
            abandon: shutdown.releasing(),
        };
        let ended = tokio::spawn(server::serve(
            listener,
            layers.observe(router),
            settings.limits,
            stop,
        ));
        Self {
            address,
            shutdown,
            gate,
            entered,
            ended,
        }
    }
}

fn endpoints(gate: Arc<Notify>, entered: Arc<Notify>) -> Router {
    async fn verify(Json(guess): Json<Guess>) -> Json<Guess> {
        Json(guess)
    }
    async fn panic() -> &'static str {
        let code = CANARY;
        panic!("the code is {code}")
    }
    async fn fail() -> Problem {
        Problem::internal(format!("the database said {CANARY}"))
    }
    async fn item(Subject(id): Subject<VerificationId>) -> String {
        id.to_string()
    }
    async fn list(Query(page): Query<Page>) -> String {
        page.limit.unwrap_or(20).to_string()
    }
    async fn keyed(key: Option<IdempotencyKey>, _: NoBody) -> String {
        key.map_or_else(String::new, |key| key.as_str().to_owned())
    }
    async fn whoami(address: ClientAddress) -> String {
        address.ip().to_string()
    }
    // More than the buffers of two sockets hold.
    async fn large() -> Vec<u8> {
        vec![0; 32 * 1024 * 1024]
    }
    let wait = move || async move {
        entered.notify_one();
        gate.notified().await;
        "done"
    };
    Router::new()
        .route("/v1/otp/verify", post(verify))
        .route("/v1/otp/{id}", get(item))
        .route("/panic", get(panic))
        .route("/fail", get(fail))
        .route("/list", get(list))
        .route("/keyed", post(keyed))
        .route("/whoami", get(whoami))
        .route("/large", get(large))
        .route("/wait", get(wait))
        .route("/megabyte", get(|| async { "x".repeat(MEGABYTE) }))
}

/// What every answer has, and every problem besides.
pub fn assert_problem(answer: &Answer, code: Code) {
    assert_eq!(answer.status, code.status().as_u16(), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_common(answer);
    let body = answer.json();
    let id = answer.header("x-request-id");
    assert_eq!(body["code"], code.as_str(), "{answer:?}");
    assert_eq!(body["title"], code.title());
    assert_eq!(body["status"], code.status().as_u16());
    assert_eq!(body["instance"], format!("urn:otpost:request:{id}"));
    let anchor = format!("https://otp.example/docs/problems#{}", code.as_str());
    assert_eq!(body["type"], anchor);
    assert!(!body["detail"].as_str().unwrap().is_empty());
    assert!(!format!("{answer:?}").contains(CANARY), "{answer:?}");
}

pub fn assert_common(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_labelled(answer);
}

/// What an answer has that may be kept.
pub fn assert_labelled(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let id = answer.header("x-request-id");
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id:?}"
    );
}
