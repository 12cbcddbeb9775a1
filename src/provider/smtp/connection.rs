//! Makes connections to an account's server: DNS, TCP, TLS as the account demands it, EHLO, AUTH. TLS is begun
//! here rather than by lettre, which keeps what it has read in the clear and takes no roots but its own.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Auth, Ehlo, Quit, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Response, Severity};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::domain::host::{HelloName, without_brackets};
use crate::domain::secret::Secret;
use crate::domain::settings::{SmtpAccount, Tls};

use super::pool::Closer;
use super::reply::{Fault, Step};
use super::stream::ReplyStream;

/// The most challenges that are answered in one `AUTH`; LOGIN has two.
const CHALLENGES: usize = 4;

/// What is said of a server without STARTTLS.
pub(in crate::provider) const NO_STARTTLS: &str =
    "the server does not offer STARTTLS on this port; without TLS nothing is sent";

/// What is said of a server where nobody can log in with a password.
pub(in crate::provider) const NO_AUTH_MECHANISM: &str = "the server offers neither AUTH PLAIN nor AUTH LOGIN";

/// What is said first of a certificate that is not believed.
pub(in crate::provider) const CERTIFICATE_DOES_NOT_HOLD: &str = "the server's certificate does not hold";

/// What rustls says then where the name is what is wrong: with the names that would do, and without.
pub(in crate::provider) const NOT_FOR_NAME: [&str; 2] = ["not valid for name", "NotValidForName"];

/// Makes connections to one account's server.
pub(super) struct Dialer {
    account: SmtpAccount,
    tls: Arc<ClientConfig>,
    hello_name: Option<ClientId>,
    connect_timeout: Duration,
    closer: Closer,
}

impl Dialer {
    /// For `account`, trusting `roots`; a connection stands within `connect_timeout` or not at all. One that the server
    /// does not want is left to `closer`.
    pub(super) fn new(
        account: SmtpAccount,
        roots: Arc<RootCertStore>,
        connect_timeout: Duration,
        closer: Closer,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has cipher suites for TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            account,
            tls: Arc::new(tls),
            hello_name: None,
            connect_timeout,
            closer,
        }
    }

    pub(super) fn closer(&self) -> &Closer {
        &self.closer
    }

    pub(super) fn set_hello_name(&mut self, name: Option<&HelloName>) {
        self.hello_name = name.map(|name| ClientId::Domain(name.as_str().to_owned()));
    }

    pub(super) fn account(&self) -> &SmtpAccount {
        &self.account
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// A connection that is ready for `MAIL FROM`. `step` says how far it has come, for whoever stops waiting.
    pub(super) async fn open(&self, step: &mut Step) -> Result<AsyncSmtpConnection, Fault> {
        if self.account.tls == Tls::None && self.account.credentials().is_some() {
            return Err(Fault::misconfigured(
                "there are credentials, but no TLS to protect them: they never travel in the clear",
            ));
        }
        *step = Step::Connect;
        let deadline = Instant::now() + self.connect_timeout;
        let (tcp, peer) = self.reach(deadline).await?;
        let hello = self
            .hello_for(&tcp)
            .map_err(|error| Fault::broken(*step, error))?;
        let stream: Box<dyn AsyncTokioStream> = match self.account.tls {
            Tls::None => Box::new(ReplyStream::new(tcp, peer)),
            Tls::Implicit => {
                let tls = timeout_at(deadline, self.handshake(tcp, *step))
                    .await
                    .map_err(|_| Fault::broken(*step, "no TLS connection in time"))??;
                Box::new(ReplyStream::new(tls, peer))
            }
            Tls::StartTls => {
                let clear = ReplyStream::new(tcp, peer);
                let tcp = self.start_tls(clear, &hello, step).await?;
                Box::new(ReplyStream::greeted(self.handshake(tcp, *step).await?, peer))
            }
        };
        *step = Step::Hello;
        let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &hello)
            .await
            .map_err(|error| Fault::at(Step::Hello, &error))?;
        if let Some(credentials) = self.account.credentials() {
            *step = Step::Auth;
            if let Err(fault) = log_in(&mut connection, credentials).await {
                if fault.leaves_dialogue_clean() {
                    self.closer.quit(connection);
                }
                return Err(fault);
            }
        }
        Ok(connection)
    }

    /// What EHLO says on this connection: the name, or else the address literal (RFC 5321, 4.1.4).
    fn hello_for(&self, tcp: &TcpStream) -> io::Result<ClientId> {
        if let Some(name) = &self.hello_name {
            return Ok(name.clone());
        }
        Ok(match tcp.local_addr()?.ip().to_canonical() {
            IpAddr::V4(ip) => ClientId::Ipv4(ip),
            IpAddr::V6(ip) => ClientId::Ipv6(ip),
        })
    }

    /// A TCP connection to the first of the server's addresses that answers. Each may take its share of the time, so
    /// that one that leads nowhere does not use it all.
    async fn reach(&self, deadline: Instant) -> Result<(TcpStream, SocketAddr), Fault> {
        let broken = |detail: &dyn std::fmt::Display| Fault::broken(Step::Connect, detail);
        let too_late = || broken(&"no connection in time");
        let addresses: Vec<SocketAddr> = timeout_at(
            deadline,
            lookup_host((without_brackets(self.account.server.as_str()), self.account.port)),
        )
        .await
        .map_err(|_| too_late())?
        .map_err(|error| broken(&error))?
        .collect();
        let mut last = broken(&"the server's name has no address");
        for (tried, address) in addresses.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    // Every write waits for its reply, so there is nothing to gather. Failing to say so costs time only.
                    let _ = tcp.set_nodelay(true);
                    return Ok((tcp, *address));
                }
                Ok(Err(error)) => last = broken(&error),
                Err(_) => last = too_late(),
            }
        }
        Err(last)
    }

    /// Greets the server in the clear and asks for TLS. Nothing it says here is believed later.
    async fn start_tls(
        &self,
        mut clear: ReplyStream<TcpStream>,
        hello: &ClientId,
        step: &mut Step,
    ) -> Result<TcpStream, Fault> {
        *step = Step::Hello;
        let broken = |step: Step| move |error: io::Error| Fault::broken(step, error);
        accepted(Step::Hello, &clear.reply().await.map_err(broken(Step::Hello))?)?;
        let hello = Ehlo::new(hello.clone()).to_string();
        let extensions = clear.command(&hello).await.map_err(broken(Step::Hello))?;
        accepted(Step::Hello, &extensions)?;
        if !extensions.message().skip(1).any(is_start_tls) {
            self.closer
                .close(async move { clear.command(&Quit.to_string()).await });
            return Err(Fault::misconfigured(NO_STARTTLS));
        }
        *step = Step::StartTls;
        let reply = clear
            .command(&Starttls.to_string())
            .await
            .map_err(broken(*step))?;
        accepted(*step, &reply)?;
        clear.into_inner().map_err(broken(*step))
    }

    async fn handshake(&self, tcp: TcpStream, step: Step) -> Result<TlsStream<TcpStream>, Fault> {
        let name = ServerName::try_from(without_brackets(self.account.server.as_str()).to_owned()).map_err(
            |_| Fault::misconfigured("the server's name is neither a host name nor an IP address"),
        )?;
        TlsConnector::from(Arc::clone(&self.tls))
            .connect(name, tcp)
            .await
            .map_err(|error| handshake_fault(step, &error))
    }
}

