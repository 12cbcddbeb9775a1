//! Whom a caller behind a proxy is taken for: in limits, in the audit log, and in the log.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::test_server::{ServerOptions, TestServer};

/// Connections of the tests come from 127.0.0.1; a second proxy stands before that one.
async fn behind_proxies() -> TestServer {
    let options = ServerOptions::default().set("server.trusted_proxies", "127.0.0.0/8, 10.0.0.0/24");
    options.start().await
}

/// Tries a key that is none.
async fn fail(server: &TestServer, forwarded: &str) -> u16 {
    let answer = server
        .request("GET", "/v1/connections", "otpost_sk_wrong", &[forwarded], "")
        .await;
    answer.status
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_count_for_the_caller_whatever_addresses_it_claims() {
    let server = behind_proxies().await;
    for claimed in 1..=100 {
        let line = match claimed % 3 {
            0 => format!("X-Forwarded-For: 198.51.100.{claimed}, 192.0.2.1, 10.0.0.7"),
            1 => format!(
                "Forwarded: for=198.51.100.{claimed}, for=\"192.0.2.1:4711\";proto=https, for=10.0.0.7"
            ),
            _ => format!("X-Forwarded-For: 198.51.100.{claimed}\r\nX-Forwarded-For: 192.0.2.1"),
        };
        assert_eq!(fail(&server, &line).await, 401, "{line}");
    }
    let limited = "X-Forwarded-For: 198.51.100.200, 192.0.2.1";
    assert_eq!(fail(&server, limited).await, 429);
    for other in [
        "X-Forwarded-For: 192.0.2.1, 192.0.2.2",
        // The proxy itself.
        "X-Forwarded-For: 192.0.2.1, unknown",
        "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.3",
        "X-Other: 192.0.2.1",
    ] {
        assert_eq!(fail(&server, other).await, 401, "{other}");
    }
    // A valid key is never limited.
    let answer = server
        .request("GET", "/v1/connections", &server.application_key, &[limited], "")
        .await;
    answer.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trusted_proxy_no_header_counts() {
    let server = TestServer::start().await;
    for claimed in 1..=100 {
        let line = format!("X-Forwarded-For: 192.0.2.{claimed}");
        assert_eq!(fail(&server, &line).await, 401);
    }
    for line in ["X-Forwarded-For: 192.0.2.200", "Forwarded: for=192.0.2.200"] {
        assert_eq!(fail(&server, line).await, 429, "{line}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_has_the_callers_address() {
    let server = behind_proxies().await;
    let path = "/admin/v1/environments/default";
    for (line, address) in [
        ("X-Forwarded-For: 198.51.100.66, 192.0.2.1", "192.0.2.1"),
        ("Forwarded: for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
        ("Forwarded: for=unknown", "127.0.0.1"),
    ] {
        // Newest first goes by the clock, which stands.
        server.clock.advance(Duration::from_secs(1));
        let change = json!({ "name": address }).to_string();
        let answer = server
            .request("PATCH", path, &server.admin_key, &[line], &change)
            .await;
        answer.expect(200);
        let audit = server
            .admin("GET", "/audit?limit=1", Value::Null)
            .await
            .expect(200);
        assert_eq!(audit["data"][0]["remote_address"], address);
    }
    server.stop().await;
}
