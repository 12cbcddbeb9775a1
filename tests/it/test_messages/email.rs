//! Tests of email settings against an SMTP server that refuses in every way.

use serde_json::{Value, json};

use super::{EMAIL, audit, failure, test_email};
use crate::support::plain_http::Answer;
use crate::support::smtp_server::{Act, Behaviour, Certificate, SmtpServer, Step};
use crate::support::test_server::{ServerOptions, TestServer, code_in};

const PASSWORD: &str = "pass word 1";
const SETTINGS: &str = "/environments/default/settings/email";

/// Settings with `smtp` as the environment's own server.
fn settings(smtp: &SmtpServer) -> Value {
    let account = smtp.account();
    json!({ "sender_name": "Acme", "custom_sender": {
        "email": "auth@acme.example.com", "server": account.server, "port": account.port,
        "username": "acme", "password": PASSWORD, "tls": account.tls.as_str(),
    }})
}

async fn test_unsaved(server: &TestServer, settings: &Value) -> Answer {
    let body = json!({ "to": "ada@example.com", "settings": settings });
    server.admin("POST", EMAIL, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_saved_or_not_carry_a_code_that_proves_nothing() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let server = ServerOptions::default().trust(smtp.roots()).start().await;
    let answer = test_unsaved(&server, &settings(&smtp)).await.expect(200);
    assert_eq!(
        (&answer["accepted"], &answer["error"]),
        (&json!(true), &Value::Null)
    );
    assert!(
        answer["smtp_reply"].as_str().unwrap().starts_with("250"),
        "{answer}"
    );
    let unsaved = server.admin("GET", SETTINGS, Value::Null).await.expect(200);
    assert_eq!(unsaved["custom_sender"], Value::Null, "nothing is saved");
    server.admin("PUT", SETTINGS, settings(&smtp)).await.expect(200);
    assert_eq!(
        test_email(&server, "ada@example.com").await.expect(200)["accepted"],
        true
    );
    assert_eq!(
        (smtp.mails().len(), smtp.connections()),
        (2, 2),
        "each logs in anew"
    );
    for mail in smtp.mails() {
        assert_eq!(mail.from, "auth@acme.example.com");
        assert_eq!(mail.to, ["ada@example.com"]);
        assert_eq!(mail.header("From").unwrap(), "Acme");
        assert!(
            mail.header("Subject")
                .unwrap()
                .starts_with("Verify your email address")
        );
        assert_eq!(code_in(&mail.text_part()).len(), 6);
    }
    assert!(server.messages().await.is_empty());
    let entries = audit(&server, "settings.email.test").await;
    // Both are of one moment.
    let (saved, unsaved): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry["settings"] == "saved");
    assert_eq!((saved.len(), unsaved.len()), (1, 1));
    assert_eq!(
        unsaved[0]["settings"]["custom_sender"]["password"],
        json!({ "set": true })
    );
    for entry in &entries {
        assert_eq!(
            (&entry["to"], &entry["provider"]),
            (&json!("a•••@example.com"), &json!("smtp"))
        );
        assert!(!entry.to_string().contains(PASSWORD));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_custom_sender_the_platform_is_tested() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let account = smtp.account();
    let server = ServerOptions::default()
        .trust(smtp.roots())
        .set("platform.email.provider", "smtp")
        .set("platform.email.server", &account.server)
        .set("platform.email.port", account.port)
        .set("platform.email.username", "acme")
        .set("platform.email.password", PASSWORD)
        .set("platform.email.from", "no-reply@platform.example")
        .start()
        .await;
    let off = json!({ "sender_name": "Acme Login", "custom_sender": null });
    assert_eq!(test_unsaved(&server, &off).await.expect(200)["accepted"], true);
    let mail = smtp.wait_for_mail().await;
    assert_eq!(
        (mail.from.as_str(), mail.header("From").unwrap().as_str()),
        ("no-reply@platform.example", "Acme Login")
    );
    smtp.behave(|behaviour| behaviour.always(Step::Mail, Act::reply("550 5.7.1 not you")));
    let (code, _, hint) = failure(&test_email(&server, "ada@example.com").await);
    assert_eq!(code, "sender_not_allowed");
    assert!(hint.contains("operator"), "{hint}");
    server.stop().await;
    let server = TestServer::start().await;
    let body = test_email(&server, "ada@example.com").await.expect(200);
    assert_eq!(
        body,
        json!({ "accepted": true, "smtp_reply": null, "error": null })
    );
    server.stop().await;
    let server = ServerOptions::default()
        .set("platform.email.provider", "none")
        .start()
        .await;
    test_email(&server, "ada@example.com")
        .await
        .expect_problem(503, "service_unavailable");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_refuses_is_told_in_its_words_and_with_what_to_do_next() {
    for (step, reply, code, hint) in [
        (
            Step::Auth,
            "535 5.7.8 bad credentials of ada@example.com",
            "authentication_failed",
            "username and password",
        ),
        (
            Step::Mail,
            "550 5.7.1 sender not allowed",
            "sender_not_allowed",
            "verify the sender's address",
        ),
        (
            Step::Rcpt,
            "554 5.7.1 Relay access denied",
            "sender_not_allowed",
            "verify the sender's address",
        ),
        (
            Step::EndOfData,
            "550 5.7.26 not authenticated by SPF",
            "sender_not_allowed",
            "domain",
        ),
        (
            Step::Rcpt,
            "550 5.1.1 no such user",
            "recipient_rejected",
            "another address",
        ),
        (Step::Rcpt, "450 4.2.1 busy", "deferred", "again"),
        (Step::Ehlo, "554 5.3.2 no service for you", "refused", "provider"),
        (
            Step::Ehlo,
            "504 5.5.2 need fully-qualified hostname",
            "hello_refused",
            "smtp.hello_name",
        ),
        (
            Step::Rcpt,
            "504 5.5.2 <otpost>: Helo command rejected: need fully-qualified hostname",
            "hello_refused",
            "smtp.hello_name",
        ),
    ] {
        let smtp = SmtpServer::start(Behaviour::implicit_tls().always(step, Act::reply(reply)));
        let server = ServerOptions::default().trust(smtp.roots()).start().await;
        let answer = test_unsaved(&server, &settings(&smtp)).await;
        let (found, detail, next) = failure(&answer);
        assert_eq!(found, code, "{reply}");
        assert!(next.contains(hint), "{reply}: {next}");
        let said = answer.json()["smtp_reply"].as_str().unwrap().to_owned();
        assert!(said.starts_with(&reply[..9]), "{said}");
        for text in [said, detail] {
            assert!(!text.contains("ada@") && !text.contains(PASSWORD), "{text}");
        }
        assert!(smtp.mails().is_empty());
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_nothing_may_be_sent_over_says_why() {
    let valid = Behaviour::starttls;
    for (behaviour, code, hint) in [
        (valid().without_starttls(), "starttls_not_offered", "587"),
        (
            valid().with_certificate(Certificate::WrongName),
            "certificate_name_mismatch",
            "another name",
        ),
        (
            valid().with_certificate(Certificate::Expired),
            "certificate_not_trusted",
            "expired",
        ),
        (
            valid().with_certificate(Certificate::UnknownIssuer),
            "certificate_not_trusted",
            "authority",
        ),
        (
            valid().with_mechanisms("CRAM-MD5"),
            "authentication_not_offered",
            "password",
        ),
        (valid().always(Step::Greeting, Act::Close), "unreachable", "port"),
        (
            valid().always(Step::EndOfData, Act::Close),
            "unknown",
            "look whether it arrived",
        ),
    ] {
        let smtp = SmtpServer::start(behaviour);
        let server = ServerOptions::default().trust(smtp.roots()).start().await;
        let answer = test_unsaved(&server, &settings(&smtp)).await;
        let (found, detail, next) = failure(&answer);
        assert_eq!(found, code, "{detail}");
        assert!(next.contains(hint), "{code}: {next}");
        assert_eq!(answer.json()["smtp_reply"], Value::Null, "{code}");
        server.stop().await;
    }
    let smtp = SmtpServer::start(valid());
    let server = ServerOptions::default().trust(smtp.roots()).start().await;
    let mut implicit = settings(&smtp);
    implicit["custom_sender"]["tls"] = json!("implicit");
    let (code, ..) = failure(&test_unsaved(&server, &implicit).await);
    assert_eq!(code, "tls_failed");
    let mut nowhere = settings(&smtp);
    nowhere["custom_sender"]["port"] = json!(1);
    nowhere["custom_sender"]["server"] = json!("127.0.0.1");
    assert_eq!(failure(&test_unsaved(&server, &nowhere).await).0, "unreachable");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_is_not_waited_for_beyond_ten_seconds() {
    let smtp = SmtpServer::start(Behaviour::starttls().always(Step::Greeting, Act::Hang));
    let server = ServerOptions::default().trust(smtp.roots()).start().await;
    // Otherwise the request is given up after 15 s, and the answer is another.
    let (code, ..) = failure(&test_unsaved(&server, &settings(&smtp)).await);
    assert_eq!(code, "unreachable");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_password_goes_to_no_server_that_a_test_names_anew() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let stranger = SmtpServer::start(Behaviour::starttls());
    let server = ServerOptions::default().trust(smtp.roots()).start().await;
    server.admin("PUT", SETTINGS, settings(&smtp)).await.expect(200);
    let read = server.admin("GET", SETTINGS, Value::Null).await.expect(200);
    let mut left_out = read.clone();
    left_out["custom_sender"]
        .as_object_mut()
        .unwrap()
        .remove("password");
    for kept in [&read, &left_out] {
        assert_eq!(test_unsaved(&server, kept).await.expect(200)["accepted"], true);
        for (member, value) in [
            ("server", json!("127.0.0.1")),
            ("port", json!(stranger.account().port)),
            ("username", json!("root")),
        ] {
            let mut moved = kept.clone();
            moved["custom_sender"][member] = value;
            let answer = test_unsaved(&server, &moved).await;
            assert_eq!(answer.expect_invalid(), ["/settings/custom_sender/password"]);
        }
    }
    assert_eq!(stranger.connections(), 0);
    let wrong = json!({ "to": "ada", "settings": { "sender_name": "", "custom_sender": {
        "email": "x", "server": "", "port": 0, "tls": "none" } } });
    let answer = server.admin("POST", EMAIL, wrong).await;
    assert_eq!(
        answer.expect_invalid(),
        [
            "/settings/custom_sender/email",
            "/settings/custom_sender/port",
            "/settings/custom_sender/server",
            "/settings/custom_sender/tls",
            "/settings/sender_name",
            "/to",
        ]
    );
    server.stop().await;
}