fn is_start_tls(line: &str) -> bool {
    line.trim().eq_ignore_ascii_case("STARTTLS")
}

fn accepted(step: Step, reply: &Response) -> Result<(), Fault> {
    let code = reply.code();
    match code.severity {
        Severity::PositiveCompletion => Ok(()),
        Severity::PositiveIntermediate => {
            Err(Fault::broken(step, "the server's reply fits no command of ours"))
        }
        Severity::TransientNegativeCompletion | Severity::PermanentNegativeCompletion => {
            Err(Fault::Refused {
                step,
                code: code.into(),
                text: reply.message().collect::<Vec<_>>().join(" "),
            })
        }
    }
}

/// A server that fails at TLS itself is set up wrongly, or this account is; one that is cut off is out of reach.
fn handshake_fault(step: Step, error: &io::Error) -> Fault {
    use rustls::Error::{InvalidCertificate, InvalidMessage};
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(InvalidCertificate(reason)) => {
            Fault::misconfigured(format!("{CERTIFICATE_DOES_NOT_HOLD}: {reason}"))
        }
        Some(InvalidMessage(_)) => Fault::misconfigured(
            "the server does not speak TLS from the first byte on this port; try the mode starttls",
        ),
        Some(cause) => Fault::misconfigured(format!("no TLS with the server: {cause}")),
        None => Fault::broken(step, error),
    }
}

async fn log_in(
    connection: &mut AsyncSmtpConnection,
    (username, password): (&str, &Secret),
) -> Result<(), Fault> {
    let step = Step::Auth;
    let failed = |error| Fault::at(step, &error);
    let mechanism = connection
        .server_info()
        .get_auth_mechanism(DEFAULT_MECHANISMS)
        .ok_or_else(|| Fault::misconfigured(NO_AUTH_MECHANISM))?;
    let credentials = Credentials::new(username.to_owned(), password.expose().to_owned());
    let auth = Auth::new(mechanism, credentials.clone(), None).map_err(failed)?;
    let mut reply = connection.command(auth).await.map_err(failed)?;
    for _ in 0..CHALLENGES {
        if !reply.has_code(334) {
            break;
        }
        let answer = Auth::new_from_response(mechanism, credentials.clone(), &reply).map_err(failed)?;
        reply = connection.command(answer).await.map_err(failed)?;
    }
    accepted(step, &reply)
}
