//! `POST /v1/otp/verify`. A code that does not verify is never a 2xx.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::keyed_request;
use crate::domain::code::Code as OneTimeCode;
use crate::domain::id::{ConnectionId, VerificationId};
use crate::domain::idempotency::{KeyedRequest, Operation};
use crate::domain::keyring::OpenError;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::verification::Purpose;
use crate::http::auth::Application;
use crate::http::extract::{IdempotencyKey, Json, Named, Payload};
use crate::http::problem::{Code, Problem};
use crate::http::state::Services;
use crate::http::view::Verification;
use crate::service::otp::{Check, Refused, VerifyOtp};
use crate::store::StoreError;

/// A guess.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"verification_id": "ver_0191c6f2a1b37c0e9d1b5d2c8f3e4a5b", "code": "123456"}))]
pub struct VerifyRequest {
    /// The verification, as `send` answered it.
    #[schema(value_type = VerificationId)]
    verification_id: Named<VerificationId>,
    /// The code as the user typed it: a string of digits.
    #[schema(value_type = String, pattern = "^[0-9]{6,10}$")]
    code: Secret,
    /// The purpose it must have been made for.
    purpose: Option<Purpose>,
    /// The connection it must have been made over.
    #[schema(value_type = Option<ConnectionId>)]
    connection_id: Option<Named<ConnectionId>>,
}

/// Verifies a one-time code.
///
/// A code that does not verify is never a success. One that is wrong costs a guess; one of another length, or given for another
/// purpose or connection, costs none. A code verifies once: with an `Idempotency-Key`, a repeat of the guess that was right is
/// answered as it was.
#[utoipa::path(post, path = "/v1/otp/verify", tag = "one-time codes",
    request_body = VerifyRequest,
    params(IdempotencyKey),
    responses((status = 200, description = "The code was right", body = Verification)),
    extensions(("x-problems" = json!(["verification_not_found", "connection_disabled", "already_verified", "verification_canceled", "expired_code", "incorrect_code", "incorrect_code_length", "too_many_attempts", "validation_failed", "invalid_idempotency_key", "idempotency_key_reused"]))))]
pub async fn verify_code(
    State(services): State<Arc<Services>>,
    Application(caller): Application,
    key: Option<IdempotencyKey>,
    payload: Payload<VerifyRequest>,
) -> Result<Json<Verification>, Problem> {
    let request = keyed_request(&services, &caller, Operation::Verify, key, &payload);
    let command = payload.value.finish()?.read(request)?;
    let check = services.otp.verify(&caller, command).await?;
    answer(check, services.clock.estimate()).map(Json)
}

impl VerifyRequest {
    fn read(self, request: Option<KeyedRequest>) -> Result<VerifyOtp, Problem> {
        let known = |id: Named<ConnectionId>| id.0.ok_or(Refused::NotFound);
        Ok(VerifyOtp {
            verification_id: self.verification_id.0.ok_or(Refused::NotFound)?,
            connection_id: self.connection_id.map(known).transpose()?,
            code: OneTimeCode::parse_guess(self.code.expose()).ok_or_else(incorrect_length)?,
            purpose: self.purpose,
            request,
        })
    }
}

fn incorrect_length() -> Problem {
    Problem::new(
        Code::IncorrectCodeLength,
        "Enter the digits of the code as they stand in the message, and nothing else.",
    )
}

/// What a guess is answered with. Only a right one, told now or before, is a success.
fn answer(check: Check, now: Timestamp) -> Result<Verification, Problem> {
    let refused = match check {
        Check::Verified(verification) | Check::Repeated(verification) => {
            return Ok(Verification::of(*verification, now));
        }
        Check::Incorrect { guesses_left } => return Err(incorrect(guesses_left)),
        Check::IncorrectLength => return Err(incorrect_length()),
        Check::UnknownKey { generation } => {
            return Err(StoreError::Keys(OpenError::UnknownGeneration(generation)).into());
        }
        Check::RecipientLocked { until } => Refused::RecipientLocked {
            retry_after: now.until(until),
        },
        Check::KeyReused => Refused::KeyReused,
        Check::NotFound => Refused::NotFound,
        Check::ConnectionDisabled => Refused::ConnectionDisabled,
        Check::AlreadyVerified => Refused::AlreadyVerified,
        Check::Canceled => Refused::Canceled,
        Check::Locked => Refused::Locked,
        Check::Expired => Refused::Expired,
    };
    Err(refused.into())
}

fn incorrect(guesses_left: u8) -> Problem {
    let detail = "The code is wrong; compare it with the newest message.";
    Problem::new(Code::IncorrectCode, detail).with(|body| body.attempts_left = Some(guesses_left))
}
