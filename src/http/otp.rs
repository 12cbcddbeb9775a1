//! The endpoints of one-time codes, a file each, and what their problems have in common.

use std::sync::Arc;

use std::time::Duration;

use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{IdempotencyKey, Json, Payload, Prefer};
use super::problem::{Code, Problem};
use super::state::Services;
use crate::domain::idempotency::{KeyedRequest, Operation};
use crate::domain::message::FailureCode;
use crate::service::otp::{Caller, NotDelivered, SendError};
use crate::store::StoreError;

mod cancel;
mod connections;
mod read;
mod refused;
mod resend;
mod send;
mod verify;

/// The routes under `/v1` that an application's key opens.
pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new()
        .routes(routes!(send::send_code))
        .routes(routes!(verify::verify_code))
        .routes(routes!(resend::resend_code))
        .routes(routes!(cancel::cancel_verification))
        .routes(routes!(read::read_verification))
        .routes(routes!(connections::list_connections))
}

/// The request that carries `key`, with its body as it was sent.
pub(super) fn keyed_request<T>(
    services: &Services,
    caller: &Caller,
    operation: Operation,
    key: Option<IdempotencyKey>,
    payload: &Payload<T>,
) -> Option<KeyedRequest> {
    let key = key?;
    Some(
        services
            .otp
            .keyed_request(caller, operation, key.as_str(), &payload.bytes),
    )
}

/// What was made, and where it is.
pub(super) fn created<T>(location: String, view: T) -> (StatusCode, [(HeaderName, String); 1], Json<T>) {
    (StatusCode::CREATED, [(LOCATION, location)], Json(view))
}

/// How long an answer waits for the provider: as configured, or less if the caller prefers.
pub(super) fn max_wait(services: &Services, prefer: Prefer) -> Duration {
    if prefer.respond_async {
        return Duration::ZERO;
    }
    prefer.wait.map_or(services.wait, |wait| wait.min(services.wait))
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Clock(_)
            | StoreError::Unavailable(_)
            | StoreError::Keys(_)
            | StoreError::Corrupt { .. } => Self::unavailable(error).retry_after(Duration::from_secs(1)),
            StoreError::Statement(_) => Self::internal(error),
        }
    }
}

impl From<SendError> for Problem {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused(refused) => refused.into(),
            SendError::NotDelivered(refused) => refused.into(),
            SendError::Store(error) => error.into(),
        }
    }
}

impl From<NotDelivered> for Problem {
    fn from(refused: NotDelivered) -> Self {
        let code = match refused.failure.code {
            FailureCode::RecipientRejected => Code::RecipientRejected,
            FailureCode::RecipientOptedOut => Code::RecipientOptedOut,
            FailureCode::DeliveryFailed => Code::DeliveryFailed,
        };
        Self::new(code, refused.failure.detail).with(|body| {
            body.verification_id = Some(refused.verification_id);
            body.message_id = Some(refused.message_id);
        })
    }
}
