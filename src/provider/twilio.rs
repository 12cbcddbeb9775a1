//! Text messages through Twilio's Messages API: an environment's own account, or the operator's. A request is never
//! repeated here, because Twilio has no idempotency key.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::detail::redacted;
use super::http_client::{MAX_ANSWER, failure, is_refusal, read_capped, retry_after};
use super::{Class, Receipt, SendError, Transport};
use crate::domain::message::{Provider, Sms};
use crate::domain::secret::Secret;
use crate::domain::settings::{SmsSource, TwilioAccount};
use crate::domain::time::{Clock, Timestamp};

use classes::Classes;

pub mod classes;
mod endpoint;

/// The longest `ValidityPeriod` Twilio takes, in seconds: ten hours.
const MAX_VALIDITY: u64 = 36_000;

/// What the clients of all Twilio accounts share.
#[derive(Clone)]
pub struct Gateway {
    /// The client of `http_client::build`.
    pub client: Client,
    /// Tells how long a code still lives.
    pub clock: Arc<dyn Clock>,
    /// `twilio.base_url`: a host other than Twilio's own wins over the edge and region of an account.
    pub base_url: Option<Url>,
    /// What Twilio's error codes mean.
    pub classes: Arc<Classes>,
}

/// A client of one account.
pub struct Twilio {
    gateway: Gateway,
    provider: Provider,
    account: TwilioAccount,
    messages_url: Result<Url, SendError>,
}

impl Twilio {
    /// A client of `account`, known as `provider`: `Twilio` for an environment's own, `Kinde` for the operator's.
    #[must_use]
    pub fn new(gateway: Gateway, account: TwilioAccount, provider: Provider) -> Self {
        Self {
            messages_url: endpoint::messages_url(&account, gateway.base_url.as_ref()),
            gateway,
            provider,
            account,
        }
    }

    /// The user and password of the requests: the API key where there is one, else the account itself.
    fn credentials(&self) -> Result<(&str, &Secret), SendError> {
        self.account.credentials().ok_or_else(|| {
            SendError::refused(
                Class::Account,
                "the account has neither an API key nor an Auth Token",
            )
        })
    }

    /// The form of a request, in no order that matters to Twilio. No `StatusCallback`: there is nothing here that takes one.
    fn form(&self, sms: &Sms) -> Vec<(&'static str, String)> {
        let account = &self.account;
        let source = match account.source {
            SmsSource::MessagingService => "MessagingServiceSid",
            SmsSource::PhoneNumber => "From",
        };
        let validity = validity(sms, self.gateway.clock.now());
        let mut form = vec![
            ("To", sms.to.e164().to_owned()),
            ("Body", sms.body.clone()),
            (source, account.sender().unwrap_or_default().to_owned()),
            ("ValidityPeriod", validity.to_string()),
        ];
        if account.discard_content {
            form.push(("ContentRetention", "discard".to_owned()));
        }
        if account.obfuscate_address {
            form.push(("AddressRetention", "obfuscate".to_owned()));
        }
        form
    }

    /// Reads an answer by the outcome table: 2xx is accepted, 4xx is not, and with 5xx nobody knows, whatever code is in it.
    /// What Twilio says is freed of the `password` and of numbers.
    async fn read(&self, response: Response, password: &Secret) -> Result<Receipt, SendError> {
        let status = response.status();
        let retry_after = retry_after(response.headers(), self.gateway.clock.now());
        let answer: Answer = read_capped(response, MAX_ANSWER)
            .await
            .and_then(|body| serde_json::from_slice(&body).ok())
            .unwrap_or_default();
        if status.is_success() {
            return Ok(receipt(&answer, password));
        }
        let code = error_code(&answer.code);
        let told = code.map(|code| code.to_string());
        let detail = match answer.message.as_str() {
            Some(message) => redacted(message, &[password]),
            None => format!("HTTP {} without Twilio's error body", status.as_u16()),
        };
        if is_refusal(status) {
            return Err(SendError::NotAccepted {
                class: self.gateway.classes.when_creating(status.as_u16(), code),
                retry_after,
                code: told,
                detail,
            });
        }
        Err(SendError::Unknown { code: told, detail })
    }
}

#[async_trait]
impl Transport<Sms> for Twilio {
    fn provider(&self) -> Provider {
        self.provider
    }

    async fn send(&self, message: &Sms) -> Result<Receipt, SendError> {
        let url = self.messages_url.clone()?;
        let (user, password) = self.credentials()?;
        let request = self.gateway.client.post(url);
        let response = request
            .basic_auth(user, Some(password.expose()))
            .form(&self.form(message))
            .send()
            .await
            .map_err(|error| failure(&error))?;
        self.read(response, password).await
    }
}

/// What is read of an answer, of whatever type it is: of what a message is made from, or of an error. The other twenty members are
/// passed over.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    sid: Value,
    status: Value,
    error_code: Value,
    code: Value,
    message: Value,
}

/// The remaining life of the code, in whole seconds that Twilio takes.
fn validity(sms: &Sms, now: Timestamp) -> u64 {
    now.until(sms.expires_at).as_secs().clamp(1, MAX_VALIDITY)
}

fn receipt(answer: &Answer, password: &Secret) -> Receipt {
    let Some(sid) = answer.sid.as_str().filter(|sid| is_message_sid(sid)) else {
        return Receipt {
            provider_message_id: None,
            detail: Some("accepted, but the answer names no message".to_owned()),
        };
    };
    let status = answer.status.as_str().map(|status| redacted(status, &[password]));
    let detail = match error_code(&answer.error_code) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::MessageId;
    use crate::domain::phone::PhoneNumber;
    use std::time::Duration;

    #[test]
    fn twilio_keeps_a_message_no_longer_than_its_code_lives() {
        let now = Timestamp::from_unix_micros(1_700_000_000_000_000).unwrap();
        for (left_ms, seconds) in [
            (0, 1),
            (900, 1),
            (1_999, 1),
            (600_000, 600),
            (599_999, 599),
            (86_400_000, 36_000),
        ] {
            let sms = Sms {
                id: MessageId(uuid::Uuid::nil()),
                to: PhoneNumber::parse("+61466043123", None).unwrap(),
                body: String::new(),
                expires_at: now + Duration::from_millis(left_ms),
            };
            assert_eq!(validity(&sms, now), seconds, "{left_ms} ms");
            assert_eq!(validity(&sms, now + Duration::from_hours(48)), 1);
        }
    }
}
