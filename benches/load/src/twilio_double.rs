//! Twilio on loopback: accepts every message at once with an answer of the usual size, and remembers the codes.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;

use crate::http::{Connection, find, number};

/// A server on a thread of its own, for as long as the process runs.
pub struct TwilioDouble {
    address: SocketAddr,
    ledger: Arc<Ledger>,
}

#[derive(Default)]
struct Ledger {
    accepted: AtomicU64,
    duplicates: AtomicU64,
    /// Code by recipient, the recipient as the digits of its number.
    codes: Mutex<HashMap<u64, String>>,
}

impl TwilioDouble {
    pub fn start() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let ledger = Arc::new(Ledger::default());
        let books = Arc::clone(&ledger);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::spawn(move || {
            runtime.block_on(async move {
                if let Ok(listener) = TcpListener::from_std(listener) {
                    serve(&listener, books).await;
                }
            });
        });
        Ok(Self { address, ledger })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Messages accepted so far.
    pub fn accepted(&self) -> u64 {
        self.ledger.accepted.load(Ordering::Acquire)
    }

    /// Messages that a recipient had before.
    pub fn duplicates(&self) -> u64 {
        self.ledger.duplicates.load(Ordering::Acquire)
    }

    /// The code a recipient was sent.
    pub fn code(&self, recipient: u64) -> Option<String> {
        self.ledger.codes().get(&recipient).cloned()
    }
}

impl Ledger {
    fn codes(&self) -> std::sync::MutexGuard<'_, HashMap<u64, String>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the form; the code is what the text of a message to sign in begins with.
    fn accept(&self, form: &[u8]) -> Option<u64> {
        let to = number(&form[find(form, b"To=%2B")? + 6..])?;
        let text = &form[find(form, b"Body=")? + 5..];
        let code = String::from_utf8(text.get(..6)?.to_vec()).ok()?;
        if self.codes().insert(to, code).is_some() {
            self.duplicates.fetch_add(1, Ordering::AcqRel);
        }
        Some(self.accepted.fetch_add(1, Ordering::AcqRel))
    }
}

async fn serve(listener: &TcpListener, ledger: Arc<Ledger>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move {
            let mut connection = Connection::over(stream);
            while let Ok(Some((_, form))) = connection.read().await {
                let answer = match ledger.accept(form) {
                    Some(count) => accepted(count),
                    None => "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_owned(),
                };
                if connection.write(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
        });
    }
}

fn accepted(count: u64) -> String {
    let body = format!(
        r#"{{"account_sid":"AC00000000000000000000000000000000","api_version":"2010-04-01","body":"","date_created":"Sun, 22 Nov 2026 09:00:00 +0000","date_sent":null,"date_updated":"Sun, 22 Nov 2026 09:00:00 +0000","direction":"outbound-api","error_code":null,"error_message":null,"from":null,"messaging_service_sid":"MG00000000000000000000000000000000","num_media":"0","num_segments":"1","price":null,"price_unit":null,"sid":"SM{count:032x}","status":"accepted","subresource_uris":{{"media":"/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/SM{count:032x}/Media.json"}},"to":"","uri":"/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/SM{count:032x}.json"}}"#
    );
    format!(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
