//! Text messages through Twilio's Messages API: an environment's own account, or the operator's. A request is never
//! repeated here, because Twilio has no idempotency key.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Client;
use url::Url;

use super::http_client::{MAX_ANSWER, failure, read_capped, retry_after};
use super::{Class, Receipt, SendError, Transport};
use crate::domain::message::{Provider, Sms};
use crate::domain::secret::Secret;
use crate::domain::settings::TwilioAccount;
use crate::domain::time::Clock;

use classes::Classes;
use response::Answer;

pub mod classes;
mod endpoint;
mod request;
mod response;

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
}

#[async_trait]
impl Transport<Sms> for Twilio {
    fn provider(&self) -> Provider {
        self.provider
    }

    async fn send(&self, message: &Sms) -> Result<Receipt, SendError> {
        let url = self.messages_url.clone()?;
        let (user, password) = self.credentials()?;
        let Gateway {
            client,
            clock,
            classes,
            ..
        } = &self.gateway;
        let response = client
            .post(url)
            .basic_auth(user, Some(password.expose()))
            .form(&request::parameters(&self.account, message, clock.now()))
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let answer = Answer {
            status: response.status(),
            retry_after: retry_after(response.headers(), clock.now()),
            body: read_capped(response, MAX_ANSWER).await,
        };
        answer.read(classes, &[password])
    }
}
