//! What every SMTP server hears of the service beside its mails, whoever configured it: the name in EHLO, and QUIT.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::{Value, json};

use crate::support::smtp_server::{Behaviour, SmtpServer};
use crate::support::test_server::{ServerOptions, TestServer};

const SETTINGS: &str = "/environments/default/settings/email";

/// A service whose platform sends through `platform`.
fn options(platform: &SmtpServer) -> ServerOptions {
    ServerOptions::default()
        .set("smtp.allow_plaintext", true)
        .set("platform.email.provider", "smtp")
        .set("platform.email.server", "127.0.0.1")
        .set("platform.email.port", platform.account().port)
        .set("platform.email.tls", "none")
        .set("platform.email.from", "no-reply@platform.example")
}

fn settings(smtp: &SmtpServer) -> Value {
    json!({ "custom_sender": {
        "email": "auth@acme.example.com", "server": "127.0.0.1", "port": smtp.account().port, "tls": "none",
    }})
}

/// Sends through the platform's server, a tested one and the environment's own, in this order, on a connection each.
async fn send_over_all(server: &TestServer, tested: &SmtpServer, own: &SmtpServer) {
    server.send_email("ada@example.com").await.expect(201);
    let test = json!({ "to": "ada@example.com", "settings": settings(tested) });
    let answer = server.admin("POST", &format!("{SETTINGS}/test"), test).await;
    assert_eq!(answer.expect(200)["accepted"], true);
    server.admin("PUT", SETTINGS, settings(own)).await.expect(200);
    server.send_email("ada@example.com").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_hears_the_name_of_the_configuration() {
    for (key, value, said) in [
        (
            "server.public_url",
            "https://otp.example.com:8443",
            "EHLO otp.example.com",
        ),
        ("server.public_url", "http://localhost:8080", "EHLO [127.0.0.1]"),
        ("server.public_url", "http://192.0.2.7:8080", "EHLO [127.0.0.1]"),
        ("smtp.hello_name", "mail.acme.example", "EHLO mail.acme.example"),
        ("smtp.hello_name", "[192.0.2.7]", "EHLO [192.0.2.7]"),
    ] {
        let servers = [(); 3].map(|()| SmtpServer::start(Behaviour::plain()));
        let [platform, tested, own] = &servers;
        let server = options(platform).set(key, value).start().await;
        send_over_all(&server, tested, own).await;
        for smtp in &servers {
            assert_eq!(smtp.commands()[0], said, "{key} = {value}");
            assert_eq!((smtp.mails().len(), smtp.violations()), (1, Vec::new()));
        }
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ipv6_address_is_a_server_with_brackets_and_without() {
    let ip = IpAddr::V6(Ipv6Addr::LOCALHOST);
    for written in ["::1", "[::1]"] {
        let Ok(smtp) = SmtpServer::start_on(ip, Behaviour::plain()) else {
            // Not every machine has IPv6.
            return;
        };
        let server = options(&smtp).set("platform.email.server", written).start().await;
        server.send_email("ada@example.com").await.expect(201);
        let mut own = settings(&smtp);
        own["custom_sender"]["server"] = json!(written);
        let test = json!({ "to": "ada@example.com", "settings": own });
        let answer = server.admin("POST", &format!("{SETTINGS}/test"), test).await;
        assert_eq!(answer.expect(200)["accepted"], true);
        let saved = server.admin("PUT", SETTINGS, own).await.expect(200);
        assert_eq!(saved["custom_sender"]["server"], written);
        server.send_email("ada@example.com").await.expect(201);
        assert_eq!(smtp.mails().len(), 3, "{written}");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quit_is_said_after_a_test_when_settings_change_and_at_the_end() {
    let servers = [(); 3].map(|()| SmtpServer::start(Behaviour::plain()));
    let [platform, tested, own] = &servers;
    let server = options(platform).start().await;
    send_over_all(&server, tested, own).await;
    tested.wait_for_quits(1).await;
    // A server that is replaced is left when nobody holds the former settings any more.
    server
        .admin("PUT", SETTINGS, settings(platform))
        .await
        .expect(200);
    own.wait_for_quits(1).await;
    server.send_email("ada@example.com").await.expect(201);
    let connections = platform.connections();
    assert_eq!(connections, 2, "the platform's and the environment's");
    server.stop().await;
    platform.wait_for_quits(connections).await;
}
