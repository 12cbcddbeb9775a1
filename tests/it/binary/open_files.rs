//! How many files it may have open, of which every connection is one.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::installation::Installation;
use crate::support::wait::until;

const LIVEZ: &[u8] = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A connection that has been answered and is kept.
async fn kept(installation: &Installation) -> TcpStream {
    let mut stream = TcpStream::connect(installation.api).await.unwrap();
    stream.write_all(LIVEZ).await.unwrap();
    let mut status = [0; 12];
    let answered = timeout(Duration::from_secs(20), stream.read_exact(&mut status)).await;
    answered.expect("an answer").unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn it_raises_its_soft_limit_and_says_what_it_is() {
    let installation = Installation::new();
    let running = installation.start_after("ulimit -Sn 300 && ulimit -Hn 700").await;
    until("it says the limit", async || {
        running.stderr().contains("\"open_files.limit\":700")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_idle_connections_than_it_may_have_files_keep_nobody_out() {
    let installation = Installation::new();
    // 428 are left for connections, beside 256 and the 16 of the database.
    let running = installation.start_after("ulimit -Sn 700 && ulimit -Hn 700").await;
    let mut idle = Vec::new();
    for _ in 0..500 {
        idle.push(kept(&installation).await);
    }
    let asked = Instant::now();
    kept(&installation).await;
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "long before any of them has to go"
    );
    assert!(
        !running.stderr().contains("could not be accepted"),
        "{}",
        running.stderr()
    );
}
