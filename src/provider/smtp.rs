//! Sends emails through an SMTP server: an environment's own, or the platform's. One attempt has one deadline from the
//! name lookup to the last reply, and only what happens from the final dot on leaves the outcome unknown.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::response::Response;
use rustls::RootCertStore;
use tokio::time::{Instant, timeout, timeout_at};

use super::{CONNECT_TIMEOUT, Receipt, SENDER_TIMEOUT, SendError, Transport};
use crate::domain::host::HelloName;
use crate::domain::message::{Email, Provider};
use crate::domain::settings::SmtpAccount;

mod connection;
mod dialogue;
mod mime;
mod pool;
mod quoted_printable;
mod redaction;
mod reply;
mod stream;

pub(super) use connection::{CERTIFICATE_DOES_NOT_HOLD, NO_AUTH_MECHANISM, NO_STARTTLS, NOT_FOR_NAME};

pub use pool::Closer;

use connection::Dialer;
use mime::Letter;
use pool::{IDLE_TIME, Pool};
use redaction::Redaction;
use reply::{Fault, Step};

/// A client of one account on an SMTP server, with its idle connections.
pub struct Smtp {
    provider: Provider,
    dialer: Dialer,
    pool: Pool,
}

impl Smtp {
    /// A client of `account` that believes certificates signed by `roots`, leaves connections to `closer`, and is called
    /// `provider` in answers, logs and metrics.
    #[must_use]
    pub fn new(account: SmtpAccount, provider: Provider, roots: Arc<RootCertStore>, closer: &Closer) -> Self {
        Self {
            provider,
            dialer: Dialer::new(account, roots, CONNECT_TIMEOUT, closer.clone()),
            pool: Pool::new(IDLE_TIME, closer.clone()),
        }
    }

    /// With a name of its own for EHLO; without one it is the address that a connection goes out from.
    #[must_use]
    pub fn with_hello_name(mut self, name: Option<&HelloName>) -> Self {
        self.dialer.set_hello_name(name);
        self
    }

    /// With another time than 30 s that a connection may lie idle and still be used again.
    #[must_use]
    pub fn with_idle_time(mut self, idle_time: Duration) -> Self {
        self.pool = Pool::new(idle_time, self.dialer.closer().clone());
        self
    }

    /// Carries `letter` over a connection that stands, or else over a new one.
    async fn carry(&self, letter: &Letter, step: &mut Step) -> Result<Response, Fault> {
        if let Some(mut connection) = self.pool.take() {
            match self.carry_over_used(&mut connection, letter, step).await {
                Err(fault) if fault.is_of_the_connection() => {}
                outcome => return self.put_back(connection, outcome),
            }
        }
        let mut connection = self.dialer.open(step).await?;
        let outcome = dialogue::deliver(&mut connection, letter, step).await;
        self.put_back(connection, outcome)
    }

    /// A connection may have died without a sign while it lay idle; to find that out takes no longer than a new one.
    async fn carry_over_used(
        &self,
        connection: &mut AsyncSmtpConnection,
        letter: &Letter,
        step: &mut Step,
    ) -> Result<Response, Fault> {
        timeout(self.dialer.connect_timeout(), dialogue::reset(connection, step))
            .await
            .unwrap_or_else(|_| Err(Fault::broken(Step::Reset, "no reply in time")))?;
        dialogue::deliver(connection, letter, step).await
    }

    /// Keeps the connection if the dialogue on it came to a clean end, and drops it otherwise, as it stands.
    fn put_back(
        &self,
        connection: AsyncSmtpConnection,
        outcome: Result<Response, Fault>,
    ) -> Result<Response, Fault> {
        if outcome
            .as_ref()
            .map_or_else(Fault::leaves_connection_usable, |_| true)
        {
            self.pool.put(connection);
        }
        outcome
    }
}

#[async_trait]
impl Transport<Email> for Smtp {
    fn provider(&self) -> Provider {
        self.provider
    }

    async fn send(&self, email: &Email) -> Result<Receipt, SendError> {
        let account = self.dialer.account();
        let letter = Letter::write(&account.from, email)?;
        let deadline = Instant::now() + SENDER_TIMEOUT;
        let mut step = Step::Connect;
        // When time is up, the connection in use goes down with the future that owns it.
        let outcome = timeout_at(deadline, self.carry(&letter, &mut step)).await;
        let redaction = Redaction::new(email, account.credentials());
        match outcome.unwrap_or_else(|_| Err(Fault::broken(step, "no reply in time"))) {
            Ok(reply) => Ok(receipt(&reply, &redaction)),
            Err(fault) => Err(fault.into_send_error(&redaction)),
        }
    }
}

/// What the server said when it took the message over, and the name it gave it, where it can be read.
fn receipt(reply: &Response, redaction: &Redaction<'_>) -> Receipt {
    let text = reply.message().collect::<Vec<_>>().join(" ");
    let detail = redaction.clean(&format!("{} {text}", reply.code()));
    Receipt {
        provider_message_id: queue_id(&detail),
        detail: Some(detail),
    }
}

/// The name behind the words "queued as", which many servers write.
fn queue_id(detail: &str) -> Option<String> {
    let (_, behind) = detail.split_once("queued as ")?;
    let id: String = behind
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .collect();
    Some(id).filter(|id| !id.is_empty())
}
