//! A real SMTP server in the process: strict about the protocol, with TLS from a CA of its own, and able to
//! misbehave at any step. It keeps what it received.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use otpost::domain::email::EmailAddress;
use otpost::domain::host::ServerName;
use otpost::domain::secret::Secret;
use otpost::domain::settings::{SmtpAccount, Tls, Username};
use rustls::RootCertStore;
use tokio::net::TcpSocket;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::wait::{found, until};

mod behaviour;
mod certificate;
mod content;
mod mail;
mod session;

pub use behaviour::{Act, Behaviour, Step};
pub use certificate::Certificate;
pub use mail::Mail;

/// What a server has seen.
#[derive(Default)]
struct Log {
    connections: usize,
    hangs: usize,
    commands: Vec<String>,
    violations: Vec<String>,
    contents: Vec<Vec<u8>>,
    mails: Vec<Mail>,
}

/// What a server's connections share.
struct Shared {
    behaviour: Mutex<Behaviour>,
    tls: TlsAcceptor,
    log: Mutex<Log>,
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    fn act(&self, step: Step) -> Option<Act> {
        self.behaviour.lock().unwrap().act(step)
    }
}

/// A running server. It and its connections end when it is dropped.
pub struct SmtpServer {
    address: SocketAddr,
    roots: Arc<RootCertStore>,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

impl SmtpServer {
    /// Starts a server on a free port of 127.0.0.1, in the running runtime.
    pub fn start(behaviour: Behaviour) -> Self {
        Self::start_on(Ipv4Addr::LOCALHOST.into(), behaviour).unwrap()
    }

    /// Starts a server on a free port of `ip`, which the machine may not have.
    pub fn start_on(ip: IpAddr, behaviour: Behaviour) -> io::Result<Self> {
        let (tls, roots) = certificate::issue(behaviour.certificate);
        let socket = if ip.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        // Small, so that a server that stops reading is soon felt.
        socket.set_recv_buffer_size(4096)?;
        socket.bind((ip, 0).into())?;
        let listener = socket.listen(64)?;
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(behaviour),
            tls,
            log: Mutex::default(),
        });
        let for_sessions = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            let mut sessions = JoinSet::new();
            while let Ok((tcp, _)) = listener.accept().await {
                for_sessions.log().connections += 1;
                sessions.spawn(session::serve(tcp, Arc::clone(&for_sessions)));
            }
        });
        Ok(Self {
            address,
            roots: Arc::new(roots),
            shared,
            accepting: accepting.abort_handle(),
        })
    }

    /// An account on this server, with the TLS mode and the credentials it wants.
    pub fn account(&self) -> SmtpAccount {
        let behaviour = self.shared.behaviour.lock().unwrap();
        SmtpAccount {
            from: EmailAddress::parse("no-reply@acme.example").unwrap(),
            server: ServerName::parse(&match (behaviour.tls, self.address) {
                (_, SocketAddr::V6(address)) => address.ip().to_string(),
                (Tls::None, _) => "127.0.0.1".to_owned(),
                _ => "localhost".to_owned(),
            })
            .unwrap(),
            port: self.address.port(),
            username: behaviour
                .credentials
                .map(|(username, _)| Username::parse(username).unwrap()),
            password: behaviour.credentials.map(|(_, password)| Secret::new(password)),
            tls: behaviour.tls,
        }
    }

    /// The CA that signed its certificate.
    pub fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.roots)
    }

    /// From now on behaves like this; TLS stays as it is.
    pub fn behave(&self, change: impl FnOnce(Behaviour) -> Behaviour) {
        let mut behaviour = self.shared.behaviour.lock().unwrap();
        *behaviour = change(behaviour.clone());
    }

    /// The mails it has taken over, in their order.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.log().mails.clone()
    }

    /// The next mail it takes over, or the last if it has one already.
    pub async fn wait_for_mail(&self) -> Mail {
        found("a mail", async || self.mails().pop()).await
    }

    /// The content of every message that came to its final dot, taken over or not: the bytes on the wire between the
    /// reply to DATA and that dot.
    pub fn contents(&self) -> Vec<Vec<u8>> {
        self.shared.log().contents.clone()
    }

    /// Every command line of every connection, without credentials' answers to challenges.
    pub fn commands(&self) -> Vec<String> {
        self.shared.log().commands.clone()
    }

    /// Waits until QUIT was said `expected` times.
    pub async fn wait_for_quits(&self, expected: usize) {
        until("QUIT", async || {
            let commands = self.commands();
            commands.iter().filter(|command| *command == "QUIT").count() == expected
        })
        .await;
    }

    /// Waits until it has left a client hanging, this one or one before.
    pub async fn hangs(&self) {
        until("the server hangs", async || self.shared.log().hangs > 0).await;
    }

    /// What clients did against the protocol.
    pub fn violations(&self) -> Vec<String> {
        self.shared.log().violations.clone()
    }

    /// How many connections it has accepted.
    pub fn connections(&self) -> usize {
        self.shared.log().connections
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
