//! An HTTP/1.1 server on loopback that answers by a rule, and on demand misbehaves as real ones do. It speaks to the
//! socket itself, because no framework resets a connection or sends one byte at a time.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|header| header.0 == name);
        header.map(|header| header.1.as_str())
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn head(&self) -> String {
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| [name, ": ", value, "\r\n"].concat())
            .collect();
        let (status, length) = (self.status, self.body.len());
        format!("HTTP/1.1 {status} Scripted\r\n{headers}content-length: {length}\r\n\r\n")
    }
}

/// Keeps answers until a test lets them go.
#[derive(Debug, Clone, Default)]
pub struct Gate(CancellationToken);

impl Gate {
    pub fn open(&self) {
        self.0.cancel();
    }
}

/// What is done with one request instead of answering it by the rule.
#[derive(Debug, Clone)]
pub enum Script {
    /// Another answer.
    Reply(Reply),
    /// The answer of the rule, once the gate is open.
    Hold(Gate),
    /// The request is read and never answered.
    Hang,
    /// The connection is reset before the request is read.
    ResetUnread,
    /// The connection is reset after the request was read.
    Reset,
    /// One byte of the rule's answer in each such time.
    Drip(Duration),
    /// The head of this answer, and never its body.
    HeadOnly(Reply),
    /// These bytes, then the end of the connection.
    Raw(Vec<u8>),
}

type Rule = dyn Fn(&Request) -> Reply + Send + Sync;

struct Shared {
    rule: Box<Rule>,
    script: Mutex<VecDeque<Script>>,
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    silences: AtomicUsize,
}

impl Shared {
    fn next_script(&self) -> Option<Script> {
        self.script.lock().expect("no test panicked here").pop_front()
    }

    fn next_is_an_early_reset(&self) -> bool {
        let script = self.script.lock().expect("no test panicked here");
        matches!(script.front(), Some(Script::ResetUnread))
    }
}

/// The server; it ends when dropped.
pub struct HttpDouble {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for HttpDouble {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl HttpDouble {
    pub async fn start(rule: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            rule: Box::new(rule),
            script: Mutex::default(),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            silences: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self {
            address,
            shared,
            task,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> url::Url {
        format!("http://{}", self.address)
            .parse()
            .expect("an address makes a URL")
    }

    /// Puts `script` behind those that are still waiting for their request.
    pub fn respond_with(&self, script: Script) {
        self.shared
            .script
            .lock()
            .expect("no test panicked here")
            .push_back(script);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared
            .requests
            .lock()
            .expect("no test panicked here")
            .clone()
    }

    /// How many requests have got all of what they get of an answer that does not come to its end.
    pub fn silences(&self) -> usize {
        self.shared.silences.load(Ordering::Relaxed)
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let shared = shared.clone();
        // A client that goes away ends its own connection and nothing else.
        connections.spawn(async move { serve(stream, &shared).await.ok() });
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        if stream.peek(&mut [0]).await? == 0 {
            return Ok(());
        }
        if shared.next_is_an_early_reset() {
            shared.next_script();
            return stream.set_zero_linger();
        }
        let request = read_request(&mut stream).await?;
        let usual = (shared.rule)(&request);
        shared
            .requests
            .lock()
            .expect("no test panicked here")
            .push(request);
        let silent = || {
            shared.silences.fetch_add(1, Ordering::Relaxed);
        };
        if !respond(&mut stream, shared.next_script(), usual, silent).await? {
            return Ok(());
        }
    }
}

/// Answers; false when the connection is to end. Where the answer does not come to its end, `silent` is told.
async fn respond(
    stream: &mut TcpStream,
    script: Option<Script>,
    usual: Reply,
    silent: impl Fn(),
) -> io::Result<bool> {
    match script {
        None => write(stream, &usual).await?,
        Some(Script::Reply(reply)) => write(stream, &reply).await?,
        Some(Script::Hold(gate)) => {
            gate.0.cancelled().await;
            write(stream, &usual).await?;
        }
        Some(Script::Hang) => {
            silent();
            std::future::pending::<()>().await;
        }
        Some(Script::Reset | Script::ResetUnread) => {
            stream.set_zero_linger()?;
            return Ok(false);
        }
        Some(Script::Drip(pause)) => {
            silent();
            for byte in usual.head().as_bytes().iter().chain(&usual.body) {
                stream.write_all(&[*byte]).await?;
                tokio::time::sleep(pause).await;
            }
        }
        Some(Script::HeadOnly(reply)) => {
            stream.write_all(reply.head().as_bytes()).await?;
            silent();
            std::future::pending::<()>().await;
        }
        Some(Script::Raw(bytes)) => {
            stream.write_all(&bytes).await?;
            return Ok(false);
        }
    }
    Ok(true)
}

async fn write(stream: &mut TcpStream, reply: &Reply) -> io::Result<()> {
    let mut bytes = reply.head().into_bytes();
    bytes.extend_from_slice(&reply.body);
    stream.write_all(&bytes).await
}

/// Reads one request; a client sends the next only after the answer.
async fn read_request(stream: &mut TcpStream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        read_more(stream, &mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut start = lines.next().unwrap_or_default().split(' ');
    let mut next = || start.next().unwrap_or_default().to_owned();
    let mut request = Request {
        method: next(),
        path: next(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: Vec::new(),
    };
    let length = request.header("content-length");
    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < head_end + 4 + length {
        read_more(stream, &mut bytes).await?;
    }
    request.body = bytes.split_off(head_end + 4);
    Ok(request)
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    match stream.read_buf(bytes).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}
