//! Limits of time and number, and the end of the service.

use std::net::SocketAddr;
use std::time::Duration;

use otpost::http::problem::Code;
use otpost::http::server::Limits;
use otpost::lifecycle::{Ended, Grace, Phase, Signal};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::service::{Service, Settings, assert_problem};
use crate::support::plain_http::{Answer, exchange, get as fetch};
use crate::support::wait::{in_time, let_pass, until};

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let service = Service::start_with(Settings {
        timeout: Duration::from_millis(100),
        ..Settings::default()
    })
    .await;
    let answer = fetch(service.address, "/wait", &[]).await;
    assert_problem(&answer, Code::ServiceUnavailable);
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn beyond_what_it_can_do_at_once_it_says_so_but_still_lives() {
    let service = Service::start_with(Settings {
        max_in_flight: 1,
        ..Settings::default()
    })
    .await;
    let address = service.address;
    let first = tokio::spawn(async move { fetch(address, "/wait", &[]).await });
    service.entered.notified().await;
    let second = fetch(address, "/list", &[]).await;
    assert_problem(&second, Code::ServiceUnavailable);
    assert_eq!(second.header("retry-after"), "1");
    assert_eq!(fetch(address, "/livez", &[]).await.status, 200);
    assert_eq!(fetch(address, "/readyz", &[]).await.status, 200);
    service.gate.notify_one();
    assert_eq!(first.await.unwrap().body, "done");
    assert_eq!(fetch(address, "/list", &[]).await.status, 200);
}

/// Little time for a head, and more for what comes after an answer than any test waits.
fn impatient() -> Settings {
    Settings {
        limits: Limits {
            head_timeout: Duration::from_millis(200),
            idle_timeout: IDLE_TIMEOUT,
            ..Limits::default()
        },
        ..Settings::default()
    }
}

const IDLE_TIMEOUT: Duration = Duration::from_hours(1);

/// Reads until the server closes.
async fn until_closed(stream: &mut (impl AsyncRead + Unpin)) {
    let mut read = Vec::new();
    // It may come as a reset.
    let _ = in_time("the server closes", stream.read_to_end(&mut read)).await;
}

#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_is_not_waited_for() {
    let service = Service::start_with(impatient()).await;
    for begun in [
        "",
        "GET /list HT",
        "GET /list HTTP/1.1\r\nHost: x\r\n",
        "PRI * HTTP/2.0\r\n",
    ] {
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        until_closed(&mut stream).await;
    }
}

#[tokio::test]
async fn a_dribbled_head_gets_no_more_time_than_another() {
    let service = Service::start_with(impatient()).await;
    let stream = TcpStream::connect(service.address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let dribbling = async {
        let head = b"GET /list HTTP/1.1\r\nHost: otp.example\r\nX: ";
        for byte in head.iter().chain(std::iter::repeat(&b'x')) {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if write.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = dribbling => {}
        () = until_closed(&mut read) => {}
    }
}

#[tokio::test]
async fn a_connection_waits_longer_for_its_next_request_than_for_the_rest_of_one() {
    let service = Service::start_with(impatient()).await;
    let mut stream = TcpStream::connect(service.address).await.unwrap();
    let request = b"GET /list HTTP/1.1\r\nHost: otp.example\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(request).await.unwrap();
        let mut buffer = [0; 1_024];
        assert!(stream.read(&mut buffer).await.unwrap() > 0);
        let_pass(IDLE_TIMEOUT / 2).await;
    }
    // Again and again, for the server may count from a moment after the answer.
    for _ in 0..1_000 {
        let_pass(IDLE_TIMEOUT).await;
        if let Ok(end) = timeout(Duration::from_millis(10), stream.read(&mut [0])).await {
            assert!(!matches!(end, Ok(1..)), "{end:?}");
            return;
        }
    }
    panic!("the server does not close");
}

#[tokio::test]
async fn requests_that_could_be_smuggled_are_refused_and_their_connection_closed() {
    let service = Service::start().await;
    let post = "POST /v1/otp/verify HTTP/1.1\r\nHost: x\r\n";
    let second = "GET /list HTTP/1.1\r\nHost: x\r\n\r\n";
    for head in [
        format!("{post}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd{second}"),
        format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{second}"),
        format!("{post}Content-Length: +4\r\n\r\nabcd{second}"),
        format!("{post}X: a\r\n b\r\n\r\n{second}"),
    ] {
        let read = exchange(service.address, head.as_bytes()).await.unwrap();
        assert_eq!(Answer::parse(&read).status, 400, "{head:?}");
        assert_eq!(
            String::from_utf8_lossy(&read).matches("HTTP/1.1 ").count(),
            1,
            "{head:?}"
        );
    }
}

#[tokio::test]
async fn http_2_is_spoken_on_the_same_port() {
    // Only the first of the tests in a process installs it; all of them want the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let service = Service::start().await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap();
    let url = format!("http://{}/list?limit=7", service.address);
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.text().await.unwrap(), "7");
}

#[tokio::test]
async fn what_is_in_flight_finishes_while_new_connections_are_refused() {
    let service = Service::start().await;
    let address = service.address;
    let idle = TcpStream::connect(address).await.unwrap();
    let in_flight = tokio::spawn(async move { fetch(address, "/wait", &[]).await });
    service.entered.notified().await;

    service.shutdown.advance(Phase::Leaving);
    assert_problem(&fetch(address, "/readyz", &[]).await, Code::ServiceUnavailable);
    assert_eq!(fetch(address, "/livez", &[]).await.status, 200);
    assert_eq!(fetch(address, "/list", &[]).await.status, 200);

    service.shutdown.advance(Phase::Draining);
    until("new connections are refused", async || {
        TcpStream::connect(address).await.is_err()
    })
    .await;
    assert!(!service.ended.is_finished());

    service.gate.notify_one();
    assert_eq!(in_flight.await.unwrap().body, "done");
    let dropped = in_time("the end", service.ended).await.unwrap();
    assert_eq!(dropped, 0);
    drop(idle);
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_dropped() {
    let service = Service::start().await;
    let address = service.address;
    let stuck = tokio::spawn(exchange_wait(address));
    service.entered.notified().await;
    let (sender, mut signals) = mpsc::channel(1);
    sender.send(Signal::Interrupt).await.unwrap();
    let grace = Grace {
        draining: Duration::from_millis(100),
        releasing: Duration::from_mins(1),
        ..Grace::default()
    };
    let ended = service.shutdown.conduct(&mut signals, grace, service.ended);
    let ended = in_time("the end", ended).await;
    let Ended::Finished(dropped) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(dropped.unwrap(), 1);
    assert!(!stuck.await.unwrap(), "no half an answer is sent");
}

/// Whether `GET /wait` was answered.
async fn exchange_wait(address: SocketAddr) -> bool {
    let read = exchange(address, b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await;
    read.is_ok_and(|read| !read.is_empty())
}
