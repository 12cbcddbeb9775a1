//! Where a request begins and ends, and whom it is for: what could be read in two ways is refused, and nothing that follows
//! it is ever taken for a request.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::{Request, Uri, Version};
use otpost::http::problem::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::service::{Service, assert_problem};
use crate::support::plain_http::{Answer, exchange};

/// A request that would be answered if it were taken for one.
const SECOND: &str = "GET /list HTTP/1.1\r\nHost: otp.example\r\n\r\n";

/// The one answer to `bytes`, after which the connection ended.
async fn only_answer(address: SocketAddr, bytes: &str) -> Answer {
    let read = timeout(Duration::from_secs(10), exchange(address, bytes.as_bytes())).await;
    let read = read.expect("the connection ends").unwrap();
    let text = String::from_utf8_lossy(&read);
    assert_eq!(text.matches("HTTP/1.").count(), 1, "{bytes:?}: {text}");
    Answer::parse(&read)
}

async fn assert_refused(address: SocketAddr, head: &str) {
    let answer = only_answer(address, &format!("{head}\r\n\r\n{SECOND}")).await;
    assert_problem(&answer, Code::InvalidRequest);
    assert_eq!(answer.header("connection"), "close", "{head:?}");
}

#[tokio::test]
async fn a_request_names_its_host_once_and_well() {
    let service = Service::start().await;
    for headers in [
        "",
        "\r\nHost:",
        "\r\nHost: otp.example\r\nHost: otp.example",
        "\r\nHost: otp.example, evil.example",
        "\r\nHost: otp example",
        "\r\nHost: user@otp.example",
        "\r\nHost: otp.example:port",
        "\r\nHost: http://otp.example/",
    ] {
        assert_refused(service.address, &format!("GET /list HTTP/1.1{headers}")).await;
    }
    let elsewhere = "GET http://otp.example/list HTTP/1.1\r\nHost: evil.example";
    assert_refused(service.address, elsewhere).await;
    for head in [
        "GET /list HTTP/1.1\r\nHost: otp.example",
        "GET /list HTTP/1.1\r\nHost: [::1]:8080",
        "GET http://otp.example:80/list HTTP/1.1\r\nHost: OTP.example:80",
        // HTTP/1.0 knows no Host.
        "GET /list HTTP/1.0",
        "GET /list HTTP/1.0\r\nHost: otp.example",
    ] {
        let answer = only_answer(service.address, &format!("{head}\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(answer.status, 200, "{head:?}");
    }
}

#[tokio::test]
async fn a_request_of_http_2_names_its_host_once_and_well() {
    let service = Service::start().await;
    let stream = TcpStream::connect(service.address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let mut status = async |authority: &str, host: Option<&str>| {
        let uri: Uri = format!("http://{authority}/list").parse().unwrap();
        let request = Request::builder().uri(uri).version(Version::HTTP_2);
        let request = host
            .into_iter()
            .fold(request, |request, host| request.header("host", host));
        client = client.clone().ready().await.unwrap();
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        answer.await.unwrap().status().as_u16()
    };
    assert_eq!(status("otp.example", None).await, 200);
    assert_eq!(status("otp.example", Some("OTP.example")).await, 200);
    assert_eq!(status("otp.example", Some("evil.example")).await, 400);
    assert_eq!(status("user@otp.example", None).await, 400);
}

#[tokio::test]
async fn a_body_is_encoded_once_or_not_at_all() {
    let service = Service::start().await;
    let post = "POST /v1/otp/verify HTTP/1.1\r\nHost: otp.example\r\nContent-Type: application/json";
    for encodings in [
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
    ] {
        let head = format!("{post}\r\n{encodings}");
        let answer = only_answer(service.address, &format!("{head}\r\n\r\n0\r\n\r\n{SECOND}")).await;
        assert_problem(&answer, Code::InvalidRequest);
        assert_eq!(answer.header("connection"), "close", "{encodings}");
    }
    let body = "22\r\n{\"verification_id\":\"v\",\"code\":\"1\"}\r\n0\r\n\r\n";
    let chunked = format!("{post}\r\nConnection: close\r\nTransfer-Encoding: Chunked\r\n\r\n{body}");
    assert_eq!(only_answer(service.address, &chunked).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_read_at_all_is_answered_as_every_other_problem() {
    let service = Service::start().await;
    let get = "GET /list HTTP/1.1\r\nHost: otp.example\r\n";
    let long = "x".repeat(20_000);
    let many = "X: 1\r\n".repeat(70);
    for head in [
        "GET\r\n\r\n".to_owned(),
        "G\u{1}T /list HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /li st HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /list\u{7f} HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /list HTTP/2.0\r\nHost: x\r\n\r\n".to_owned(),
        "GET /list HTTP/9.9\r\nHost: x\r\n\r\n".to_owned(),
        "GET /list SMTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        format!("{get}no colon\r\n\r\n"),
        format!("{get}X : 1\r\n\r\n"),
        format!("{get}X: a\r\n b\r\n\r\n"),
        format!("{get}X: a\0b\r\n\r\n"),
        format!("{get}X\u{e4}: 1\r\n\r\n"),
        format!("{get}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd"),
        format!("{get}Content-Length: +4\r\n\r\nabcd"),
        format!("{get}Content-Length: 4, 4\r\n\r\nabcd"),
        format!("{get}Content-Length: 99999999999999999999\r\n\r\nabcd"),
        "GET /list HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("{get}X: {long}\r\n\r\n"),
        format!("{get}{many}\r\n"),
    ] {
        let answer = only_answer(service.address, &format!("{head}{SECOND}")).await;
        assert_problem(&answer, Code::InvalidRequest);
        assert_eq!(answer.header("connection"), "close", "{head:?}");
        assert!(!answer.header("date").is_empty(), "{head:?}");
    }
    // Also when there has been a request before it on the connection.
    let later = format!("{SECOND}GET\r\n\r\n{SECOND}");
    let read = exchange(service.address, later.as_bytes()).await.unwrap();
    let text = String::from_utf8_lossy(&read);
    let statuses: Vec<_> = text
        .match_indices("HTTP/1.1 ")
        .map(|(at, _)| &text[at + 9..at + 12])
        .collect();
    assert_eq!(statuses, ["200", "400"], "{text}");
    assert!(text.contains("urn:otpost:request:"), "{text}");
}

#[tokio::test]
async fn nothing_that_follows_a_length_beside_chunks_is_a_request() {
    let service = Service::start().await;
    let json = "{\"verification_id\":\"v\",\"code\":\"1\"}";
    for headers in [
        "Content-Length: 34\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 34",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
    ] {
        let head = "POST /v1/otp/verify HTTP/1.1\r\nHost: otp.example\r\nContent-Type: application/json";
        let request = format!("{head}\r\n{headers}\r\n\r\n22\r\n{json}\r\n0\r\n\r\n");
        let answer = only_answer(service.address, &format!("{request}{SECOND}")).await;
        assert_eq!(
            (answer.status, answer.header("connection")),
            (200, "close"),
            "{headers}"
        );

        // Nor when it follows after the answer.
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        stream.read_buf(&mut read).await.unwrap();
        // The other side may have closed by now.
        let _ = stream.write_all(SECOND.as_bytes()).await;
        let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut read))
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&read);
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
    }
}

#[tokio::test]
async fn the_rest_of_a_body_that_nobody_read_is_no_request() {
    let service = Service::start().await;
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let length = SECOND.len() + 10;
    let head = format!("POST /nothing HTTP/1.1\r\nHost: otp.example\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    stream.read_buf(&mut read).await.unwrap();
    let rest = format!("0123456789{SECOND}");
    let _ = stream.write_all(rest.as_bytes()).await;
    let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut read))
        .await
        .unwrap();
    assert_problem(&Answer::parse(&read), Code::NotFound);
    assert_eq!(String::from_utf8_lossy(&read).matches("HTTP/1.1 ").count(), 1);
}

#[tokio::test]
async fn an_answer_before_the_body_was_read_says_that_the_connection_ends() {
    let service = Service::start().await;
    for (target, length, body, code) in [
        ("/nothing", 5, "", Code::NotFound),
        // Also when all of it is here: whether it is cannot be known.
        ("/nothing", 5, "hello", Code::NotFound),
        ("/list", 5, "", Code::MethodNotAllowed),
        ("/v1/otp/verify", 64 * 1024 + 1, "", Code::PayloadTooLarge),
    ] {
        let request = format!(
            "POST {target} HTTP/1.1\r\nHost: otp.example\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        let answer = only_answer(service.address, &request).await;
        assert_problem(&answer, code);
        assert_eq!(answer.header("connection"), "close", "{target} {body:?}");
    }
}

#[tokio::test]
async fn a_bare_line_feed_ends_a_line_and_nothing_more() {
    let service = Service::start().await;
    let answer = only_answer(
        service.address,
        "GET /list HTTP/1.1\nHost: x\nConnection: close\n\n",
    )
    .await;
    assert_eq!(answer.status, 200);
    // What it sets off is a field like any other, and counts as one.
    assert_refused(
        service.address,
        "GET /list HTTP/1.1\r\nX: a\nHost: x\r\nHost: otp.example",
    )
    .await;
}

#[tokio::test]
async fn requests_that_come_together_are_answered_in_turn() {
    let service = Service::start().await;
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let get = |limit: u32| format!("GET /list?limit={limit} HTTP/1.1\r\nHost: otp.example\r\n\r\n");
    let last = get(4).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let (begun, rest) = last.split_at(30);
    let together = [&get(1), &get(2), &get(3), begun]
        .map(|part: &str| part.to_owned())
        .concat();
    stream.write_all(together.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    while String::from_utf8_lossy(&read).matches("HTTP/1.1 200").count() < 3 {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0);
    }
    stream.write_all(rest.as_bytes()).await.unwrap();
    stream.read_to_end(&mut read).await.unwrap();
    let text = String::from_utf8_lossy(&read);
    let bodies: Vec<_> = text.split("\r\n\r\n").skip(1).map(|body| &body[..1]).collect();
    assert_eq!(bodies, ["1", "2", "3", "4"], "{text}");
}
