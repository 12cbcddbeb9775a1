//! What travels: headers, parts, and that no text gets out of its place.

use otpost::domain::message::Email;
use otpost::provider::Transport;

use super::{client, email};
use crate::support::smtp_server::{Behaviour, Mail, SmtpServer};

/// Sends it and gives back what arrived, after checking that nothing else did.
async fn travel(email: &Email) -> Mail {
    let server = SmtpServer::start(Behaviour::plain());
    client(&server).send(email).await.unwrap();
    assert_eq!(server.violations(), Vec::<String>::new());
    let verbs: Vec<String> = server
        .commands()
        .iter()
        .map(|command| command.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(verbs, ["EHLO", "MAIL", "RCPT", "DATA"]);
    assert_eq!(server.contents().len(), 1);
    // Nothing that needs a dot doubled, so that nothing depends on who doubles it (RUSTSEC-2026-0561).
    let wire = String::from_utf8(server.contents().remove(0)).unwrap();
    assert!(
        !wire.split(['\r', '\n']).any(|line| line.starts_with('.')),
        "{wire}"
    );
    let (_, body) = wire.split_once("\r\n\r\n").unwrap();
    assert!(body.split("\r\n").all(|line| line.len() <= 76), "{wire}");
    let mail = server.wait_for_mail().await;
    assert_eq!(mail.from, "no-reply@acme.example");
    assert_eq!(mail.to, [email.to.as_str()]);
    mail
}

#[tokio::test]
async fn a_mail_has_both_parts_and_the_headers_of_an_automatic_message() {
    let email = email();
    let mail = travel(&email).await;
    assert_eq!(
        mail.content_types(),
        ["multipart/alternative", "text/plain", "text/html"]
    );
    assert_eq!(mail.text_part(), email.text);
    assert_eq!(mail.html_part(), email.html);
    assert_eq!(mail.header("From").as_deref(), Some("Acme"));
    assert_eq!(
        mail.header_address("From").as_deref(),
        Some("no-reply@acme.example")
    );
    assert_eq!(mail.header_address("To").as_deref(), Some("Jane.Doe@example.com"));
    assert_eq!(mail.header("Subject").as_deref(), Some("Your sign-in code"));
    for (name, value) in [
        ("Date", "Sun, 22 Nov 2026 09:00:00 +0000"),
        (
            "Message-ID",
            "<msg_0190163d8694739a8db3c4f0d9f0a1b2@acme.example>",
        ),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(mail.raw_header(name).as_deref(), Some(value), "{name}");
    }
}

#[tokio::test]
async fn the_parts_are_quoted_printable_and_ascii_stays_readable_in_them() {
    for text in [
        "Your code:\n\n481516\n",
        "Ihr Code für Größe:\n",
        "あなたのコード\n",
        "رمزك\n",
    ] {
        let email = Email {
            text: text.to_owned(),
            html: format!("<p class=\"code\">{text}</p>\n"),
            ..email()
        };
        let mail = travel(&email).await;
        assert_eq!(
            (mail.text_part(), mail.html_part()),
            (email.text.clone(), email.html.clone())
        );
        let raw = String::from_utf8(mail.raw).unwrap();
        let encoding = "Content-Transfer-Encoding: quoted-printable\r\n";
        assert_eq!(raw.matches(encoding).count(), 2, "{raw}");
        if text.is_ascii() {
            assert!(raw.contains("\r\n\r\nYour code:\r\n\r\n481516\r\n"), "{raw}");
        }
    }
}

#[tokio::test]
async fn a_retry_is_the_same_mail_byte_for_byte() {
    let server = SmtpServer::start(Behaviour::plain());
    for _ in 0..2 {
        client(&server).send(&email()).await.unwrap();
    }
    let contents = server.contents();
    assert_eq!(contents[0], contents[1]);
}

#[tokio::test]
async fn no_text_ends_the_message_early() {
    for smuggled in [
        "\n.\n",
        "\r.\r",
        "\n.\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\r\n.\r\nMAIL FROM:<x@evil.example>\r\nRCPT TO:<y@evil.example>\r\nDATA\r\n",
        "\n.\nRSET\n",
        ".\r\n",
        "..\r\n.",
        "\n--=_msg_0190163d8694739a8db3c4f0d9f0a1b2--\n",
    ] {
        let around = |text: &str| format!("before{text}after");
        let email = Email {
            text: around(smuggled),
            html: around(smuggled),
            ..email()
        };
        let mail = travel(&email).await;
        let expected = around(smuggled).replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!(mail.text_part(), expected);
        assert_eq!(mail.html_part(), expected);
    }
}

#[tokio::test]
async fn any_name_and_subject_arrive_as_they_were_given() {
    let long = "Größte Übersetzungsbüro-Gesellschaft für Überseehäfen ".repeat(6);
    for name in [
        "<b>Acme</b>",
        "\"Acme\" & Sons, Ltd.",
        "back\\slash",
        "Café Zoë",
        "Äcme, \"Größe\" <evil@evil.example>",
        "evil@evil.example",
        "東京オフィス",
        "🔐 Acme",
        "(comment) Acme; group: a, b;",
        long.trim(),
        &"x".repeat(300),
    ] {
        let email = Email {
            from_name: name.to_owned(),
            subject: name.to_owned(),
            ..email()
        };
        let mail = travel(&email).await;
        assert_eq!(mail.header("From").as_deref(), Some(name));
        assert_eq!(
            mail.header_address("From").as_deref(),
            Some("no-reply@acme.example")
        );
        assert_eq!(mail.header("Subject").as_deref(), Some(name));
        let raw = String::from_utf8(mail.raw.clone()).unwrap();
        assert!(raw.is_ascii(), "{name}");
    }
}

#[tokio::test]
async fn text_that_looks_encoded_is_not_decoded_by_the_reader() {
    let evil = "=?utf-8?q?Evil=0A?=";
    let email = Email {
        from_name: evil.to_owned(),
        subject: evil.to_owned(),
        ..email()
    };
    let mail = travel(&email).await;
    assert_eq!(mail.header("From").as_deref(), Some(evil));
    assert_eq!(mail.header("Subject").as_deref(), Some("= ?utf-8?q?Evil=0A?="));
}

#[tokio::test]
async fn long_names_are_folded() {
    let email = Email {
        from_name: "Größe ".repeat(50),
        subject: "Größe ".repeat(50),
        ..email()
    };
    let raw = String::from_utf8(travel(&email).await.raw).unwrap();
    for line in raw.lines() {
        // 78, and the address: lettre writes it behind the last encoded word without a fold.
        assert!(line.len() <= 78 + " <no-reply@acme.example>".len(), "{line}");
    }
}

#[tokio::test]
async fn control_characters_start_no_header_and_no_mail() {
    let evil = "Acme\r\nBcc: x@evil.example\r\n\r\nbody\0\u{1b}[1m\u{2028}";
    let email = Email {
        from_name: evil.to_owned(),
        subject: evil.to_owned(),
        ..email()
    };
    let mail = travel(&email).await;
    assert_eq!(mail.header("Bcc"), None);
    let seen = mail.header("Subject").unwrap();
    assert!(
        seen.starts_with("Acme") && !seen.contains(char::is_control),
        "{seen:?}"
    );
    assert_eq!(mail.header("From").as_deref(), Some(seen.as_str()));
    assert_eq!(mail.text_part(), email.text);
}

#[tokio::test]
async fn no_name_is_no_name() {
    let email = Email {
        from_name: " \t".to_owned(),
        ..email()
    };
    let mail = travel(&email).await;
    assert_eq!(mail.raw_header("From").as_deref(), Some("no-reply@acme.example"));
}
