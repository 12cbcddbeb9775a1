//! Who is calling. A handler says in its signature whose key it takes; the key is looked up in memory, so that neither a
//! good nor a bad one touches the database.

use std::sync::Arc;

use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::Extensions;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::extract::{ClientAddress, bearer};
use super::failed_auth::{FAILURES, WINDOW};
use super::problem::{Code, Problem};
use super::state::Services;
use crate::domain::api_key::ApiKey;
use crate::domain::id::KeyId;
use crate::service::actor::Actor;
use crate::service::directory::{KeyHolder, OutOfService};
use crate::service::otp::Caller;

/// An application, by its key.
pub struct Application(pub Caller);

/// An administrator, by their key.
pub struct Administrator(pub Actor);

/// A caller whose key is known, before anybody has asked what it may do.
#[derive(Clone)]
struct Authenticated {
    holder: KeyHolder,
    address: ClientAddress,
}

/// Puts the key before `routes`: without a valid one nothing of a request is looked at but its head.
pub fn require_key(routes: Router, services: Arc<Services>) -> Router {
    routes.route_layer(from_fn_with_state(services, authenticate))
}

async fn authenticate(State(services): State<Arc<Services>>, mut request: Request, next: Next) -> Response {
    match find(&services, &request) {
        Ok(authenticated) => {
            request.extensions_mut().insert(authenticated);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn find(services: &Services, request: &Request) -> Result<Authenticated, Problem> {
    let address = ClientAddress::of(request.extensions())?;
    let key = bearer(request.headers()).and_then(|key| ApiKey::parse(key.expose()).ok());
    let snapshot = services.directory.current();
    let Some(holder) = key.and_then(|key| snapshot.holder(&key.hash())) else {
        let wait = services.failed_authentications.record_failure(address.ip());
        return Err(wait.map_or_else(Problem::unauthorized, too_many_failures));
    };
    services.last_used.note(holder.key_id());
    Ok(Authenticated { holder, address })
}

/// The key of a request that has passed [`require_key`].
pub(super) fn key_of(extensions: &Extensions) -> Option<KeyId> {
    let authenticated = extensions.get::<Authenticated>();
    authenticated.map(|authenticated| authenticated.holder.key_id())
}

fn authenticated(parts: &mut Parts) -> Result<Authenticated, Problem> {
    let authenticated = parts.extensions.get::<Authenticated>().cloned();
    authenticated
        .ok_or_else(|| Problem::internal("a route that takes a key does not stand behind require_key"))
}

impl<S: Sync> FromRequestParts<S> for Application {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match authenticated(parts)?.holder {
            KeyHolder::Application {
                application,
                environment,
                ..
            } => Ok(Self(Caller {
                application,
                environment,
            })),
            KeyHolder::OutOfService { .. } => Err(OutOfService.into()),
            KeyHolder::Administrator(_) => Err(wrong_kind()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Authenticated { holder, address } = authenticated(parts)?;
        match holder {
            KeyHolder::Administrator(key) => Ok(Self(Actor {
                key: Some(key),
                remote_address: Some(address.ip().to_string()),
            })),
            KeyHolder::Application { .. } | KeyHolder::OutOfService { .. } => Err(wrong_kind()),
        }
    }
}

impl From<OutOfService> for Problem {
    fn from(error: OutOfService) -> Self {
        Self::unavailable(error).retry_after(Duration::from_secs(1))
    }
}

fn too_many_failures(wait: Duration) -> Problem {
    let detail = "This address has sent too many invalid API keys. Wait, then send a valid one.";
    Problem::new(Code::RateLimited, detail).rate_limit("authentication", FAILURES, WINDOW, wait)
}

fn wrong_kind() -> Problem {
    Problem::new(
        Code::Forbidden,
        "Use a key of the other kind: application keys under /v1, administrator keys under /admin.",
    )
}
