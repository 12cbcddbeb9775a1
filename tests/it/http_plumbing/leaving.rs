//! The end of the service as callers see it who are in the middle of asking.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use otpost::http::problem::Code;
use otpost::http::server::Limits;
use otpost::lifecycle::Phase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::service::{Service, Settings, assert_problem};
use crate::support::plain_http::{Answer, get as fetch};
use crate::support::tcp_proxy::TcpProxy;
use crate::support::wait::{in_time, until};

const CALLERS: usize = 40;

/// As far away as another machine may be.
const AWAY: Duration = Duration::from_millis(10);

const LIST: &[u8] = b"GET /list HTTP/1.1\r\nHost: otp.example\r\n\r\n";

/// Asks once on a connection that is kept.
async fn ask(stream: &mut TcpStream) -> Answer {
    stream.write_all(LIST).await.unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n20") {
        let count = in_time("an answer", stream.read_buf(&mut read)).await.unwrap();
        assert!(count > 0, "the connection ended without an answer");
    }
    Answer::parse(&read)
}

async fn proxied(service: &Service) -> TcpProxy {
    let proxy = TcpProxy::start(service.address.to_string()).await;
    proxy.delay(AWAY);
    proxy
}

fn address(proxy: &TcpProxy) -> SocketAddr {
    ([127, 0, 0, 1], proxy.port()).into()
}

#[tokio::test]
async fn while_leaving_every_answer_sends_its_caller_elsewhere() {
    let service = Service::start().await;
    let mut idle = TcpStream::connect(service.address).await.unwrap();
    assert_eq!(ask(&mut idle).await.header("connection"), "");
    let silent = TcpStream::connect(service.address).await.unwrap();

    service.shutdown.advance(Phase::Leaving);
    let answer = fetch(service.address, "/readyz", &[]).await;
    assert_problem(&answer, Code::ServiceUnavailable);
    let new = TcpStream::connect(service.address).await.unwrap();
    for mut stream in [idle, silent, new] {
        assert_eq!(ask(&mut stream).await.header("connection"), "close");
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn callers_who_keep_their_connections_lose_nothing_when_the_service_leaves() {
    let (leaving, staying) = (Service::start().await, Service::start().await);
    let (near, other) = (proxied(&leaving).await, proxied(&staying).await);
    let (first, second) = (address(&near), address(&other));
    let asked = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let asked = Arc::clone(&asked);
        callers.spawn(async move {
            let mut stream = TcpStream::connect(first).await.unwrap();
            // Until it is sent elsewhere, and there it is answered too.
            loop {
                let answer = ask(&mut stream).await;
                assert_eq!(answer.status, 200);
                asked.fetch_add(1, Ordering::Relaxed);
                if answer.header("connection") == "close" {
                    break;
                }
            }
            let mut stream = TcpStream::connect(second).await.unwrap();
            assert_eq!(ask(&mut stream).await.status, 200);
        });
    }
    until("they are answered", async || {
        asked.load(Ordering::Relaxed) >= 3 * CALLERS
    })
    .await;
    leaving.shutdown.advance(Phase::Leaving);
    in_time("all of them are sent elsewhere", callers.join_all()).await;
    leaving.shutdown.advance(Phase::Draining);
    assert_eq!(in_time("the end", leaving.ended).await.unwrap(), 0);
}

#[tokio::test]
async fn callers_of_http_2_lose_nothing_when_the_service_leaves() {
    // Only the first of the tests in a process installs it; all of them want the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let service = Service::start().await;
    let proxy = proxied(&service).await;
    let url = format!("http://{}/list", address(&proxy));
    let (asked, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let client = reqwest::Client::builder()
            .http2_prior_knowledge()
            .no_proxy()
            .build()
            .unwrap();
        let (url, asked, enough) = (url.clone(), Arc::clone(&asked), Arc::clone(&enough));
        callers.spawn(async move {
            while !enough.load(Ordering::Relaxed) {
                let answer = client.get(&url).send().await.unwrap();
                assert_eq!(
                    (answer.status().as_u16(), answer.text().await.unwrap().as_str()),
                    (200, "20")
                );
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let answered = async |goal: usize| {
        until("they are answered", async || {
            asked.load(Ordering::Relaxed) >= goal
        })
        .await;
    };
    answered(3 * CALLERS).await;
    let before = proxy.connected();
    service.shutdown.advance(Phase::Leaving);
    answered(asked.load(Ordering::Relaxed) + 10 * CALLERS).await;
    enough.store(true, Ordering::Relaxed);
    callers.join_all().await;
    // Each has been told to look for another connection, and that again on the next.
    assert!(
        proxy.connected() >= before + CALLERS,
        "{before} {}",
        proxy.connected()
    );
    service.shutdown.advance(Phase::Draining);
    assert_eq!(in_time("the end", service.ended).await.unwrap(), 0);
}

#[tokio::test]
async fn what_has_been_sent_before_the_service_takes_nothing_new_is_answered() {
    let service = Service::start_with(Settings {
        limits: Limits {
            // However long the machine takes for the way through the proxy.
            last_call: Duration::from_hours(1),
            ..Limits::default()
        },
        ..Settings::default()
    })
    .await;
    let proxy = proxied(&service).await;
    let mut kept = TcpStream::connect(address(&proxy)).await.unwrap();
    ask(&mut kept).await;
    let mut fresh = TcpStream::connect(address(&proxy)).await.unwrap();
    until("both are through", async || proxy.connected() == 2).await;
    for stream in [&mut kept, &mut fresh] {
        stream.write_all(LIST).await.unwrap();
    }
    service.shutdown.advance(Phase::Draining);
    for stream in [&mut kept, &mut fresh] {
        let mut read = Vec::new();
        in_time("an answer", stream.read_to_end(&mut read)).await.unwrap();
        assert_eq!(Answer::parse(&read).status, 200);
    }
}
