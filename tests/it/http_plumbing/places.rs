//! Places among the requests in flight: who takes one, and until when.

use std::net::SocketAddr;

use axum::http::Request;
use h2::RecvStream;
use h2::client::SendRequest;
use otpost::http::problem::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::service::{Service, Settings, assert_problem};
use crate::support::plain_http::get as fetch;
use crate::support::wait::until;

fn one_place() -> Settings {
    Settings {
        max_in_flight: 1,
        max_open_in_flight: 1,
        ..Settings::default()
    }
}

/// Asks until the place is free again.
async fn is_served_again(address: SocketAddr, path: &str) {
    until("a free place", async || {
        fetch(address, path, &[]).await.status == 200
    })
    .await;
}

/// An HTTP/2 connection that grants no byte of any answer until asked to.
async fn without_window(address: SocketAddr) -> SendRequest<axum::body::Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(0)
        .handshake(stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    client.ready().await.unwrap()
}

/// Asks for `path` and takes the head of the answer.
async fn take_head(client: &mut SendRequest<axum::body::Bytes>, path: &str) -> RecvStream {
    let request = Request::get(format!("http://otp.example{path}"))
        .body(())
        .unwrap();
    let (response, _) = client.send_request(request, true).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    response.into_body()
}

#[tokio::test]
async fn an_answer_that_is_not_read_holds_its_place() {
    let service = Service::start_with(one_place()).await;
    for gives_up in [true, false] {
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        let request = b"GET /large HTTP/1.1\r\nHost: otp.example\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut beginning = [0; 12];
        stream.read_exact(&mut beginning).await.unwrap();
        assert_eq!(&beginning, b"HTTP/1.1 200");
        let turned_away = fetch(service.address, "/list", &[]).await;
        assert_problem(&turned_away, Code::ServiceUnavailable);
        if gives_up {
            drop(stream);
        } else {
            stream.read_to_end(&mut Vec::new()).await.unwrap();
        }
        is_served_again(service.address, "/list").await;
    }
}

#[tokio::test]
async fn an_answer_without_a_window_holds_its_place() {
    let service = Service::start_with(one_place()).await;
    let mut client = without_window(service.address).await;
    let body = take_head(&mut client, "/list").await;
    let turned_away = fetch(service.address, "/list", &[]).await;
    assert_problem(&turned_away, Code::ServiceUnavailable);
    drop(body);
    is_served_again(service.address, "/list").await;
}

#[tokio::test]
async fn what_anybody_may_ask_for_takes_no_place_from_those_with_a_key() {
    let service = Service::start_with(one_place()).await;
    let mut client = without_window(service.address).await;
    let body = take_head(&mut client, "/docs/problems").await;
    let turned_away = fetch(service.address, "/docs/problems", &[]).await;
    assert_problem(&turned_away, Code::ServiceUnavailable);
    assert_eq!(fetch(service.address, "/list", &[]).await.status, 200);
    drop(body);
    is_served_again(service.address, "/docs/problems").await;
}
