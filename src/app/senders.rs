//! Which type carries what: the platform's senders from the configuration, and each environment's own from its settings.

use std::io::Write;
use std::sync::Arc;

use rustls::RootCertStore;

use crate::app::StartError;
use crate::config::{Config, PlatformEmailProvider, PlatformSmsProvider};
use crate::domain::host::HelloName;
use crate::domain::message::{Email, Provider, Sms};
use crate::domain::secret::Secret;
use crate::domain::settings::{SmtpAccount, TwilioAccount};
use crate::domain::time::Clock;
use crate::provider::breaker::Breaker;
use crate::provider::console::{Console, Inbox};
use crate::provider::http_client::{self, Timeouts};
use crate::provider::kinde::Kinde;
use crate::provider::smtp::{Closer, Smtp};
use crate::provider::twilio::classes::Classes;
use crate::provider::twilio::{Gateway, Twilio};
use crate::provider::{Connect, EmailTransport, SmsTransport, Transport};
use crate::service::dispatch::Platform;
use crate::service::route::PlatformSender;

/// Makes senders.
pub struct Senders {
    gateway: Gateway,
    roots: Arc<RootCertStore>,
    hello_name: Option<HelloName>,
    smtp_closer: Closer,
}

impl Senders {
    /// One HTTP client and one trust store for all of them.
    pub fn new(
        config: &Config,
        roots: &Arc<RootCertStore>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        let client = http_client::build(Arc::clone(roots), Timeouts::default())
            .map_err(|error| StartError::Client(error.into()))?;
        let gateway = Gateway {
            client,
            clock: Arc::clone(clock),
            base_url: config.twilio.base_url.clone(),
            classes: Arc::new(Classes::default()),
        };
        Ok(Self {
            gateway,
            roots: Arc::clone(roots),
            hello_name: config.smtp.hello_name.clone(),
            smtp_closer: Closer::default(),
        })
    }

    /// What closes the connections to SMTP servers.
    pub fn smtp_closer(&self) -> &Closer {
        &self.smtp_closer
    }

    fn smtp_client(&self, account: &SmtpAccount, provider: Provider) -> EmailTransport {
        let smtp = Smtp::new(
            account.clone(),
            provider,
            Arc::clone(&self.roots),
            &self.smtp_closer,
        )
        .with_hello_name(self.hello_name.as_ref());
        Arc::new(Breaker::new(Arc::new(smtp)))
    }

    /// The operator's senders, and the development inbox where the console is one of them.
    pub fn platform(
        &self,
        config: &Config,
        terminal: Box<dyn Write + Send>,
    ) -> (Platform, Option<Arc<Inbox>>) {
        let platform = &config.platform;
        let prints_texts = matches!(platform.sms.provider, PlatformSmsProvider::Console);
        let prints_emails = matches!(platform.email.provider, PlatformEmailProvider::Console);
        let wants_console = prints_texts || prints_emails;
        let allowed = config.console_allowed();
        if wants_console && !allowed {
            tracing::warn!(
                sms = prints_texts,
                email = prints_emails,
                "the console sender exists only in development: with development = true, or where server.listen and \
                 server.public_url are both loopback; here it counts as none. Configure platform.sms.provider and \
                 platform.email.provider"
            );
        }
        let inbox = Arc::new(Inbox::default());
        let console = (wants_console && allowed).then(|| {
            Arc::new(Console::printing_to(
                Arc::clone(&self.gateway.clock),
                Arc::clone(&inbox),
                terminal,
            ))
        });
        let (sms, sms_kind) = self.platform_sms(&platform.sms.provider, console.as_ref());
        let (email, email_kind) = self.platform_email(&platform.email.provider, console.as_ref());
        match (sms_kind, email_kind) {
            (PlatformSender::Console, PlatformSender::Real) => tracing::warn!(
                "emails reach people while text messages are printed to the terminal and shown at /dev/inbox; \
                 configure platform.sms.provider unless this is a development machine"
            ),
            (PlatformSender::Real, PlatformSender::Console) => tracing::warn!(
                "text messages reach people while emails are printed to the terminal and shown at /dev/inbox; \
                 configure platform.email.provider unless this is a development machine"
            ),
            _ => {}
        }
        let senders = Platform {
            sms,
            sms_kind,
            email,
            email_kind,
            monthly_test_quota: platform.sms.monthly_test_quota,
            monthly_fallback_cap: platform.sms.monthly_fallback_cap,
        };
        (senders, console.map(|_| inbox))
    }

    fn platform_sms(&self, provider: &PlatformSmsProvider, console: Option<&Arc<Console>>) -> Sender<Sms> {
        let real: SmsTransport = match provider {
            PlatformSmsProvider::None => return (None, PlatformSender::None),
            PlatformSmsProvider::Console => return printing(console.map(|console| Arc::clone(console) as _)),
            PlatformSmsProvider::Http { url, token } => {
                let token = token.clone().unwrap_or_else(|| Secret::new(""));
                let Gateway { client, clock, .. } = &self.gateway;
                Arc::new(Kinde::new(client.clone(), Arc::clone(clock), url.clone(), token))
            }
            PlatformSmsProvider::Twilio(account) => Arc::new(Twilio::new(
                self.gateway.clone(),
                account.clone(),
                Provider::Kinde,
            )),
        };
        (Some(Arc::new(Breaker::new(real))), PlatformSender::Real)
    }

    fn platform_email(
        &self,
        provider: &PlatformEmailProvider,
        console: Option<&Arc<Console>>,
    ) -> Sender<Email> {
        match provider {
            PlatformEmailProvider::None => (None, PlatformSender::None),
            PlatformEmailProvider::Console => printing(console.map(|console| Arc::clone(console) as _)),
            PlatformEmailProvider::Smtp(account) => {
                let smtp = self.smtp_client(account, Provider::Kinde);
                (Some(smtp), PlatformSender::Real)
            }
        }
    }
}

/// The operator's sender for a channel, and what it is.
type Sender<M> = (Option<Arc<dyn Transport<M>>>, PlatformSender);

/// The console, where it may exist.
fn printing<M>(console: Option<Arc<dyn Transport<M>>>) -> Sender<M> {
    let kind = match console {
        Some(_) => PlatformSender::Console,
        None => PlatformSender::None,
    };
    (console, kind)
}

impl Connect for Senders {
    fn twilio(&self, account: &TwilioAccount) -> SmsTransport {
        let twilio = Twilio::new(self.gateway.clone(), account.clone(), Provider::Twilio);
        Arc::new(Breaker::new(Arc::new(twilio)))
    }

    fn smtp(&self, account: &SmtpAccount) -> EmailTransport {
        self.smtp_client(account, Provider::Smtp)
    }
}
