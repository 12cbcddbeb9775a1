//! `/dev/inbox`, where codes can be read: only in development, and only under this machine's own names.

use serde_json::json;

use crate::support::plain_http::{self, Answer};
use crate::support::test_server::{ServerOptions, TestServer};

const PUBLIC: &str = "https://otp.example.com";

/// A request to `path` under a name.
async fn ask(server: &TestServer, request: &str, host: &str) -> Answer {
    let head =
        format!("{request} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    Answer::parse(
        &plain_http::exchange(server.address, head.as_bytes())
            .await
            .unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_this_machines_finds_no_inbox() {
    let server = TestServer::start().await;
    let (_, code) = server.sent_code("+61466043123").await;
    let port = server.address.port();
    for host in ["localhost", "127.0.0.1", "[::1]", "acme.localhost"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            let answer = ask(&server, "GET /dev/inbox", &host).await;
            assert!(answer.status == 200 && answer.body.contains(&code), "{host}");
        }
    }
    for host in [
        "evil.example.com",
        "localhost.evil.example.com",
        "192.168.1.7",
        "x@localhost",
    ] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            for request in ["GET /dev/inbox", "POST /dev/inbox"] {
                let answer = ask(&server, request, &host).await;
                // As any path that is not there; a name with an `@` is none at all.
                assert!([400, 404].contains(&answer.status), "{request} {host}");
                assert!(!answer.body.contains(&code), "{request} {host}");
            }
        }
        // Everything else answers under any name: who calls it has a key.
        if !host.contains('@') {
            assert_eq!(ask(&server, "GET /livez", host).await.status, 200, "{host}");
        }
    }
    let unknown = ask(&server, "GET /dev/inbox", "evil.example.com").await;
    unknown.expect_problem(404, "not_found");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_with_a_public_url_there_is_neither_console_nor_inbox() {
    let server = ServerOptions::default()
        .set("server.public_url", PUBLIC)
        .start()
        .await;
    let refused = server.send_sms("+61466043123").await;
    refused.expect_problem(503, "sms_not_configured");
    for host in ["localhost", "otp.example.com"] {
        let answer = ask(&server, "GET /dev/inbox", host).await;
        answer.expect_problem(404, "not_found");
    }
    assert!(server.messages().await.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_development_the_public_urls_host_finds_it_too() {
    let server = ServerOptions::default()
        .set("server.public_url", PUBLIC)
        .set("development", true)
        .start()
        .await;
    let sent = server.send_sms("+61466043123").await.expect(201);
    assert_eq!(sent["message"]["provider"], json!("console"));
    for host in ["localhost", "otp.example.com", "otp.example.com:443"] {
        assert_eq!(ask(&server, "GET /dev/inbox", host).await.status, 200, "{host}");
    }
    let answer = ask(&server, "GET /dev/inbox", "evil.example.com").await;
    answer.expect_problem(404, "not_found");
    server.stop().await;
}
