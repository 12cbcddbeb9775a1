//! One connection to the server: the dialogue of RFC 5321, with STARTTLS and AUTH, and every liberty that a client
//! takes written down.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otpost::domain::settings::Tls;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::behaviour::{Act, Step};
use super::mail::Mail;
use super::{Log, Shared, content};

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The connection has ended, in whatever way.
struct Ended;

impl From<std::io::Error> for Ended {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

/// Whether the client may go on to the next step.
type Granted = Result<bool, Ended>;

struct Session {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    shared: Arc<Shared>,
    is_encrypted: bool,
    is_logged_in: bool,
    from: Option<String>,
    to: Vec<String>,
}

/// Serves one connection to its end.
pub async fn serve(tcp: TcpStream, shared: Arc<Shared>) {
    let tls = shared.behaviour.lock().unwrap().tls;
    let stream: Box<dyn Stream> = if tls == Tls::Implicit {
        match shared.tls.accept(tcp).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return,
        }
    } else {
        Box::new(tcp)
    };
    let mut session = Session {
        stream,
        buffer: Vec::new(),
        shared,
        is_encrypted: tls == Tls::Implicit,
        is_logged_in: false,
        from: None,
        to: Vec::new(),
    };
    // The end of a connection is its result; what was seen is in the log.
    let _ = session.run().await;
    let _ = session.stream.shutdown().await;
}

