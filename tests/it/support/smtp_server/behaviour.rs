//! How a server behaves: its TLS, its users, and what it does at which step instead of the right thing.

use std::collections::{HashMap, VecDeque};

use otpost::domain::settings::Tls;

use super::Certificate;

/// The moments at which a server can misbehave: always instead of the reply to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Rset,
    Mail,
    Rcpt,
    Data,
    /// After the first bytes of the message.
    InData,
    EndOfData,
    Quit,
}

/// What it does.
#[derive(Debug, Clone)]
pub enum Act {
    /// Writes these bytes. After a 421 it closes.
    Write(Vec<u8>),
    /// Neither reads nor writes any more.
    Hang,
    /// Closes the connection.
    Close,
}

impl Act {
    /// A reply of one line.
    pub fn reply(line: &str) -> Self {
        Self::Write(format!("{line}\r\n").into_bytes())
    }
}

/// How a server behaves. Without more it is a good one.
#[derive(Debug, Clone)]
pub struct Behaviour {
    pub(super) tls: Tls,
    pub(super) certificate: Certificate,
    pub(super) credentials: Option<(&'static str, &'static str)>,
    pub(super) mechanisms: &'static str,
    pub(super) offers_starttls: bool,
    once: HashMap<Step, VecDeque<Act>>,
    always: HashMap<Step, Act>,
}

impl Behaviour {
    fn new(tls: Tls, credentials: Option<(&'static str, &'static str)>) -> Self {
        Self {
            tls,
            certificate: Certificate::Valid,
            credentials,
            mechanisms: "PLAIN LOGIN",
            offers_starttls: tls == Tls::StartTls,
            once: HashMap::new(),
            always: HashMap::new(),
        }
    }

    /// Without TLS and users.
    pub fn plain() -> Self {
        Self::new(Tls::None, None)
    }

    /// STARTTLS, required, and a user `acme`.
    pub fn starttls() -> Self {
        Self::new(Tls::StartTls, Some(("acme", "pass word 1")))
    }

    /// TLS from the first byte, and a user `acme`.
    pub fn implicit_tls() -> Self {
        Self::new(Tls::Implicit, Some(("acme", "pass word 1")))
    }

    /// Shows this certificate.
    pub fn with_certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Offers these mechanisms for AUTH.
    pub fn with_mechanisms(mut self, mechanisms: &'static str) -> Self {
        self.mechanisms = mechanisms;
        self
    }

    /// Does not offer STARTTLS.
    pub fn without_starttls(mut self) -> Self {
        self.offers_starttls = false;
        self
    }

    /// Does this the next time it comes to `step`; said twice, also the time after that.
    pub fn once(mut self, step: Step, act: Act) -> Self {
        self.once.entry(step).or_default().push_back(act);
        self
    }

    /// Does this whenever it comes to `step`.
    pub fn always(mut self, step: Step, act: Act) -> Self {
        self.always.insert(step, act);
        self
    }

    pub(super) fn act(&mut self, step: Step) -> Option<Act> {
        let once = self.once.get_mut(&step).and_then(VecDeque::pop_front);
        once.or_else(|| self.always.get(&step).cloned())
    }
}
