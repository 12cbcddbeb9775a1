//! Text messages through the operator's own HTTP endpoint, the platform sender of all environments:
//! `POST {"to", "body", "message_id"}` with a bearer token.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{Client, StatusCode};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::detail::redacted;
use super::http_client::{MAX_ANSWER, failure, is_refusal, read_capped, retry_after};
use super::{Class, Receipt, SendError, Transport};
use crate::domain::message::{Provider, Sms};
use crate::domain::secret::Secret;
use crate::domain::time::Clock;

/// The longest id of a message that is kept, in bytes.
const MAX_ID: usize = 255;

/// A client of the endpoint.
pub struct Kinde {
    client: Client,
    clock: Arc<dyn Clock>,
    url: Url,
    token: Secret,
}

#[derive(Serialize)]
struct Request<'a> {
    to: &'a str,
    body: &'a str,
    message_id: String,
}

impl Kinde {
    /// A client that posts to `url` (`platform.sms.url`) with `token` (`platform.sms.token`); `client` is that of
    /// `http_client::build`, `clock` reads the dates of `Retry-After`.
    #[must_use]
    pub fn new(client: Client, clock: Arc<dyn Clock>, url: Url, token: Secret) -> Self {
        Self {
            client,
            clock,
            url,
            token,
        }
    }
}

#[async_trait]
impl Transport<Sms> for Kinde {
    fn provider(&self) -> Provider {
        Provider::Kinde
    }

    async fn send(&self, message: &Sms) -> Result<Receipt, SendError> {
        let response = self
            .client
            .post(self.url.clone())
            .bearer_auth(self.token.expose())
            .json(&Request {
                to: message.to.e164(),
                body: &message.body,
                message_id: message.id.to_string(),
            })
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let status = response.status();
        let retry_after = retry_after(response.headers(), self.clock.now());
        let body: Value = read_capped(response, MAX_ANSWER)
            .await
            .and_then(|body| serde_json::from_slice(&body).ok())
            .unwrap_or_default();
        if status.is_success() {
            return Ok(receipt(&body));
        }
        let error = body["error"].as_str();
        let detail = match error {
            Some(error) => format!("HTTP {}: {}", status.as_u16(), redacted(error, &[&self.token])),
            None => format!("HTTP {}", status.as_u16()),
        };
        if !is_refusal(status) {
            return Err(SendError::unknown(detail));
        }
        let class = match (status, error) {
            (StatusCode::TOO_MANY_REQUESTS, _) => Class::Throttled,
            (_, Some("recipient_rejected")) => Class::RecipientInvalid,
            _ => Class::SenderMisconfigured,
        };
        Err(SendError::NotAccepted {
            class,
            retry_after,
            code: None,
            detail,
        })
    }
}

fn receipt(body: &Value) -> Receipt {
    let id = match &body["id"] {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    let fits =
        |id: &String| (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    Receipt {
        provider_message_id: id.filter(fits),
        detail: None,
    }
}
