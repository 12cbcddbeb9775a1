//! An HTTP/1.1 client that writes exactly the bytes it is given, for what a proper client would never send.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, their names in lower case; of several with one name the last.
    pub headers: HashMap<String, String>,
    /// The body as it came.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A header, empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.json()
    }

    /// The body of a problem that must have this status and code, and all that every problem has.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        let id = self.header("x-request-id");
        assert_eq!(body["instance"], format!("urn:otpost:request:{id}"));
        let documented = body["type"].as_str().unwrap();
        assert!(
            documented.ends_with(&format!("/docs/problems#{code}")),
            "{documented}"
        );
        for member in ["title", "detail"] {
            assert!(!body[member].as_str().unwrap().is_empty(), "{member}");
        }
        body
    }

    /// The pointers of a refused validation, in their order.
    #[track_caller]
    pub fn expect_invalid(&self) -> Vec<String> {
        let body = self.expect_problem(422, "validation_failed");
        let errors = body["errors"].as_array().unwrap();
        let pointer = |error: &Value| error["pointer"].as_str().unwrap().to_owned();
        errors.iter().map(pointer).collect()
    }

    /// Parses what was read from a connection that has ended.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer in {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
        Self {
            status: status.parse().unwrap(),
            headers: headers.collect(),
            body: body.to_owned(),
        }
    }
}

/// Writes `bytes` on a connection of its own and reads until the server closes it.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    // A server that refuses early may close before all is written.
    let _ = stream.write_all(bytes).await;
    let mut read = Vec::new();
    match stream.read_to_end(&mut read).await {
        Err(error) if read.is_empty() => Err(error),
        _ => Ok(read),
    }
}

/// One request, whose `head` is its request line and headers without the last empty line.
pub async fn request(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut bytes = format!("{head}\r\nHost: otp.example\r\nConnection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    Answer::parse(&exchange(address, &bytes).await.unwrap())
}

/// `GET path`, with further header lines.
pub async fn get(address: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    let request_line = format!("GET {path} HTTP/1.1");
    let head = [&[request_line.as_str()], headers].concat().join("\r\n");
    request(address, &head, b"").await
}

/// `POST path` with a JSON body.
pub async fn post_json(address: SocketAddr, path: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {length}");
    request(address, &head, body).await
}
