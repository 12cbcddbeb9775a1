//! An environment's own texts of emails with codes: where they are used, what is taken, and what a preview shows.

use serde_json::{Value, json};

use crate::support::plain_http::Answer;
use crate::support::smtp_server::{Behaviour, SmtpServer};
use crate::support::test_server::{ServerOptions, TestServer, code_in};

const SETTINGS: &str = "/environments/default/settings/email";
const CONTENT: &str = "/environments/default/settings/email/content";
const PREVIEW: &str = "/environments/default/settings/email/content/preview";

fn custom_sender(smtp: &SmtpServer) -> Value {
    let account = smtp.account();
    json!({ "custom_sender": {
        "email": "auth@acme.example.com", "server": account.server, "port": account.port,
        "username": "acme", "password": "pass word 1", "tls": account.tls.as_str(),
    }})
}

async fn with_custom_sender(smtp: &SmtpServer) -> TestServer {
    let server = ServerOptions::default().trust(smtp.roots()).start().await;
    server
        .set_environment(json!({ "business_name": "Acme & <Sons>" }))
        .await;
    server
        .admin("PUT", SETTINGS, custom_sender(smtp))
        .await
        .expect(200);
    server
}

fn german() -> Value {
    json!({ "de": { "sign_in": {
        "subject": "Hallo {{ email }}, ein Code von {{ business_name }}",
        "body": "Hallo <b>{{ email }}</b>,\nhier ist er:\n\n{{ code }}\n\nEr gilt {{expires_in}}.\n\nIhre {{ business_name }}",
        "disclaimer": "Nicht {{ code }} weitersagen & löschen.",
    }}})
}

async fn send(server: &TestServer, purpose: &str, locale: &str) -> Answer {
    let body = json!({ "connection_id": server.email, "to": "ada@example.com", "purpose": purpose, "locale": locale });
    server.post("/v1/otp/send", body).await
}

