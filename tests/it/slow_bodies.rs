//! Bodies that come slowly, of callers with different keys.

use axum::body::Bytes;
use axum::http::Request;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::carriers::number;
use crate::support::tenants;
use crate::support::test_server::TestServer;
use crate::support::wait::{in_time, until};

/// The longest body that is taken.
const LONGEST: usize = 64 * 1024;

/// As many as one connection may have on their way.
const STREAMS: usize = 128;

/// Begins requests with a key whose bodies do not come to their end, until one is turned away.
async fn dribble_to_the_brim(server: &TestServer, key: &str) -> JoinSet<()> {
    let (mut coming, mut answers) = (JoinSet::new(), JoinSet::new());
    let spaces = Bytes::from(vec![b' '; LONGEST]);
    // More than all bodies together may hold.
    for _ in 0..9 {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
        coming.spawn(async move { drop(connection.await) });
        for _ in 0..STREAMS {
            let request = Request::post("http://otp.example/v1/otp/send")
                .header("authorization", format!("Bearer {key}"))
                .header("content-type", "application/json")
                .body(())
                .unwrap();
            client = client.ready().await.unwrap();
            let (answer, mut body) = client.send_request(request, false).unwrap();
            body.send_data(spaces.clone(), false).unwrap();
            answers.spawn(async move {
                let answer = answer.await;
                drop(body);
                answer.map(|answer| answer.status().as_u16()).ok()
            });
        }
    }
    let turned_away = in_time("one is turned away", answers.join_next()).await;
    assert_eq!(turned_away.unwrap().unwrap(), Some(503));
    coming.spawn(async move { drop(answers.join_all().await) });
    coming
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dribbles_bodies_to_the_brim_keeps_nobody_out_with_another_key() {
    let server = TestServer::start().await;
    let other = tenants::application(&server).await;
    let dribbling = dribble_to_the_brim(&server, &server.application_key).await;
    let send = async |key: &str, connection: &str| {
        let body = json!({ "connection_id": connection, "to": number(1) }).to_string();
        let longest = body.clone() + &" ".repeat(LONGEST - body.len());
        let answer = server.request("POST", "/v1/otp/send", key, &[], &longest);
        answer.await.status
    };
    until("there is no room for another body of the first", async || {
        send(&server.application_key, &server.phone).await == 503
    })
    .await;
    assert_eq!(send(&other.key, &other.phone).await, 201);
    drop(dribbling);
    server.stop().await;
}
