//! Connections: how many, which of them go when there are too many, and what a peer that takes nothing holds.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Request;
use h2::client::SendRequest;
use otpost::http::server::{self, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::service::{MEGABYTE, Service, Settings};
use crate::support::plain_http::get as fetch;
use crate::support::wait::in_time;

const LIST: &[u8] = b"GET /list HTTP/1.1\r\nHost: otp.example\r\n\r\n";

fn limited(limits: Limits) -> Settings {
    Settings {
        limits,
        ..Settings::default()
    }
}

fn places(max_connections: usize) -> Settings {
    limited(Limits {
        max_connections,
        ..Limits::default()
    })
}

/// A connection that has been answered and is kept for the next request.
async fn kept(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream).await.unwrap();
    stream
}

/// The same of HTTP/2.
async fn multiplexed(address: SocketAddr) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://otp.example/list").body(()).unwrap();
    let mut client = client.ready().await.unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let mut body = in_time("an answer", answer).await.unwrap().into_body();
    while body.data().await.is_some() {}
    client
}

/// Whether another request is answered.
async fn ask(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(LIST).await?;
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n20") {
        if in_time("an answer", stream.read_buf(&mut read)).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    let read = in_time("the end of a connection", stream.read(&mut [0; 1])).await;
    matches!(read, Ok(0) | Err(_))
}

#[tokio::test]
async fn idle_connections_keep_nobody_out_and_the_oldest_goes_first() {
    let service = Service::start_with(places(8)).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(kept(service.address).await);
    }
    for used in &mut idle[..2] {
        ask(used).await.unwrap();
    }
    for _ in 0..3 {
        idle.push(kept(service.address).await);
    }
    for (number, stream) in idle.iter_mut().enumerate() {
        if (2..5).contains(&number) {
            assert!(is_closed(stream).await, "{number}");
        } else {
            ask(stream).await.unwrap();
        }
    }
}

#[tokio::test]
async fn connections_that_never_asked_keep_nobody_out() {
    let service = Service::start_with(limited(Limits {
        max_connections: 8,
        // So that room is made by nothing else.
        head_timeout: Duration::from_hours(1),
        ..Limits::default()
    }))
    .await;
    let mut silent = Vec::new();
    for _ in 0..30 {
        silent.push(TcpStream::connect(service.address).await.unwrap());
    }
    in_time("a newcomer is answered", kept(service.address)).await;
}

#[tokio::test]
async fn idle_connections_of_http_2_keep_nobody_out() {
    let service = Service::start_with(places(8)).await;
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(multiplexed(service.address).await);
    }
}

#[tokio::test]
async fn connections_of_http_2_that_never_asked_keep_nobody_out() {
    let service = Service::start_with(limited(Limits {
        max_multiplexed_connections: 8,
        // So that room is made by nothing else.
        head_timeout: Duration::from_hours(1),
        idle_timeout: Duration::from_hours(1),
        ..Limits::default()
    }))
    .await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let (settings, acknowledged) = ([0, 0, 0, 4, 0, 0, 0, 0, 0], [0, 0, 0, 4, 1, 0, 0, 0, 0]);
    let greeting = [&preface[..], &settings, &acknowledged].concat();
    let mut silent = Vec::new();
    for _ in 0..30 {
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        stream.write_all(&greeting).await.unwrap();
        silent.push(stream);
    }
    in_time("a newcomer is answered", multiplexed(service.address)).await;
    in_time("one of HTTP/1 is answered", kept(service.address)).await;
}

