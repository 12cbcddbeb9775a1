//! Bodies that come slowly, or not to their end.

use std::time::Duration;

use otpost::http::problem::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::service::{Service, Settings, assert_problem};
use crate::support::plain_http::{Answer, exchange, get as fetch};

#[tokio::test]
async fn a_body_that_stops_is_a_408_and_the_end_of_its_connection() {
    let service = Service::start_with(Settings {
        body_timeout: Duration::from_millis(100),
        ..Settings::default()
    })
    .await;
    for framing in ["Content-Length: 34", "Transfer-Encoding: chunked"] {
        let request = format!(
            "POST /v1/otp/verify HTTP/1.1\r\nHost: otp.example\r\nContent-Type: application/json\r\n{framing}\r\n\r\n1"
        );
        // Reads until the server closes.
        let read = exchange(service.address, request.as_bytes()).await.unwrap();
        let answer = Answer::parse(&read);
        assert_problem(&answer, Code::RequestTimeout);
        assert_eq!(answer.header("connection"), "close");
    }
}

/// A request that has sent all but the last byte of its body, and waits until the server reads it.
async fn half_sent(service: &Service) -> TcpStream {
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let head = "POST /v1/otp/verify HTTP/1.1\r\nHost: otp.example\r\nConnection: close\r\n\
                Content-Type: application/json\r\nContent-Length: 34\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
        .write_all(br#"{"verification_id":"v","code":"1""#)
        .await
        .unwrap();
    stream
}

#[tokio::test]
async fn a_body_that_is_still_coming_takes_no_place_of_a_request_in_flight() {
    let service = Service::start_with(Settings {
        max_in_flight: 1,
        ..Settings::default()
    })
    .await;
    let mut coming = Vec::new();
    for _ in 0..20 {
        coming.push(half_sent(&service).await);
    }
    assert_eq!(fetch(service.address, "/list", &[]).await.status, 200);
    for mut stream in coming {
        stream.write_all(b"}").await.unwrap();
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        assert_eq!(Answer::parse(&read).status, 200);
    }
}
