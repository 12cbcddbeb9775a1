//! Codes by email, as an SMTP server receives them.

use serde_json::{Value, json};

use crate::support::smtp_server::{Behaviour, Mail, SmtpServer};
use crate::support::test_server::{ServerOptions, TestServer, code_in};

/// A service whose platform sends email through an SMTP server of the test's own.
async fn with_smtp() -> (TestServer, SmtpServer) {
    let smtp = SmtpServer::start(Behaviour::plain());
    let account = smtp.account();
    let options = ServerOptions::default()
        .set("smtp.allow_plaintext", true)
        .set("platform.email.provider", "smtp")
        .set("platform.email.server", &account.server)
        .set("platform.email.port", account.port)
        .set("platform.email.tls", "none")
        .set("platform.email.from", "no-reply@platform.example");
    (options.start().await, smtp)
}

async fn letter(server: &TestServer, smtp: &SmtpServer, purpose: &str) -> (Value, Mail) {
    let body = json!({ "connection_id": server.email, "to": "Jane.Doe@example.com", "purpose": purpose });
    let sent = server.post("/v1/otp/send", body).await.expect(201);
    assert_eq!(sent["message"]["provider"], "kinde");
    (sent, smtp.mails().pop().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_has_two_parts_and_the_code_alone_on_its_line() {
    let (server, smtp) = with_smtp().await;
    for purpose in ["sign_in", "sign_up", "mfa", "password_reset", "verify"] {
        let (sent, mail) = letter(&server, &smtp, purpose).await;
        assert_eq!(mail.from, "no-reply@platform.example");
        assert_eq!(mail.to, ["Jane.Doe@example.com"]);
        let types = ["multipart/alternative", "text/plain", "text/html"];
        assert_eq!(mail.content_types(), types);
        let text = mail.text_part();
        let code = code_in(&text);
        assert_eq!(text.lines().filter(|line| *line == code).count(), 1, "{text}");
        assert!(mail.html_part().contains(&format!(">{code}<")), "{purpose}");
        assert!(!mail.header("Subject").unwrap().contains(&code));
        assert_eq!(mail.header("Auto-Submitted").unwrap(), "auto-generated");
        let message_id = mail.raw_header("Message-ID").unwrap();
        assert!(message_id.contains(sent["message"]["id"].as_str().unwrap()));
        for part in [&text, &mail.html_part()] {
            assert!(part.contains("10 minutes"), "{part}");
            assert!(!part.contains("http") && !part.contains("src="), "{part}");
        }
        let id = sent["id"].as_str().unwrap();
        server.verify(id, &code).await.expect(200);
    }
    assert_eq!(smtp.violations(), Vec::<String>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_the_code_is_told_in_words() {
    let (server, smtp) = with_smtp().await;
    for (policy, purpose, words) in [
        (json!({ "life_seconds": 60 }), "sign_in", "1 minute."),
        (json!({ "life_seconds": 300 }), "mfa", "5 minutes."),
        (
            json!({ "email_life_seconds": { "verify": 86_400 } }),
            "verify",
            "24 hours.",
        ),
        (
            json!({ "email_life_seconds": { "password_reset": 3_600 } }),
            "password_reset",
            "1 hour.",
        ),
    ] {
        server.set_policy(policy).await;
        let (_, mail) = letter(&server, &smtp, purpose).await;
        assert!(mail.text_part().contains(words), "{}", mail.text_part());
        assert!(mail.html_part().contains(words), "{}", mail.html_part());
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_business_name_is_safe() {
    let (server, smtp) = with_smtp().await;
    let long = "é".repeat(300);
    let plain_tags = {
        server.set_environment(json!({ "business_name": "Acme" })).await;
        let (_, mail) = letter(&server, &smtp, "sign_in").await;
        mail.html_part().matches('<').count()
    };
    for name in [
        "<b>Acme</b>",
        "Ac\"me",
        "Café é 株式会社",
        "Acme, Inc. <ceo@acme.example>",
        "{{ code }} {% raw %} ${7*7}",
        "=?utf-8?B?QWNtZQ==?=",
        long.as_str(),
    ] {
        server.set_environment(json!({ "business_name": name })).await;
        let (_, mail) = letter(&server, &smtp, "sign_in").await;
        assert_eq!(mail.to, ["Jane.Doe@example.com"]);
        assert_eq!(mail.header_address("From").unwrap(), "no-reply@platform.example");
        let shown = mail.header("From").unwrap();
        let subject = mail.header("Subject").unwrap();
        if name.starts_with("=?") {
            // It would read "Acme", were it taken for an encoded word.
            assert!(subject.replace(' ', "").ends_with(name), "{subject}");
            assert_eq!(shown, name);
        } else {
            assert_eq!(shown, name);
            assert_eq!(subject, format!("Your code to sign in to {name}"));
        }
        let html = mail.html_part();
        assert_eq!(html.matches('<').count(), plain_tags, "{html}");
        let text = mail.text_part();
        let code = code_in(&text);
        assert_eq!(text.lines().filter(|line| *line == code).count(), 1, "{text}");
        let head = String::from_utf8_lossy(&mail.raw)
            .split("\r\n\r\n")
            .next()
            .unwrap()
            .to_owned();
        assert!(head.is_ascii() && head.lines().all(|line| line.len() <= 998));
        server.clock.advance(std::time::Duration::from_hours(1));
    }
    assert_eq!(smtp.violations(), Vec::<String>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_more_than_one_line_is_refused() {
    let server = TestServer::start().await;
    let too_long = "é".repeat(301);
    for name in [
        "Acme\r\nBcc: evil@example.com",
        "Acme\nX: y",
        "Acme\r",
        "Acme\0",
        "Acme\u{1b}[2J",
        "Acme\u{2028}x",
        "Acme\u{202e}x",
        "",
        " ",
        too_long.as_str(),
    ] {
        let answer = server
            .admin("PATCH", "/environments/default", json!({ "business_name": name }))
            .await;
        assert_eq!(answer.expect_invalid(), ["/business_name"], "{name:?}");
    }
    for name in [
        "Acme\r\nBcc: evil@example.com",
        "",
        "Acme\u{2028}x",
        "Acme\u{202e}x",
    ] {
        let path = "/environments/default/settings/email";
        let answer = server.admin("PUT", path, json!({ "sender_name": name })).await;
        assert_eq!(answer.expect_invalid(), ["/sender_name"], "{name:?}");
    }
    server.stop().await;
}
