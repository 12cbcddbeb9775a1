//! `Idempotency-Key`: the first answer is kept and given again, for 24 hours, durably and per application.

use std::future::Future;
use std::time::Duration;

use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::extract::IdempotencyKey;
use super::problem::{Code, KeptProblem, Problem};
use super::state::Services;
use crate::domain::id::ApplicationId;
use crate::domain::random::unguessable_id;
use crate::store::idempotency::{Claim, HeldKey, KeptAnswer, KeyClaim};

/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// After this a request that has not been answered is taken for dead: longer than any request may run.
const BUSY_FOR: Duration = Duration::from_secs(20);

/// A successful answer: its status, where the resource is, and the resource.
pub struct Success<T> {
    /// 200 or 201.
    pub status: StatusCode,
    /// `Location`.
    pub location: Option<String>,
    /// The body.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Success<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        set_location(&mut response, self.location.as_deref());
        response
    }
}

/// What is asked for under a key.
pub struct Request<'a> {
    /// Whose key it is.
    pub application: ApplicationId,
    /// The key, where the caller gives one.
    pub key: Option<&'a IdempotencyKey>,
    /// Which operation.
    pub operation: &'static str,
    /// SHA-256 of the body.
    pub payload: [u8; 32],
    /// The id of what is to be made.
    pub resource_id: Uuid,
}

/// Whether what is asked for may be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// It is to be made under this id.
    New(Uuid),
    /// A process that has died was about to make it under this id.
    Perhaps(Uuid),
}

/// Carries `operate` out once for all requests with the same key.
pub async fn answer<T, F>(
    services: &Services,
    request: Request<'_>,
    operate: impl FnOnce(Resource) -> F,
) -> Result<Response, Problem>
where
    T: Serialize,
    F: Future<Output = Result<Success<T>, Problem>>,
{
    let Some(key) = request.key else {
        return operate(Resource::New(request.resource_id))
            .await
            .map(IntoResponse::into_response);
    };
    let now = services.clock.now()?;
    let held = HeldKey {
        application_id: request.application,
        key_hash: Sha256::digest(key.as_str()).into(),
        owner: unguessable_id(&*services.random),
    };
    let claim = KeyClaim {
        held: held.clone(),
        fingerprint: Sha256::new()
            .chain_update(request.operation)
            .chain_update(request.payload)
            .finalize()
            .into(),
        resource_id: request.resource_id,
        now,
        busy_until: now + BUSY_FOR,
        expires_at: now + KEPT_FOR,
    };
    let resource = match services.store.claim_key(claim).await? {
        Claim::Taken => Resource::New(request.resource_id),
        Claim::TakenOver { resource_id } => Resource::Perhaps(resource_id),
        Claim::Answered(kept) => return replay(kept),
        Claim::InProgress => {
            return Err(Problem::new(
                Code::RequestInProgress,
                "The first request with this Idempotency-Key is still running; repeat it in a moment.",
            )
            .retry_after(Duration::from_secs(1)));
        }
        Claim::Reused => {
            return Err(Problem::new(
                Code::IdempotencyKeyReused,
                "This Idempotency-Key was used for another request; use a new key for each request.",
            ));
        }
    };
    let result = operate(resource).await;
    keep(services, held, &result).await;
    result.map(IntoResponse::into_response)
}

/// Keeps an answer that stays the same; lets go of a key whose request may succeed later.
async fn keep<T: Serialize>(services: &Services, held: HeldKey, result: &Result<Success<T>, Problem>) {
    let kept = match result {
        Ok(success) => serde_json::to_string(&success.body).ok().map(|body| KeptAnswer {
            status: success.status.as_u16(),
            location: success.location.clone(),
            body,
        }),
        Err(problem) if is_final(problem.code().status()) => {
            serde_json::to_string(problem.kept()).ok().map(|body| KeptAnswer {
                status: problem.code().status().as_u16(),
                location: None,
                body,
            })
        }
        Err(_) => None,
    };
    let done = match kept {
        Some(answer) => services.store.keep_answer(held, answer).await,
        None => services.store.release_key(held).await,
    };
    if let Err(error) = done {
        // The key stays busy until it is taken for dead; whoever repeats the request then finds what was made.
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "an idempotent answer was not kept"
        );
    }
}

/// Whether repeating the request would be answered the same: not what was refused for now, or for who asked.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS
        )
}

fn replay(kept: KeptAnswer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(kept.status).map_err(Problem::internal)?;
    if !status.is_success() {
        let problem: KeptProblem = serde_json::from_str(&kept.body).map_err(Problem::internal)?;
        return Err(problem.into());
    }
    let body: Box<serde_json::value::RawValue> =
        serde_json::value::RawValue::from_string(kept.body).map_err(Problem::internal)?;
    let mut response = (status, axum::Json(body)).into_response();
    set_location(&mut response, kept.location.as_deref());
    Ok(response)
}

fn set_location(response: &mut Response, location: Option<&str>) {
    if let Some(value) = location.and_then(|location| HeaderValue::from_str(location).ok()) {
        response.headers_mut().insert(LOCATION, value);
    }
}