/// More come at once than there are places, and their requests only when all of them are connected.
#[tokio::test]
async fn newcomers_wait_for_each_other_and_are_all_answered() {
    let service = Service::start_with(limited(Limits {
        max_connections: 16,
        // However slow the machine is.
        head_grace: Duration::from_hours(1),
        ..Limits::default()
    }))
    .await;
    let mut connected = Vec::new();
    for _ in 0..100 {
        connected.push(TcpStream::connect(service.address).await.unwrap());
    }
    for stream in &mut connected {
        let last = b"GET /list HTTP/1.1\r\nHost: otp.example\r\nConnection: close\r\n\r\n";
        stream.write_all(last).await.unwrap();
    }
    for mut stream in connected {
        let mut read = Vec::new();
        let answered = in_time("an answer", stream.read_to_end(&mut read)).await;
        assert!(answered.unwrap() > 0);
    }
}

#[tokio::test]
async fn a_request_in_flight_keeps_its_place_and_so_does_one_that_is_coming_while_others_are_idle() {
    let service = Service::start_with(places(3)).await;
    let address = service.address;
    let in_flight = tokio::spawn(async move { fetch(address, "/wait", &[]).await });
    service.entered.notified().await;
    let mut coming = kept(address).await;
    coming.write_all(&LIST[..20]).await.unwrap();
    for _ in 0..20 {
        kept(address).await;
    }
    coming.write_all(&LIST[20..]).await.unwrap();
    assert!(coming.read(&mut [0; 1_024]).await.unwrap() > 0);
    service.gate.notify_one();
    assert_eq!(in_flight.await.unwrap().body, "done");
}

