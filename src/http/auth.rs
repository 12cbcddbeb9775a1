//! Who is calling. A handler says in its signature whose key it takes; the key is looked up in memory, so that neither a
//! good nor a bad one touches the database.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::extract::{ClientAddress, bearer};
use super::problem::{Code, Problem};
use super::state::Services;
use crate::domain::api_key::{ApiKey, KeyKind};
use crate::service::administration::Actor;
use crate::service::directory::KeyHolder;
use crate::service::otp::Caller;

/// An application, by its key.
pub struct Application(pub Caller);

/// An administrator, by their key.
pub struct Administrator(pub Actor);

impl FromRequestParts<Services> for Application {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, Problem> {
        match authenticate(parts, services, KeyKind::Application).await? {
            (
                KeyHolder::Application {
                    application,
                    environment,
                    ..
                },
                _,
            ) => Ok(Self(Caller {
                application,
                environment,
            })),
            (KeyHolder::Administrator { .. }, _) => Err(wrong_kind()),
        }
    }
}

impl FromRequestParts<Services> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, Problem> {
        match authenticate(parts, services, KeyKind::Administrator).await? {
            (KeyHolder::Administrator { key_id }, address) => Ok(Self(Actor {
                key_id: Some(key_id),
                remote_address: Some(address.ip().to_string()),
            })),
            (KeyHolder::Application { .. }, _) => Err(wrong_kind()),
        }
    }
}

async fn authenticate(
    parts: &mut Parts,
    services: &Services,
    wanted: KeyKind,
) -> Result<(KeyHolder, ClientAddress), Problem> {
    let address = ClientAddress::from_request_parts(parts, services).await?;
    let key = bearer(&parts.headers).and_then(|bearer| ApiKey::parse(bearer.0.expose()).ok());
    let snapshot = services.directory.current();
    let found = key.and_then(|key| snapshot.holder(&key.hash()).cloned().map(|holder| (key, holder)));
    let Some((key, holder)) = found else {
        return Err(services
            .failed_authentications
            .record_failure(address.ip())
            .into());
    };
    if key.kind() != wanted {
        return Err(wrong_kind());
    }
    services.last_used.note(match &holder {
        KeyHolder::Application { key_id, .. } | KeyHolder::Administrator { key_id } => *key_id,
    });
    Ok((holder, address))
}

fn wrong_kind() -> Problem {
    Problem::new(
        Code::Forbidden,
        "Use a key of the other kind: application keys under /v1, administrator keys under /admin.",
    )
}