impl Session {
    async fn run(&mut self) -> Result<(), Ended> {
        if !self.answer(Step::Greeting, "220 mail.test ESMTP").await? {
            return Ok(());
        }
        loop {
            let line = self.line().await?;
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            self.log().commands.push(line.clone());
            match verb.as_str() {
                "EHLO" => self.ehlo(rest).await?,
                "STARTTLS" => self.start_tls().await?,
                "AUTH" => self.auth(rest).await?,
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.rcpt(rest).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    self.forget();
                    self.answer(Step::Rset, "250 2.0.0 Ok").await?;
                }
                "NOOP" => self.write(b"250 2.0.0 Ok\r\n").await?,
                "QUIT" => {
                    if let Some(act) = self.shared.act(Step::Quit) {
                        self.perform(act).await?;
                    }
                    self.write(b"221 2.0.0 Bye\r\n").await?;
                    return Ok(());
                }
                _ => {
                    self.violation(format!("unknown command: {line}"));
                    self.write(b"500 5.5.2 Unknown command\r\n").await?;
                }
            }
        }
    }

    async fn ehlo(&mut self, name: &str) -> Result<(), Ended> {
        self.forget();
        if !is_full_name_or_literal(name) {
            self.violation(format!("EHLO with {name:?}"));
        }
        let mut lines = vec!["mail.test".to_owned(), "PIPELINING".to_owned()];
        {
            let behaviour = self.shared.behaviour.lock().unwrap();
            if behaviour.offers_starttls && !self.is_encrypted {
                lines.push("STARTTLS".to_owned());
            }
            if behaviour.credentials.is_some() && (self.is_encrypted || behaviour.tls == Tls::None) {
                lines.push(format!("AUTH {}", behaviour.mechanisms));
            }
        }
        let last = lines.len() - 1;
        let separator = |index| if index == last { ' ' } else { '-' };
        let reply: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| format!("250{}{line}", separator(index)))
            .collect();
        self.answer(Step::Ehlo, &reply.join("\r\n")).await?;
        Ok(())
    }

    async fn start_tls(&mut self) -> Result<(), Ended> {
        if !self
            .answer(Step::StartTls, "220 2.0.0 Ready to start TLS")
            .await?
        {
            return Ok(());
        }
        if !self.buffer.is_empty() {
            self.violation("commands behind STARTTLS in the clear".to_owned());
        }
        let clear = std::mem::replace(&mut self.stream, Box::new(tokio::io::empty()));
        let acceptor = self.shared.tls.clone();
        self.stream = Box::new(acceptor.accept(clear).await?);
        self.is_encrypted = true;
        self.forget();
        Ok(())
    }

    async fn auth(&mut self, arguments: &str) -> Result<(), Ended> {
        if !self.is_encrypted {
            self.violation("AUTH in the clear".to_owned());
        }
        let (mechanism, initial) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => decode(initial),
            "LOGIN" => {
                self.write(b"334 VXNlcm5hbWU6\r\n").await?;
                let username = decode(&self.line().await?);
                self.write(b"334 UGFzc3dvcmQ6\r\n").await?;
                let password = decode(&self.line().await?);
                format!("\0{username}\0{password}")
            }
            _ => String::new(),
        };
        let expected = self.shared.behaviour.lock().unwrap().credentials;
        let is_right =
            expected.is_some_and(|(username, password)| given == format!("\0{username}\0{password}"));
        let reply = if is_right {
            "235 2.7.0 Authentication successful"
        } else {
            "535 5.7.8 Authentication credentials invalid"
        };
        self.is_logged_in = self.answer(Step::Auth, reply).await? && is_right;
        Ok(())
    }

    async fn mail(&mut self, arguments: &str) -> Result<(), Ended> {
        let is_open = self.shared.behaviour.lock().unwrap().credentials.is_none();
        if self.from.is_some() {
            self.violation("MAIL within a transaction".to_owned());
        }
        let reply = if is_open || self.is_logged_in {
            "250 2.1.0 Ok"
        } else {
            "530 5.7.0 Authentication required"
        };
        if self.answer(Step::Mail, reply).await? {
            self.from = Some(self.path(arguments, "FROM:"));
        }
        Ok(())
    }

    async fn rcpt(&mut self, arguments: &str) -> Result<(), Ended> {
        if self.from.is_none() {
            self.violation("RCPT before MAIL".to_owned());
            return self.write(b"503 5.5.1 MAIL first\r\n").await;
        }
        if self.answer(Step::Rcpt, "250 2.1.5 Ok").await? {
            let path = self.path(arguments, "TO:");
            self.to.push(path);
        }
        Ok(())
    }

    async fn data(&mut self) -> Result<(), Ended> {
        if self.to.is_empty() {
            self.violation("DATA before RCPT".to_owned());
            return self.write(b"503 5.5.1 RCPT first\r\n").await;
        }
        if !self
            .answer(Step::Data, "354 End data with <CR><LF>.<CR><LF>")
            .await?
        {
            return Ok(());
        }
        let content = self.content().await?;
        self.log().contents.push(content.clone());
        self.log().violations.extend(content::violations(&content));
        let mail = Mail {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            raw: content::unstuff(&content),
        };
        let number = self.log().contents.len();
        let reply = format!("250 2.0.0 Ok: queued as Q{number}\r\n").into_bytes();
        let act = self.shared.act(Step::EndOfData).unwrap_or(Act::Write(reply));
        // Before it says so: whoever has heard it may look at once.
        if matches!(&act, Act::Write(bytes) if bytes.starts_with(b"2")) {
            self.log().mails.push(mail);
        }
        self.perform(act).await.map(drop)
    }

    /// The bytes up to the final dot: a dot between CRLFs and nothing else.
    async fn content(&mut self) -> Result<Vec<u8>, Ended> {
        if self.buffer.is_empty() {
            self.fill().await?;
        }
        if let Some(act) = self.shared.act(Step::InData) {
            self.perform(act).await?;
        }
        let mut searched = 0;
        loop {
            let found = self.buffer[searched..]
                .windows(5)
                .position(|bytes| bytes == b"\r\n.\r\n");
            if let Some(at) = found {
                let at = searched + at;
                let mut content: Vec<u8> = self.buffer.drain(..at + 5).collect();
                content.truncate(at + 2);
                return Ok(content);
            }
            searched = self.buffer.len().saturating_sub(4);
            self.fill().await?;
        }
    }

    /// Replies as it should, or does what it is told instead. Whether the client may go on.
    async fn answer(&mut self, step: Step, reply: &str) -> Granted {
        if let Some(act) = self.shared.act(step) {
            return self.perform(act).await;
        }
        self.write(format!("{reply}\r\n").as_bytes()).await?;
        Ok(matches!(reply.as_bytes()[0], b'2' | b'3'))
    }

    async fn perform(&mut self, act: Act) -> Granted {
        match act {
            Act::Hang => {
                self.log().hangs += 1;
                std::future::pending().await
            }
            Act::Close => Err(Ended),
            Act::Write(bytes) => {
                self.write(&bytes).await?;
                if bytes.starts_with(b"421") {
                    return Err(Ended);
                }
                Ok(matches!(bytes[0], b'2' | b'3'))
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    async fn fill(&mut self) -> Result<(), Ended> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Ended),
            _ => Ok(()),
        }
    }

    /// A command line, without its CRLF.
    async fn line(&mut self) -> Result<String, Ended> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let Some(line) = line.strip_suffix(b"\r\n") else {
                    self.violation("a bare LF in a command".to_owned());
                    return Err(Ended);
                };
                return Ok(String::from_utf8_lossy(line).into_owned());
            }
            self.fill().await?;
        }
    }

    /// The address between the angle brackets behind `keyword`.
    fn path(&mut self, arguments: &str, keyword: &str) -> String {
        let path = arguments
            .strip_prefix(keyword)
            .and_then(|path| path.strip_prefix('<'))
            .and_then(|path| path.split_once('>'));
        let Some((address, _)) = path else {
            self.violation(format!("no path in {arguments:?}"));
            return String::new();
        };
        address.to_owned()
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.shared.log()
    }

    fn violation(&mut self, what: String) {
        self.log().violations.push(what);
    }
}

/// What RFC 5321 (4.1.2, 4.1.3) has behind EHLO, and strict servers insist on.
fn is_full_name_or_literal(name: &str) -> bool {
    let literal = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match literal.map(|literal| (literal, literal.strip_prefix("IPv6:"))) {
        Some((_, Some(address))) => address.parse::<Ipv6Addr>().is_ok(),
        Some((address, None)) => address.parse::<Ipv4Addr>().is_ok(),
        None => {
            let is_label = |label: &str| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            };
            name.contains('.') && name.split('.').all(is_label) && name.parse::<Ipv4Addr>().is_err()
        }
    }
}

fn decode(base64: &str) -> String {
    let bytes = STANDARD.decode(base64).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
