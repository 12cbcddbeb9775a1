//! What an answer of Twilio's means for the message: accepted, refused, or unknown.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::classes::Classes;
use crate::domain::secret::Secret;
use crate::provider::detail::redacted;
use crate::provider::http_client::is_refusal;
use crate::provider::{Receipt, SendError};

/// The head of an answer, and its body where it could be read whole.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Option<Vec<u8>>,
}

impl Answer {
    /// Reads the answer by the outcome table: 2xx is accepted, 4xx is not, and with 5xx nobody knows, whatever code
    /// is in it. What Twilio says is freed of `secrets` and numbers.
    pub(super) fn read(&self, classes: &Classes, secrets: &[&Secret]) -> Result<Receipt, SendError> {
        let body: Value = self
            .body
            .as_deref()
            .and_then(|body| serde_json::from_slice(body).ok())
            .unwrap_or_default();
        if self.status.is_success() {
            return Ok(receipt(&body, secrets));
        }
        let code = error_code(&body["code"]);
        let detail = match body["message"].as_str() {
            Some(message) => redacted(message, secrets),
            None => format!("HTTP {} without Twilio's error body", self.status.as_u16()),
        };
        if is_refusal(self.status) {
            return Err(SendError::NotAccepted {
                class: classes.when_creating(self.status.as_u16(), code),
                retry_after: self.retry_after,
                code: code.map(|code| code.to_string()),
                detail,
            });
        }
        Err(SendError::Unknown {
            code: code.map(|code| code.to_string()),
            detail,
        })
    }
}

fn receipt(body: &Value, secrets: &[&Secret]) -> Receipt {
    let Some(sid) = body["sid"].as_str().filter(|sid| is_message_sid(sid)) else {
        return Receipt {
            provider_message_id: None,
            detail: Some("accepted, but the answer names no message".to_owned()),
        };
    };
    let status = body["status"].as_str().map(|status| redacted(status, secrets));
    let detail = match error_code(&body["error_code"]) {
        Some(code) => Some(format!(
            "{}, error {code}",
            status.as_deref().unwrap_or("no status")
        )),
        None => status,
    };
    Receipt {
        provider_message_id: Some(sid.to_owned()),
        detail,
    }
}

/// `SM` or `MM` and 32 hexadecimal digits.
fn is_message_sid(sid: &str) -> bool {
    let digits = sid.strip_prefix("SM").or_else(|| sid.strip_prefix("MM"));
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn error_code(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|code| u32::try_from(code).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