#[tokio::test]
async fn heads_that_do_not_come_to_their_end_keep_nobody_out() {
    let service = Service::start_with(limited(Limits {
        max_connections: 256,
        // So that room is made by nothing else.
        head_timeout: Duration::from_hours(1),
        ..Limits::default()
    }))
    .await;
    // A machine that allows few files leaves the other half to the tests beside this one.
    let files = server::raise_limit_of_open_files() / 2;
    let mut begun = Vec::new();
    for _ in 0..files.min(1_100) {
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        stream.write_all(&LIST[..20]).await.unwrap();
        begun.push(stream);
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut newcomer = socket.connect(service.address).await.unwrap();
    in_time("the newcomer is answered", ask(&mut newcomer))
        .await
        .unwrap();
    // The oldest have left, and whoever comes to the end of its head in time is answered.
    assert!(is_closed(&mut begun[0]).await);
    let last = begun.last_mut().unwrap();
    last.write_all(&LIST[20..]).await.unwrap();
    assert!(last.read(&mut [0; 1]).await.unwrap() > 0);
}

#[tokio::test]
async fn who_finds_all_places_in_use_waits_for_one() {
    let service = Service::start_with(places(1)).await;
    let address = service.address;
    let first = tokio::spawn(async move { fetch(address, "/wait", &[]).await });
    service.entered.notified().await;
    let second = tokio::spawn(async move { fetch(address, "/list", &[]).await });
    let third = tokio::spawn(async move { fetch(address, "/list", &[]).await });
    service.gate.notify_one();
    assert_eq!(first.await.unwrap().body, "done");
    for waiting in [second, third] {
        let answer = in_time("an answer", waiting).await.unwrap();
        assert_eq!(answer.status, 200);
    }
}

fn stalling() -> Settings {
    limited(Limits {
        stall_timeout: Duration::from_millis(300),
        ..Limits::default()
    })
}

#[tokio::test]
async fn who_reads_nothing_of_its_answers_is_left() {
    let service = Service::start_with(stalling()).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    let mut stream = socket.connect(service.address).await.unwrap();
    let answers = 64;
    let request = b"GET /megabyte HTTP/1.1\r\nHost: otp.example\r\n\r\n".repeat(answers);
    stream.write_all(&request).await.unwrap();
    // Nothing is read before the connection is reset.
    let reset = async {
        while stream.write_all(b"G").await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    in_time("the connection is reset", reset).await;
    let mut read = Vec::new();
    let _ = in_time("its end", stream.read_to_end(&mut read)).await;
    assert!(read.len() < answers * MEGABYTE);
}

#[tokio::test]
async fn who_grants_no_window_for_its_answers_is_left() {
    // Nothing at all, a little, and all but the last byte.
    for window in [0, 1, u32::try_from(MEGABYTE).unwrap() - 1] {
        let service = Service::start_with(stalling()).await;
        let stream = TcpStream::connect(service.address).await.unwrap();
        let mut client = h2::client::Builder::new();
        client
            .initial_window_size(window)
            .initial_connection_window_size(8 << 20);
        let (mut client, connection) = client.handshake::<_, Bytes>(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        let mut bodies = Vec::new();
        for _ in 0..3 {
            let request = Request::get("http://otp.example/megabyte").body(()).unwrap();
            client = client.ready().await.unwrap();
            let (answer, _) = client.send_request(request, true).unwrap();
            bodies.push(in_time("an answer", answer).await.unwrap().into_body());
        }
        let what = format!("the end of a connection with a window of {window}");
        let _ = in_time(&what, connection).await;
    }
}

#[tokio::test]
async fn who_reads_slowly_gets_all_of_it() {
    let service = Service::start_with(Settings::default()).await;
    let stream = TcpStream::connect(service.address).await.unwrap();
    let mut client = h2::client::Builder::new();
    client.initial_window_size(5_000);
    let (client, connection) = client.handshake::<_, Bytes>(stream).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://otp.example/megabyte").body(()).unwrap();
    let (answer, _) = client.ready().await.unwrap().send_request(request, true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.headers()["content-length"], MEGABYTE.to_string());
    let mut body = answer.into_body();
    let mut read = Vec::new();
    while let Some(part) = in_time("a part", body.data()).await {
        let part = part.unwrap();
        body.flow_control().release_capacity(part.len()).unwrap();
        read.extend_from_slice(&part);
    }
    assert!(read == vec![b'x'; MEGABYTE]);
}

#[tokio::test]
async fn a_head_that_dribbles_is_not_waited_for_in_http_2_either() {
    let service = Service::start_with(limited(Limits {
        head_timeout: Duration::from_millis(300),
        // So that no connection ends for that.
        idle_timeout: Duration::from_hours(1),
        ..Limits::default()
    }))
    .await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // GET http://a/list, the first in one frame, the second in two of which the other does not come.
    let block = b"\x82\x86\x04\x05/list\x01\x01a";
    let length = u8::try_from(block.len()).unwrap();
    let whole = [&[0, 0, length, 1, 5, 0, 0, 0, 1], &block[..]].concat();
    let begun = [&[0, 0, 5, 1, 1, 0, 0, 0, 3], &block[..5]].concat();
    let head_of_frame = vec![0, 0];
    for dribbled in [
        preface[..10].to_vec(),
        preface.to_vec(),
        [&preface[..], &settings, &begun].concat(),
        [&preface[..], &settings, &whole, &begun].concat(),
        [&preface[..], &settings, &whole, &begun[..12]].concat(),
        [&preface[..], &settings, &whole, &head_of_frame].concat(),
    ] {
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        stream.write_all(&dribbled).await.unwrap();
        let what = format!("{dribbled:?} is given up");
        // It may come as a reset.
        let _ = in_time(&what, stream.read_to_end(&mut Vec::new())).await;
    }
}

#[tokio::test]
async fn a_burst_of_connections_waits_for_the_service_to_take_them() {
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    // A machine that allows few files leaves the other half to the tests beside this one.
    let files = server::raise_limit_of_open_files() / 2;
    let burst = allowed.trim().parse().unwrap_or(2_000).min(2_000).min(files);
    // Nobody takes them yet: what does not fit into the queue does not get through.
    let listener = server::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut connecting = JoinSet::new();
    for _ in 0..burst {
        connecting.spawn(TcpStream::connect(address));
    }
    let connected = in_time("all of them get through", connecting.join_all()).await;
    assert!(connected.iter().all(Result::is_ok));
}
