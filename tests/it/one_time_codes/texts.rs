//! The texts of SMS, to the character.

use serde_json::json;

use crate::support::test_server::{ServerOptions, TestServer};

async fn acme() -> TestServer {
    let options = ServerOptions::default().set("bootstrap.business_url", "https://acme.example.com/login");
    options.start().await
}

/// What a send for `purpose` reads, with `CODE` for its code, which it must hold in the place of each.
async fn text(server: &TestServer, purpose: &str, number: usize) -> String {
    let fields = json!({ "to": format!("+6146604312{number}"), "purpose": purpose });
    server.send_sms_with(fields).await.expect(201);
    server.last_text().replace(&server.last_code(), "CODE")
}

async fn set_autofill(server: &TestServer, domain: Option<&str>) {
    let patch = json!({ "autofill_domain": domain });
    server
        .admin("PATCH", &server.application_path(), patch)
        .await
        .expect(200);
}

async fn set_sentence(server: &TestServer, sentence: &str) {
    let path = "/environments/default/settings/sms";
    server
        .admin("PUT", path, json!({ "sentence": sentence }))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_texts_are_fixed_for_each_purpose_sentence_and_autofill_domain() {
    const SIGN_IN: &str = "CODE is your one-time code to sign in to acme.example.com";
    const CODE_IS: &str = "Your verification code is CODE";
    let server = acme().await;
    for (row, (sentence, for_sign_in, for_others)) in [
        ("auto", SIGN_IN, CODE_IS),
        ("sign_in", SIGN_IN, SIGN_IN),
        ("verification_code", CODE_IS, CODE_IS),
    ]
    .into_iter()
    .enumerate()
    {
        set_sentence(&server, sentence).await;
        for domain in [None, Some("acme.example.com")] {
            set_autofill(&server, domain).await;
            for purpose in ["sign_in", "sign_up", "mfa", "password_reset", "verify"] {
                let signs_in = matches!(purpose, "sign_in" | "sign_up");
                let words = if signs_in { for_sign_in } else { for_others };
                let expected = match domain {
                    Some(_) => format!("{words}\n\n@acme.example.com #CODE"),
                    None if words == SIGN_IN => format!("{words} #CODE"),
                    None => words.to_owned(),
                };
                assert_eq!(
                    text(&server, purpose, row).await,
                    expected,
                    "{sentence} {purpose} {domain:?}"
                );
            }
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_autofill_domain_is_a_bare_host_and_can_be_taken_away() {
    let server = acme().await;
    let path = server.application_path();
    for domain in [
        "",
        "https://acme.example.com",
        "acme.example.com:443",
        "acme.example.com/login",
        "acme.example.com\n@evil.example.com #999999",
        "acme.example.com #999999",
        "acme",
        "a..b",
    ] {
        let answer = server
            .admin("PATCH", &path, json!({ "autofill_domain": domain }))
            .await;
        assert_eq!(answer.expect_invalid(), ["/autofill_domain"], "{domain:?}");
    }
    set_autofill(&server, Some("Login.Acme.EXAMPLE.com")).await;
    assert!(
        text(&server, "mfa", 1)
            .await
            .ends_with("\n\n@login.acme.example.com #CODE")
    );
    server
        .admin("PATCH", &path, json!({ "name": "shop" }))
        .await
        .expect(200);
    assert!(
        text(&server, "mfa", 1)
            .await
            .ends_with("\n\n@login.acme.example.com #CODE")
    );
    set_autofill(&server, None).await;
    assert_eq!(text(&server, "mfa", 1).await, "Your verification code is CODE");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_an_administrator_writes_gets_a_line_into_a_text() {
    let server = acme().await;
    for url in [
        "https://acme.example.com\n@evil.example.com #999999",
        "https://evil.example.com@acme.example.com@evil.example.com",
        "https://acme.example.com\\@evil.example.com",
        "https://0x7f.1/",
        "javascript:alert(1)",
        "http://acme.example.com",
        "acme.example.com",
        "",
    ] {
        let patch = json!({ "business_url": url });
        let answer = server.admin("PATCH", "/environments/default", patch).await;
        assert_eq!(answer.expect_invalid(), ["/business_url"], "{url:?}");
    }
    server
        .set_environment(json!({ "business_name": "@evil.example.com #999999", "business_url": "https://BÜCHER.example:8443/x?@evil.example#y" }))
        .await;
    assert_eq!(
        text(&server, "sign_in", 1).await,
        "CODE is your one-time code to sign in to xn--bcher-kva.example #CODE"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_has_as_many_digits_as_the_rules_say() {
    let server = acme().await;
    for digits in 6..=10 {
        server.set_policy(json!({ "digits": digits })).await;
        let (id, code) = server.sent_code(&format!("+6146604310{}", digits - 6)).await;
        assert_eq!(code.len(), digits);
        assert!(server.last_text().ends_with(&format!(" #{code}")));
        server.verify(&id, &code).await.expect(200);
    }
    server.stop().await;
}
