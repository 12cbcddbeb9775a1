//! Who carries an email: the environment's own server or the platform's, and what each mail looks like on arrival.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::carriers::message_id;
use crate::support::plain_http::Answer;
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};
use crate::support::test_server::{ServerOptions, TestServer, code_in};

/// Settings with `smtp` as the environment's own server.
fn custom_sender(smtp: &SmtpServer) -> Value {
    let account = smtp.account();
    let (username, password) = account.credentials().unwrap();
    json!({
        "email": "auth@acme.example.com", "server": account.server, "port": account.port,
        "username": username, "password": password.expose(), "tls": account.tls.as_str(),
    })
}

async fn save(server: &TestServer, settings: Value) -> Value {
    let answer = server
        .admin("PUT", "/environments/default/settings/email", settings)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn with_own_server(smtp: &SmtpServer) -> TestServer {
    let server = ServerOptions::default().trust(smtp.roots()).start().await;
    save(
        &server,
        json!({ "sender_name": "Acme Ltd", "custom_sender": custom_sender(smtp) }),
    )
    .await;
    server
}

fn carried_by(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.json()["message"]["status"], "accepted", "{}", answer.body);
    answer.json()["message"]["provider"].as_str().unwrap().to_owned()
}

/// A mail through the environment's own server, from the request to the code that verifies.
async fn a_code_travels_over(behaviour: Behaviour) {
    let smtp = SmtpServer::start(behaviour);
    let server = with_own_server(&smtp).await;
    let answer = server.send_email("ada@example.com").await;
    assert_eq!(carried_by(&answer), "smtp");
    let mail = smtp.wait_for_mail().await;
    assert_eq!(
        (mail.from.as_str(), &mail.to[..]),
        ("auth@acme.example.com", &["ada@example.com".to_owned()][..])
    );
    assert_eq!(mail.header_address("From").unwrap(), "auth@acme.example.com");
    assert_eq!(mail.header("From").unwrap(), "Acme Ltd");
    assert_eq!(mail.raw_header("Auto-Submitted").unwrap(), "auto-generated");
    assert!(mail.raw_header("Date").is_some());
    assert!(
        mail.raw_header("Message-ID")
            .unwrap()
            .contains(&message_id(&answer))
    );
    assert_eq!(
        mail.content_types(),
        ["multipart/alternative", "text/plain", "text/html"]
    );
    let (text, html) = (mail.text_part(), mail.html_part());
    let code = code_in(&text);
    assert!(text.lines().any(|line| line.trim() == code), "{text}");
    assert!(
        html.contains(&code) && !html.contains("<img") && !html.contains("href"),
        "{html}"
    );
    assert!(text.contains("10 minutes"), "{text}");
    assert!(!mail.header("Subject").unwrap().contains(&code));
    assert_eq!(smtp.violations(), Vec::<String>::new());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.verify(&id, &code).await.status, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_sender_with_starttls_carries_a_code() {
    a_code_travels_over(Behaviour::starttls()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_sender_with_implicit_tls_carries_a_code() {
    a_code_travels_over(Behaviour::implicit_tls()).await;
}

/// A server whose platform sends emails through `smtp`.
fn platform(smtp: &SmtpServer) -> ServerOptions {
    let account = smtp.account();
    let (username, password) = account.credentials().unwrap();
    ServerOptions::default()
        .trust(smtp.roots())
        .set("platform.email.provider", "smtp")
        .set("platform.email.server", &account.server)
        .set("platform.email.port", account.port)
        .set("platform.email.username", username)
        .set("platform.email.password", password.expose())
        .set("platform.email.from", "no-reply@platform.example")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_shows_the_sender_name_or_else_the_business_name() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let server = platform(&smtp).start().await;
    let business = json!({ "business_name": "Café \"Acme\" & Co." });
    assert_eq!(
        server
            .admin("PATCH", "/environments/default", business)
            .await
            .status,
        200
    );
    assert_eq!(carried_by(&server.send_email("ada@example.com").await), "kinde");
    save(&server, json!({ "sender_name": "Acme Sign-in" })).await;
    assert_eq!(carried_by(&server.send_email("ada@example.com").await), "kinde");
    let shown: Vec<_> = smtp
        .mails()
        .iter()
        .map(|mail| (mail.header("From").unwrap(), mail.header_address("From").unwrap()))
        .collect();
    let from = "no-reply@platform.example".to_owned();
    assert_eq!(
        shown,
        [
            ("Café \"Acme\" & Co.".to_owned(), from.clone()),
            ("Acme Sign-in".to_owned(), from)
        ]
    );
    server.stop().await;
}

/// The environment's email settings as they lie in the database.
async fn stored_settings(url: &str) -> String {
    let statement = "SELECT CAST(document AS TEXT) FROM records WHERE kind = 'email'";
    if url.starts_with("postgres") {
        let mut database = sqlx::PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar(statement)
            .fetch_one(&mut database)
            .await
            .unwrap()
    } else {
        let mut database = sqlx::SqliteConnection::connect(url).await.unwrap();
        sqlx::query_scalar(statement)
            .fetch_one(&mut database)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_a_custom_sender_off_deletes_its_details_and_goes_back_to_the_platform() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let server = platform(&smtp).start().await;
    save(
        &server,
        json!({ "sender_name": "Acme", "custom_sender": custom_sender(&smtp) }),
    )
    .await;
    let before = stored_settings(server.place.database().url()).await;
    assert!(
        before.contains("auth@acme.example.com") && !before.contains("pass word 1"),
        "{before}"
    );
    assert_eq!(carried_by(&server.send_email("ada@example.com").await), "smtp");
    let read = save(&server, json!({ "sender_name": "Acme", "custom_sender": null })).await;
    assert_eq!(read["custom_sender"], Value::Null);
    let after = stored_settings(server.place.database().url()).await;
    for detail in ["auth@acme.example.com", "localhost", "password", "username"] {
        assert!(!after.contains(detail), "{after}");
    }
    assert!(after.contains("Acme"), "{after}");
    assert_eq!(carried_by(&server.send_email("ada@example.com").await), "kinde");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_is_the_senders_fault_and_a_refused_address_the_recipients() {
    let cases = [
        (Step::Auth, "535 5.7.8 bad credentials", 502, "delivery_failed"),
        (Step::Rcpt, "550 5.1.1 no such user", 422, "recipient_rejected"),
    ];
    for (step, reply, status, code) in cases {
        let smtp = SmtpServer::start(Behaviour::starttls().always(step, Act::reply(reply)));
        let server = with_own_server(&smtp).await;
        let answer = server.send_email("ada@example.com").await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{}",
            answer.body
        );
        assert!(smtp.mails().is_empty());
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_starttls_or_with_another_ones_certificate_gets_no_credentials() {
    let stranger = SmtpServer::start(Behaviour::starttls());
    for smtp in [
        SmtpServer::start(Behaviour::starttls().without_starttls()),
        SmtpServer::start(Behaviour::starttls()),
    ] {
        let server = ServerOptions::default().trust(stranger.roots()).start().await;
        save(&server, json!({ "custom_sender": custom_sender(&smtp) })).await;
        let answer = server.send_email("ada@example.com").await;
        assert_ne!(answer.json()["message"]["status"], "accepted", "{}", answer.body);
        let commands = smtp.commands();
        assert!(
            commands.iter().all(|line| !line.starts_with("AUTH")),
            "{commands:?}"
        );
        assert!(smtp.mails().is_empty());
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_without_a_reply_is_unknown_and_the_users_resend_a_mail_of_its_own() {
    let smtp = SmtpServer::start(Behaviour::starttls().once(Step::EndOfData, Act::Close));
    let server = with_own_server(&smtp).await;
    let sent = server.send_email("ada@example.com").await.json();
    assert_eq!(
        (&sent["message"]["status"], &sent["message"]["provider"]),
        (&json!("unknown"), &json!("smtp"))
    );
    server.clock.advance(Duration::from_secs(31));
    assert_eq!(server.drain().await, 0);
    assert_eq!(smtp.contents().len(), 1);
    let again = server.resend(sent["id"].as_str().unwrap()).await;
    assert_eq!(
        (again.status, &again.json()["message"]["status"]),
        (200, &json!("accepted"))
    );
    let mail = smtp.wait_for_mail().await;
    let mail_id = mail.raw_header("Message-ID").unwrap();
    assert!(mail_id.contains(again.json()["message"]["id"].as_str().unwrap()));
    assert!(!mail_id.contains(sent["message"]["id"].as_str().unwrap()));
    server.stop().await;
}
