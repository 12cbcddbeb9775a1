//! `POST /v1/otp/verify`. A code that does not verify is never a 2xx.

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    connection_disabled, idempotency_key_reused, recipient_locked, verification_id, verification_not_found,
};
use crate::domain::code::Code as OneTimeCode;
use crate::domain::field::FieldError;
use crate::domain::id::{ConnectionId, VerificationId};
use crate::domain::idempotency::{KeyedRequest, Operation};
use crate::domain::secret::Secret;
use crate::domain::verification::{Purpose, VerificationView};
use crate::http::auth::Application;
use crate::http::extract::{IdempotencyKey, Json, Payload};
use crate::http::problem::{Code, Problem};
use crate::http::state::Services;
use crate::service::otp::{VerifyError, VerifyOtp};

/// A guess.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"verification_id": "ver_0191c6f2a1b37c0e9d1b5d2c8f3e4a5b", "code": "123456"}))]
pub struct VerifyRequest {
    /// The verification, as `send` answered it.
    #[schema(value_type = VerificationId)]
    verification_id: String,
    /// The code as the user typed it: a string of digits.
    #[schema(value_type = String, pattern = "^[0-9]{6,10}$")]
    code: Secret,
    /// The purpose it must have been made for.
    #[schema(value_type = Option<Purpose>)]
    purpose: Option<String>,
    /// The connection it must have been made over.
    #[schema(value_type = Option<ConnectionId>)]
    connection_id: Option<String>,
}

/// Verifies a one-time code.
#[utoipa::path(post, path = "/v1/otp/verify", tag = "one-time codes",
    operation_id = "verify_code", security(("application_key" = [])),
    request_body = VerifyRequest,
    params(IdempotencyKey),
    responses((status = 200, description = "The code was right", body = VerificationView)),
    extensions(("x-problems" = json!(["verification_not_found", "connection_disabled", "already_verified", "verification_canceled", "expired_code", "incorrect_code", "incorrect_code_length", "too_many_attempts", "validation_failed", "invalid_idempotency_key", "idempotency_key_reused"]))))]
pub async fn verify(
    State(services): State<Services>,
    Application(caller): Application,
    key: Option<IdempotencyKey>,
    payload: Payload<VerifyRequest>,
) -> Result<Json<VerificationView>, Problem> {
    let request = key.map(|key| {
        let (key, body) = (key.as_str(), &payload.bytes);
        services.otp.keyed_request(&caller, Operation::Verify, key, body)
    });
    let command = payload.value.read(request)?;
    Ok(Json(services.otp.verify(&caller, command).await?))
}

impl VerifyRequest {
    fn read(self, request: Option<KeyedRequest>) -> Result<VerifyOtp, Problem> {
        let purpose = match self.purpose.as_deref().map(Purpose::parse) {
            Some(None) => {
                let names = "must be \"sign_in\", \"sign_up\", \"mfa\", \"password_reset\" or \"verify\"";
                return Err(Problem::validation(vec![FieldError::new("/purpose", names)]));
            }
            known => known.flatten(),
        };
        let verification_id = verification_id(&self.verification_id)?;
        let connection_id = match self.connection_id.as_deref().map(ConnectionId::parse) {
            Some(None) => return Err(verification_not_found()),
            known => known.flatten(),
        };
        let code = OneTimeCode::parse_guess(self.code.expose()).ok_or_else(incorrect_length)?;
        Ok(VerifyOtp {
            verification_id,
            code,
            purpose,
            connection_id,
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

impl From<VerifyError> for Problem {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::NotFound => verification_not_found(),
            VerifyError::ConnectionDisabled => connection_disabled(),
            VerifyError::Ended(ended) => ended.into(),
            VerifyError::RecipientLocked { retry_after } => recipient_locked(retry_after),
            VerifyError::IncorrectLength => incorrect_length(),
            VerifyError::Incorrect { guesses_left } => Self::new(
                Code::IncorrectCode,
                "The code is wrong; compare it with the newest message.",
            )
            .with("attempts_left", guesses_left),
            VerifyError::KeyReused => idempotency_key_reused(),
            VerifyError::Store(error) => error.into(),
        }
    }
}
