//! In which language a message goes out: what is requested, else the environment's, else English, on both channels and
//! with what really reaches a carrier.

use serde_json::json;

use crate::support::carriers::{number, own_twilio, save_sms};
use crate::support::smtp_server::{Behaviour, SmtpServer};
use crate::support::test_server::{ServerOptions, TestServer, code_in};
use crate::support::twilio_double::TwilioDouble;

/// Requested language and the one that is found, product by product of the rules: its own tag, a region, a script, another
/// name of the language.
const FOUND: &[(&str, &str)] = &[
    ("zh-CN", "您的验证码是 CODE"),
    ("zh-SG", "您的验证码是 CODE"),
    ("zh-Hans-TW", "您的验证码是 CODE"),
    ("zh-TW", "您的驗證碼是 CODE"),
    ("zh-HK", "您的驗證碼是 CODE"),
    ("pt", "Seu código de verificação é CODE"),
    ("pt-br", "Seu código de verificação é CODE"),
    ("pt-PT", "O seu código de verificação é CODE"),
    ("nb", "Bekreftelseskoden din er CODE"),
    ("nn-NO", "Bekreftelseskoden din er CODE"),
    ("nl-BE", "Je verificatiecode is CODE"),
    ("en-AU", "Your verification code is CODE"),
];

async fn with_twilio() -> (TestServer, TwilioDouble) {
    let twilio = TwilioDouble::start().await;
    let options = ServerOptions::default()
        .set("twilio.base_url", twilio.url())
        .set("bootstrap.business_url", "https://acme.example.com");
    let server = options.start().await;
    save_sms(&server, own_twilio(&json!({}))).await;
    (server, twilio)
}

/// What Twilio is given to send, with `CODE` for each occurrence of the code.
async fn body(server: &TestServer, twilio: &TwilioDouble, fields: serde_json::Value) -> String {
    let sent = server.send_sms_with(fields).await.expect(201);
    assert_eq!(sent["message"]["provider"], "twilio");
    let request = twilio.requests().pop().unwrap();
    let body = request.parameter("Body").unwrap().to_owned();
    let code = code_in(&body);
    server
        .verify(sent["id"].as_str().unwrap(), &code)
        .await
        .expect(200);
    body.replace(&code, "CODE")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_requested_language_finds_its_nearest() {
    let (server, twilio) = with_twilio().await;
    for (index, (locale, text)) in FOUND.iter().enumerate() {
        let fields = json!({ "to": number(index), "purpose": "verify", "locale": locale });
        assert_eq!(body(&server, &twilio, fields).await, *text, "{locale}");
    }
    assert_eq!(twilio.violations(), Vec::<String>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_goes_out_in_the_requested_language_else_the_environments_else_english() {
    let (server, twilio) = with_twilio().await;
    server.set_environment(json!({ "default_locale": "de-CH" })).await;
    for (index, (locale, text)) in [
        (None, "CODE ist Ihr Einmalcode"),
        (Some("cy"), "CODE ist Ihr Einmalcode"),
        (Some("tlh-Latn"), "CODE ist Ihr Einmalcode"),
        (Some("zh-CN"), "CODE 是您的一次性验证码"),
        (Some("en-GB"), "CODE is your one-time code"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut fields = json!({ "to": number(index) });
        if let Some(locale) = locale {
            fields["locale"] = json!(locale);
        }
        let body = body(&server, &twilio, fields).await;
        assert!(
            body.starts_with(text) && body.ends_with(" #CODE"),
            "{locale:?}: {body}"
        );
    }
    server.set_environment(json!({ "default_locale": "cy" })).await;
    let body = body(&server, &twilio, json!({ "to": number(9) })).await;
    assert_eq!(
        body,
        "CODE is your one-time code to sign in to acme.example.com #CODE"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_line_is_the_same_in_every_language() {
    let (server, twilio) = with_twilio().await;
    let domain = json!({ "autofill_domain": "login.example.org" });
    server
        .admin("PATCH", &server.application_path(), domain)
        .await
        .expect(200);
    for (index, locale) in ["ar", "he", "ja", "th", "el", "vi", "hu"].into_iter().enumerate() {
        let fields = json!({ "to": number(index), "locale": locale });
        let body = body(&server, &twilio, fields).await;
        let lines: Vec<&str> = body.split('\n').collect();
        assert_eq!(lines.len(), 3, "{body}");
        assert!(lines[0].contains("acme.example.com"), "{body}");
        assert_eq!((lines[1], lines[2]), ("", "@login.example.org #CODE"));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_language_is_refused_and_nothing_is_sent() {
    let (server, twilio) = with_twilio().await;
    for locale in ["", "en_US", "e", "de-", "englishlanguage", "en-US\n", "../en"] {
        let fields = json!({ "to": number(1), "locale": locale });
        assert_eq!(
            server.send_sms_with(fields).await.expect_invalid(),
            ["/locale"],
            "{locale:?}"
        );
        let patch = json!({ "default_locale": locale });
        let answer = server.admin("PATCH", "/environments/default", patch).await;
        assert_eq!(answer.expect_invalid(), ["/default_locale"], "{locale:?}");
    }
    assert_eq!(twilio.requests().len(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_goes_out_in_the_requested_language_else_the_environments() {
    let smtp = SmtpServer::start(Behaviour::plain());
    let account = smtp.account();
    let options = ServerOptions::default()
        .set("smtp.allow_plaintext", true)
        .set("platform.email.provider", "smtp")
        .set("platform.email.server", &account.server)
        .set("platform.email.port", account.port)
        .set("platform.email.tls", "none")
        .set("platform.email.from", "no-reply@platform.example")
        .set("bootstrap.business_name", "Acme");
    let server = options.start().await;
    server.set_environment(json!({ "default_locale": "ru" })).await;
    for (locale, lang, direction, life) in [
        (None, "ru", "ltr", "10 минут"),
        (Some("pl-PL"), "pl", "ltr", "10 minut"),
        (Some("ar-EG"), "ar", "rtl", "10 دقائق"),
        (Some("iw"), "he", "rtl", "10 דקות"),
        (Some("zh-Hant-HK"), "zh-Hant", "ltr", "10 分鐘"),
        (Some("cy"), "ru", "ltr", "10 минут"),
    ] {
        let mut body = json!({ "connection_id": server.email, "to": "jane@example.com" });
        if let Some(locale) = locale {
            body["locale"] = json!(locale);
        }
        let sent = server.post("/v1/otp/send", body).await.expect(201);
        let mail = smtp.mails().pop().unwrap();
        let (text, html) = (mail.text_part(), mail.html_part());
        assert!(
            html.contains(&format!("<html lang=\"{lang}\" dir=\"{direction}\">")),
            "{locale:?}"
        );
        assert!(text.contains(life) && html.contains(life), "{locale:?}: {text}");
        assert!(mail.header("Subject").unwrap().contains("Acme"), "{locale:?}");
        let id = sent["id"].as_str().unwrap();
        server.verify(id, &code_in(&text)).await.expect(200);
        server.clock.advance(std::time::Duration::from_hours(1));
    }
    assert_eq!(smtp.violations(), Vec::<String>::new());
    server.stop().await;
}
