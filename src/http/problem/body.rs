//! The body of a problem, with every member that any of them has.

use serde::Serialize;
use utoipa::ToSchema;

use super::Code;
use crate::domain::id::{MessageId, VerificationId};
use crate::domain::phone::PhoneNumberFault;
use crate::domain::time::Timestamp;
use crate::http::request_id::RequestId;

/// What went wrong, and what to do next (RFC 9457). Which members there are beyond those of every problem depends on the `code`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "https://otp.example.com/docs/problems#incorrect_code",
    "title": "Incorrect code",
    "status": 422,
    "code": "incorrect_code",
    "detail": "The code is wrong; compare it with the newest message.",
    "instance": "urn:otpost:request:6f1c2f0a9d3e4b5c8a7b6c5d4e3f2a1b",
    "attempts_left": 4,
}))]
pub struct Body {
    /// Where the code is explained.
    #[schema(format = "uri")]
    r#type: String,
    /// The code's short name for people.
    title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    pub(super) code: Code,
    /// What to do next.
    detail: String,
    /// The request: `urn:otpost:request:` and its id, which the log has too.
    #[schema(format = "uri")]
    instance: String,
    /// Of `incorrect_code`: wrong guesses that the verification still takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attempts_left: Option<u8>,
    /// Of `validation_failed`, and of `invalid_email_address` where there may be several: everything that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub errors: Option<Vec<FieldError>>,
    /// Of `invalid_phone_number` and `recipient_blocked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<Reason>,
    /// Of `too_many_attempts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scope: Option<Scope>,
    /// Of `sms_limit_reached`: messages a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub limit: Option<u32>,
    /// Of `sms_limit_reached`: the first moment of the next month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resets_at: Option<Timestamp>,
    /// Of `delivery_failed`, `recipient_rejected` and `recipient_opted_out`: the verification, which can be resent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub verification_id: Option<VerificationId>,
    /// Of `delivery_failed`, `recipient_rejected` and `recipient_opted_out`: the message that nobody took.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message_id: Option<MessageId>,
}

/// A field and what it takes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer of the field (RFC 6901), such as `/twilio/account_sid`.
    pub pointer: String,
    /// What it takes. Never repeats what was given.
    pub detail: String,
}

impl FieldError {
    /// An error at `pointer`.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
        }
    }
}

/// Why a number is refused.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RefusalReason)]
pub enum Reason {
    /// It is written like no number, or is none of its numbering plan.
    InvalidFormat,
    /// Its country is missing, unknown, or without a numbering plan.
    InvalidRegion,
    /// Nobody has its calling code.
    InvalidCountryCode,
    /// Numbers of its type receive no codes.
    NumberType,
}

impl From<PhoneNumberFault> for Reason {
    fn from(fault: PhoneNumberFault) -> Self {
        match fault {
            PhoneNumberFault::InvalidFormat => Self::InvalidFormat,
            PhoneNumberFault::InvalidRegion => Self::InvalidRegion,
            PhoneNumberFault::InvalidCountryCode => Self::InvalidCountryCode,
        }
    }
}

/// Whose wrong guesses are used up: the verification's for good, the recipient's until `Retry-After` is over.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AttemptScope)]
pub enum Scope {
    /// This verification takes none any more.
    Verification,
    /// The recipient is locked, over all its verifications.
    Recipient,
}

impl Body {
    pub(super) fn new(code: Code, detail: String) -> Self {
        Self {
            r#type: String::new(),
            title: code.title(),
            status: code.status().as_u16(),
            code,
            detail,
            instance: String::new(),
            attempts_left: None,
            errors: None,
            reason: None,
            scope: None,
            limit: None,
            resets_at: None,
            verification_id: None,
            message_id: None,
        }
    }

    /// Says where it is documented and which request it was, which only the outermost layer knows.
    pub(super) fn locate(&mut self, public_url: &str, request_id: RequestId) {
        self.r#type = format!("{public_url}/docs/problems#{}", self.code.as_str());
        self.instance = format!("urn:otpost:request:{request_id}");
    }
}