async fn preview(server: &TestServer, request: Value) -> Value {
    server.admin("POST", PREVIEW, request).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_need_a_custom_sender_and_a_preview_of_ours_does_not() {
    let server = TestServer::start().await;
    for (method, path, body) in [
        ("GET", CONTENT, Value::Null),
        ("PUT", CONTENT, german()),
        ("PUT", CONTENT, json!({})),
        (
            "POST",
            PREVIEW,
            json!({ "purpose": "sign_in", "locale": "de", "content": { "subject": "Hallo" } }),
        ),
    ] {
        let answer = server.admin(method, path, body).await;
        answer.expect_problem(409, "custom_sender_required");
    }
    let shown = preview(&server, json!({ "purpose": "sign_in", "locale": "en" })).await;
    assert!(
        shown["subject"]
            .as_str()
            .unwrap()
            .starts_with("Your code to sign in to"),
        "{shown}"
    );
    assert!(
        shown["text"].as_str().unwrap().contains("\n\n123456\n\n"),
        "{shown}"
    );
    assert!(shown["html"].as_str().unwrap().contains(">123456</p>"), "{shown}");
    server.set_policy(json!({ "digits": 10 })).await;
    let shown = preview(
        &server,
        json!({ "purpose": "verify", "locale": "en", "content": null }),
    )
    .await;
    assert!(
        shown["text"].as_str().unwrap().contains("\n\n1234567890\n\n"),
        "{shown}"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_through_the_custom_sender_has_the_texts_of_its_language_and_purpose() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let server = with_custom_sender(&smtp).await;
    assert_eq!(server.admin("PUT", CONTENT, german()).await.expect(200), german());
    send(&server, "sign_in", "de-CH").await.expect(201);
    let mail = smtp.wait_for_mail().await;
    let (text, html) = (
        mail.text_part().replace('\u{2060}', ""),
        mail.html_part().replace('\u{2060}', ""),
    );
    let code = code_in(&text);
    assert_eq!(
        mail.header("Subject").unwrap(),
        "Hallo ada@example.com, ein Code von Acme & <Sons>"
    );
    assert!(
        text.starts_with("Hallo <b>ada@example.com</b>,\nhier ist er:\n\n"),
        "{text}"
    );
    assert!(text.contains(&format!("\n\n{code}\n\nEr gilt 10 ")), "{text}");
    assert!(text.contains("\n\nIhre Acme & <Sons>\n\n"), "{text}");
    assert!(
        text.ends_with(&format!("\n\nNicht {code} weitersagen & löschen.\n")),
        "{text}"
    );
    assert!(
        html.contains("Hallo &lt;b&gt;ada@example.com&lt;&#x2f;b&gt;,<br>\nhier ist er:</p>"),
        "{html}"
    );
    assert!(
        html.contains(&format!(">{code}</p>")) && html.contains("Ihre Acme &amp; &lt;Sons&gt;<br>"),
        "{html}"
    );
    for (purpose, locale) in [("mfa", "de"), ("sign_in", "fr")] {
        let theirs = smtp.mails().len();
        send(&server, purpose, locale).await.expect(201);
        let mail = smtp.mails().remove(theirs);
        assert!(
            !mail.header("Subject").unwrap().starts_with("Hallo"),
            "{purpose} {locale}"
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switching_the_custom_sender_off_removes_the_texts() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let server = with_custom_sender(&smtp).await;
    let saved = server.admin("PUT", CONTENT, german()).await;
    saved.expect(200);
    server
        .admin("PUT", SETTINGS, json!({ "sender_name": "Acme" }))
        .await
        .expect(200);
    let shown = preview(&server, json!({ "purpose": "sign_in", "locale": "de" })).await;
    assert!(!shown.to_string().contains("Hallo"), "{shown}");
    send(&server, "sign_in", "de").await.expect(201);
    assert!(!server.last_text().contains("Hallo"));
    server
        .admin("PUT", SETTINGS, custom_sender(&smtp))
        .await
        .expect(200);
    let read = server.admin("GET", CONTENT, Value::Null).await;
    assert_eq!(read.expect(200), json!({}));
    assert_ne!(
        read.header("etag"),
        saved.header("etag"),
        "what was read before is not what is there"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_lands_only_on_what_was_read_and_an_empty_document_removes_all() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let server = with_custom_sender(&smtp).await;
    let replica = server.replica(ServerOptions::default().trust(smtp.roots())).await;
    let read = server.admin("GET", CONTENT, Value::Null).await;
    assert_eq!(read.expect(200), json!({}));
    let path = format!("/admin/v1{CONTENT}");
    let header = format!("if-match: {}", read.header("etag"));
    let put = async |server: &TestServer| {
        server
            .request("PUT", &path, &server.admin_key, &[&header], &german().to_string())
            .await
    };
    let made = put(&server).await;
    made.expect(200);
    put(&replica).await.expect_problem(412, "precondition_failed");
    let there = replica.admin("GET", CONTENT, Value::Null).await;
    assert_eq!(
        (there.body.as_str(), there.header("etag")),
        (made.body.as_str(), made.header("etag"))
    );
    let partly = json!({ "de": { "sign_in": { "subject": "Nur das", "body": null }, "mfa": {} }, "fr": {} });
    let kept = server.admin("PUT", CONTENT, partly).await.expect(200);
    assert_eq!(kept, json!({ "de": { "sign_in": { "subject": "Nur das" } } }));
    assert_eq!(
        server.admin("PUT", CONTENT, json!({})).await.expect(200),
        json!({})
    );
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_told_by_its_pointer_and_nothing_is_saved() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let server = with_custom_sender(&smtp).await;
    let wrong = json!({
        "de": {
            "sign_in": { "subject": "{{ code }}", "body": "{{ password }}", "disclaimer": "" },
            "invitation": { "body": "{{ code" },
        },
        "de-CH": { "mfa": { "subject": "a\nb" } },
        "x/~y": {},
    });
    let answer = server.admin("PUT", CONTENT, wrong).await;
    assert_eq!(
        answer.expect_invalid(),
        [
            "/de/invitation",
            "/de/sign_in/body",
            "/de/sign_in/disclaimer",
            "/de/sign_in/subject",
            "/de-CH",
            "/x~1~0y",
        ]
    );
    for body in [
        json!({ "de": { "sign_in": { "preview": "x" } } }),
        json!({ "de": { "sign_in": "x" } }),
        json!([]),
    ] {
        let answer = server.admin("PUT", CONTENT, body).await;
        answer.expect_problem(400, "invalid_request");
    }
    let huge = json!({ "de": { "sign_in": { "body": "x".repeat(66_000) } } });
    server
        .admin("PUT", CONTENT, huge)
        .await
        .expect_problem(413, "payload_too_large");
    assert_eq!(
        server.admin("GET", CONTENT, Value::Null).await.expect(200),
        json!({})
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_template_language_gets_in() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let server = with_custom_sender(&smtp).await;
    for text in [
        "{% for a in range(1000000000) %}x{% endfor %}",
        "{% include \"email.html.j2\" %}",
        "{% set x = 1 %}",
        "{%- raw -%}x{%- endraw -%}",
        "{{ self }}",
        "{{ code * 1000000 }}",
        "{{ code | safe }}",
        "{{ [1, 2] }}",
        "{{ business_name.__class__ }}",
        "{{ range(1000000000) }}",
        "{{ debug() }}",
        "{{ settings }}",
        "{# hidden #}",
    ] {
        for part in ["subject", "body", "disclaimer"] {
            let body = json!({ "en": { "verify": { part: text } } });
            let answer = server.admin("PUT", CONTENT, body).await;
            assert_eq!(answer.expect_invalid(), [format!("/en/verify/{part}")], "{text}");
        }
    }
    let script = json!({ "purpose": "verify", "locale": "en", "content": {
        "body": "</p><script>alert('{{ email }}')</script><img src=x onerror=y>", "disclaimer": "<a href=\"http://x\">",
    }});
    let html = preview(&server, script).await["html"]
        .as_str()
        .unwrap()
        .to_owned();
    for tag in ["<script", "<img", "<a ", "href=\""] {
        assert!(!html.contains(tag), "{tag} in {html}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_what_is_not_saved_or_what_is_and_keeps_nothing() {
    let smtp = SmtpServer::start(Behaviour::starttls());
    let server = with_custom_sender(&smtp).await;
    server.admin("PUT", CONTENT, german()).await.expect(200);
    let saved = preview(&server, json!({ "purpose": "sign_in", "locale": "de-AT" })).await;
    assert_eq!(
        saved["subject"],
        "Hallo user@example.com, ein Code von Acme & <Sons>"
    );
    let content = json!({ "body": "Es ist {{ code }}." });
    let shown = preview(
        &server,
        json!({ "purpose": "sign_in", "locale": "de", "content": content }),
    )
    .await;
    let text = shown["text"].as_str().unwrap();
    assert!(text.starts_with("Es ist 123456.\n\n123456\n\n"), "{text}");
    assert!(
        !shown["subject"].as_str().unwrap().starts_with("Hallo"),
        "what is left out is ours"
    );
    assert_eq!(
        server.admin("GET", CONTENT, Value::Null).await.expect(200),
        german()
    );
    assert!(smtp.mails().is_empty());
    let arabic =
        json!({ "purpose": "mfa", "locale": "ar", "content": { "body": "رمز {{ business_name }}" } });
    let html = preview(&server, arabic).await["html"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        html.contains("<html lang=\"ar\" dir=\"rtl\">") && html.contains("رمز \u{2068}Acme"),
        "{html}"
    );
    let wrong =
        json!({ "purpose": "invitation", "locale": "x_y", "content": { "body": "{{ x }}", "subject": "" } });
    let answer = server.admin("POST", PREVIEW, wrong).await;
    assert_eq!(
        answer.expect_invalid(),
        ["/content/body", "/content/subject", "/locale", "/purpose"]
    );
    server.stop().await;
}
