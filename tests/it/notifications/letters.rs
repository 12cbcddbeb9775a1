//! What an invitation and an export warning look like on arrival.

use serde_json::{Value, json};

use super::{acme, notify, platform};
use crate::support::smtp_server::{Behaviour, Mail, SmtpServer};
use crate::support::test_server::TestServer;

const URL: &str = "https://acme.example.com/join/4711?team=a&x=%22y%22";

async fn letter(server: &TestServer, smtp: &SmtpServer, changes: Value) -> Mail {
    let sent = notify(server, &changes).await.expect(201);
    assert_eq!(super::statuses(&sent), ["accepted"]);
    smtp.mails().pop().unwrap()
}

/// The text of a mail with lines that were broken for their length put together again.
fn paragraphs(mail: &Mail) -> Vec<String> {
    let text = mail.text_part().replace("\r\n", "\n");
    text.trim()
        .split("\n\n")
        .map(|paragraph| paragraph.replace('\n', " "))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_names_who_invites_and_has_one_button() {
    let smtp = SmtpServer::start(Behaviour::plain());
    let server = acme(platform(&smtp)).await;
    let data = json!({ "inviter_name": "Ada", "action_url": URL, "requested_at": "2026-11-22T09:00:00Z" });
    let mail = letter(&server, &smtp, json!({ "data": data })).await;
    assert_eq!(mail.from, "no-reply@platform.example");
    assert_eq!(mail.header_address("From").unwrap(), "no-reply@platform.example");
    assert_eq!(mail.header("From").unwrap(), "Acme");
    assert_eq!(mail.header("Subject").unwrap(), "Invitation to join Acme");
    assert_eq!(mail.header("Auto-Submitted").unwrap(), "auto-generated");
    assert_eq!(
        mail.content_types(),
        ["multipart/alternative", "text/plain", "text/html"]
    );
    assert_eq!(
        paragraphs(&mail),
        [
            "Ada invites you to join the team of Acme.".to_owned(),
            format!("Accept the invitation {URL}"),
            "If you do not know Acme, you can ignore this email: nothing happens unless you accept."
                .to_owned(),
        ]
    );
    assert!(
        mail.text_part().lines().any(|line| line.trim() == URL),
        "{}",
        mail.text_part()
    );
    let html = mail.html_part();
    assert_eq!(
        (html.matches("<a ").count(), html.matches("href").count()),
        (1, 1),
        "{html}"
    );
    assert!(html.contains(">Accept the invitation</a>"), "{html}");
    let href = html.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let read = href.replace("&#x2f;", "/").replace("&amp;", "&");
    assert_eq!(read, URL);
    for word in ["src=", "url(", "@import", "<img", "<script", "UTC"] {
        assert!(!html.contains(word), "{word} in {html}");
    }
    assert_eq!(smtp.violations(), Vec::<String>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_says_who_asked_and_when() {
    let smtp = SmtpServer::start(Behaviour::plain());
    let server = acme(platform(&smtp)).await;
    let data = json!({ "actor_name": "Bob", "inviter_name": "Ada", "action_url": URL,
        "requested_at": "2026-11-22T10:00:59+01:00" });
    let mail = letter(
        &server,
        &smtp,
        json!({ "event": "data_export.requested", "data": data }),
    )
    .await;
    assert_eq!(mail.header("Subject").unwrap(), "Data export requested at Acme");
    let told = paragraphs(&mail);
    assert_eq!(told[0], "Bob asked for an export of the data of Acme.");
    assert_eq!(told[1], "Time of the request: 2026-11-22 09:00 UTC");
    assert_eq!(told[2], format!("Review the export {URL}"));
    assert!(
        told[3].starts_with("You receive this email as an owner of Acme."),
        "{told:?}"
    );
    assert!(
        mail.html_part()
            .contains("Time of the request: 2026-11-22 09:00 UTC")
    );
    assert!(!mail.text_part().contains("Ada") && !mail.html_part().contains("Ada"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_said_is_left_out() {
    let smtp = SmtpServer::start(Behaviour::plain());
    let server = acme(platform(&smtp)).await;
    let mail = letter(&server, &smtp, json!({})).await;
    let told = paragraphs(&mail);
    assert_eq!(
        (told.len(), told[0].as_str()),
        (2, "You are invited to join the team of Acme.")
    );
    let warning = letter(&server, &smtp, json!({ "event": "data_export.requested" })).await;
    let told = paragraphs(&warning);
    assert_eq!(
        (told.len(), told[0].as_str()),
        (2, "Somebody asked for an export of the data of Acme.")
    );
    for mail in [mail, warning] {
        for part in [mail.text_part(), mail.html_part()] {
            for word in ["http", "href", "<a", "UTC"] {
                assert!(!part.contains(word), "{word} in {part}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environments_own_server_never_carries_one_and_its_sender_name_is_shown() {
    let (own, shared) = (
        SmtpServer::start(Behaviour::starttls()),
        SmtpServer::start(Behaviour::plain()),
    );
    let server = acme(platform(&shared).trust(own.roots())).await;
    let account = own.account();
    let (username, password) = account.credentials().unwrap();
    let settings = json!({ "sender_name": "Acme Team", "custom_sender": {
        "email": "auth@acme.example.com", "server": account.server, "port": account.port,
        "username": username, "password": password.expose(), "tls": "starttls" } });
    server
        .admin("PUT", "/environments/default/settings/email", settings)
        .await
        .expect(200);
    assert_eq!(
        server.send_email("ada@example.com").await.expect(201)["message"]["provider"],
        "smtp"
    );
    for event in ["team_member.added", "data_export.requested"] {
        let sent = notify(&server, &json!({ "event": event })).await.expect(201);
        assert_eq!(sent["messages"][0]["provider"], "kinde", "{event}");
        let mail = shared.mails().pop().expect(event);
        assert_eq!(mail.from, "no-reply@platform.example");
        assert_eq!(mail.header("From").unwrap(), "Acme Team");
    }
    assert_eq!((own.mails().len(), shared.mails().len()), (1, 2));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_name_is_safe_and_no_link() {
    let smtp = SmtpServer::start(Behaviour::plain());
    let server = acme(platform(&smtp)).await;
    let plain_tags = {
        let mail = letter(&server, &smtp, json!({ "data": { "inviter_name": "Ada" } })).await;
        mail.html_part().matches('<').count()
    };
    for (index, name) in [
        "<b>Ada</b>",
        "\"><a href=https://evil.example>click</a>",
        "{{ action.url }} {% raw %} { $business_name }",
        "https://evil.example/win www.evil.example a@evil.example",
        "=?utf-8?B?QWNtZQ==?=",
        "شركة",
    ]
    .into_iter()
    .enumerate()
    {
        let to = format!("user{index}@example.com");
        let mail = letter(
            &server,
            &smtp,
            json!({ "to": [to], "data": { "inviter_name": name } }),
        )
        .await;
        assert_eq!(mail.header("Subject").unwrap(), "Invitation to join Acme");
        assert_eq!(mail.html_part().matches('<').count(), plain_tags, "{name}");
        for part in [mail.text_part(), mail.html_part()] {
            for link in ["https:/", "evil.example", "www.evil", "a@evil"] {
                assert!(!part.contains(link), "{link} in {part}");
            }
        }
        let read = paragraphs(&mail)[0].replace(['\u{2060}', '\u{2068}', '\u{2069}'], "");
        assert_eq!(read, format!("{name} invites you to join the team of Acme."));
    }
    assert_eq!(smtp.violations(), Vec::<String>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_the_requests_else_the_environments() {
    let smtp = SmtpServer::start(Behaviour::plain());
    let server = acme(platform(&smtp)).await;
    server.set_environment(json!({ "default_locale": "de" })).await;
    for (changes, page) in [
        (json!({ "locale": "ar" }), "<html lang=\"ar\" dir=\"rtl\">"),
        (json!({ "locale": "pt" }), "<html lang=\"pt-BR\" dir=\"ltr\">"),
        (json!({}), "<html lang=\"de\" dir=\"ltr\">"),
        (json!({ "locale": "tlh" }), "<html lang=\"de\" dir=\"ltr\">"),
    ] {
        let html = letter(&server, &smtp, changes).await.html_part();
        assert!(html.contains(page), "{page}: {html}");
    }
    server.stop().await;
}
