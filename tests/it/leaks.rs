//! A canary scan: all flows are run, and no code, recipient, key or password may be found in any answer, in the metrics
//! or in the log.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use otpost::telemetry;
use serde_json::{Value, json};
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

use crate::support::http_double::{Reply, Script};
use crate::support::kinde_double::{KindeDouble, TOKEN};
use crate::support::plain_http::Answer;
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer, code_in, wrong};

const AUTH_TOKEN: &str = "auth-token-canary-1357";
const PASSWORD: &str = "password-canary-2468";
const INJECTED: &str = "=cmd|calc";

/// All that was written, for reading it back.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whatever the service and its libraries may say at the most talkative level that an operator can set.
fn listen() -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let writer = lines.clone();
    let targets = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("otpost", Level::TRACE);
    let subscriber = tracing_subscriber::registry().with(targets).with(
        tracing_subscriber::fmt::layer()
            .json()
            .with_writer(move || writer.clone()),
    );
    (lines, tracing::subscriber::set_default(subscriber))
}

/// Everything that the service has answered, heads and bodies.
#[derive(Default)]
struct Seen(Vec<String>);

impl Seen {
    fn keep(&mut self, answer: &Answer) -> Value {
        self.0.push(format!("{:?} {}", answer.headers, answer.body));
        answer.json()
    }
}

/// Sends, guesses wrongly, resends, verifies, replays and cancels; answers the codes.
async fn flow(server: &TestServer, seen: &mut Seen, connection: &str, to: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for purpose in ["sign_in", "mfa"] {
        let body =
            json!({ "connection_id": connection, "to": to, "purpose": purpose, "client_ip": "192.0.2.1" });
        let key = format!("idempotency-key: {to} {purpose}");
        let ask = || {
            let (key, body) = ([key.as_str()], body.to_string());
            async move {
                server
                    .request("POST", "/v1/otp/send", &server.application_key, &key, &body)
                    .await
            }
        };
        let sent = seen.keep(&ask().await);
        seen.keep(&ask().await);
        let id = sent["id"].as_str().unwrap().to_owned();
        let code = server.last_code();
        seen.keep(&server.verify(&id, &wrong(&code)).await);
        server.clock.advance(Duration::from_secs(30));
        seen.keep(&server.resend(&id).await);
        seen.keep(&server.verify(&id, &format!("{code}0")).await);
        seen.keep(
            &server
                .post("/v1/otp/verify", json!({ "verification_id": id, "code": [code] }))
                .await,
        );
        seen.keep(
            &server
                .post("/v1/otp/verify", json!({ "verification_id": id, &code: to }))
                .await,
        );
        seen.keep(
            &server
                .post("/v1/otp/verify", json!({ "verification_id": code, "code": to }))
                .await,
        );
        let verified = seen.keep(&server.verify(&id, &code).await);
        assert_eq!(verified["status"], "verified");
        seen.keep(&server.verify(&id, &code).await);
        seen.keep(&server.get(&format!("/v1/otp/{id}")).await);
        seen.keep(&server.cancel(&id).await);
        codes.push(wrong(&code));
        codes.push(code);
    }
    codes
}

/// What an administrator can read and is refused.
async fn administer(server: &TestServer, seen: &mut Seen) {
    let env = "/environments/default";
    let twilio = json!({
        "account_sid": format!("AC{}", "0".repeat(32)), "auth_token": AUTH_TOKEN, "source": "phone_number",
        "phone_number": "ACME",
    });
    let custom = json!({
        "email": "a@b.example", "server": "b.example", "port": 465, "username": "acme", "password": PASSWORD,
        "tls": "implicit",
    });
    let mut moved = custom.clone();
    moved["tls"] = json!("none");
    for (path, body) in [
        ("settings/sms", json!({ "provider": null, "twilio": twilio })),
        (
            "settings/sms",
            json!({ "provider": AUTH_TOKEN, "twilio": { "auth_token": AUTH_TOKEN } }),
        ),
        ("settings/sms", json!({ "sentence": AUTH_TOKEN, AUTH_TOKEN: 1 })),
        ("settings/email", json!({ "custom_sender": moved })),
        (
            "settings/email",
            json!({ "custom_sender": { "password": { "set": PASSWORD } } }),
        ),
        ("settings/email", json!({ "custom_sender": custom })),
    ] {
        seen.keep(&server.admin("PUT", &format!("{env}/{path}"), body).await);
    }
    for path in [
        "",
        "/settings/sms",
        "/settings/email",
        "/settings/mfa",
        "/settings/otp",
        "/applications",
        "/messages?limit=100",
        "/usage/sms",
    ] {
        seen.keep(&server.admin("GET", &format!("{env}{path}"), Value::Null).await);
    }
    for message in server.messages().await {
        let id = message["id"].as_str().unwrap();
        seen.keep(
            &server
                .admin("GET", &format!("{env}/messages/{id}"), Value::Null)
                .await,
        );
    }
}

/// Requests whose head and path hold what must not be logged as it is.
async fn intrude(server: &TestServer, seen: &mut Seen) {
    let key = &server.application_key;
    let agent = format!("user-agent: {INJECTED}");
    for path in [
        format!("/v1/connections?key={key}"),
        format!("/v1/{key}"),
        format!("/v1/otp/{key}"),
        format!("/v1/otp/%0a%1b[31m{INJECTED}"),
        format!("/admin/v1/environments/{key}"),
    ] {
        let bad = format!("{key}0");
        seen.keep(&server.request("GET", &path, &bad, &[&agent], "").await);
        let admin = &server.admin_key;
        seen.keep(&server.request("GET", &path, admin, &[&agent], "").await);
    }
}

#[track_caller]
fn holds_none(canaries: &[String], place: &str, text: &str) {
    for canary in canaries {
        assert!(!text.contains(canary.as_str()), "{canary} in {place}: {text}");
    }
}

#[tokio::test]
async fn no_code_recipient_key_or_password_is_answered_measured_or_logged() {
    let (log, _listening) = listen();
    let metrics = telemetry::metrics().unwrap();
    let server = TestServer::start().await;
    // Ten digits are not found in a timestamp or an id by chance.
    server
        .set_policy(json!({ "digits": 10, "sends_per_hour": 100 }))
        .await;
    let mut seen = Seen::default();
    let mut canaries = flow(&server, &mut seen, &server.phone, "+61466043123").await;
    canaries.extend(flow(&server, &mut seen, &server.email, "canary.jane@example.com").await);
    administer(&server, &mut seen).await;
    intrude(&server, &mut seen).await;
    canaries.extend(
        [
            "466043123",
            "canary.jane",
            &server.application_key["otpost_sk_".len()..],
            &server.admin_key["otpost_ak_".len()..],
            AUTH_TOKEN,
            PASSWORD,
        ]
        .map(str::to_owned),
    );
    server.stop().await;
    for answer in &seen.0 {
        holds_none(&canaries, "an answer", answer);
    }
    holds_none(&canaries, "the metrics", &metrics.render());
    let log = log.text();
    assert!(log.contains("\"answered\""), "the log was listened to: {log}");
    holds_none(&canaries, "the log", &log);
    holds_none(&[INJECTED.to_owned(), "\u{1b}".to_owned()], "the log", &log);
}

#[tokio::test]
async fn a_key_that_was_made_is_answered_once_and_never_kept_or_logged() {
    let (log, _listening) = listen();
    let server = TestServer::start().await;
    let application = format!("{}/keys", server.application_path());
    let (mut seen, mut canaries) = (Seen::default(), Vec::new());
    for path in [application.as_str(), "/keys"] {
        let made = server.admin("POST", path, json!({ "name": "backend" })).await;
        let (key, id) = (made.expect(201)["key"].clone(), made.json()["id"].clone());
        let key = key.as_str().unwrap();
        canaries.push(key["otpost_sk_".len() + 4..key.len() - 4].to_owned());
        for wrong in [json!({ "name": key, "key": key }), json!({ "name": [key] })] {
            seen.keep(&server.admin("POST", path, wrong).await);
        }
        seen.keep(&server.admin("GET", path, Value::Null).await);
        let own = format!("{path}/{}", id.as_str().unwrap());
        let revoked = server.admin("DELETE", &own, Value::Null).await;
        assert_eq!(revoked.status, 204);
        seen.keep(&server.request("GET", "/v1/connections", key, &[], "").await);
    }
    for changes in tenants::audited(&server).await {
        holds_none(&canaries, "the audit log", &changes);
    }
    server.stop().await;
    for answer in &seen.0 {
        holds_none(&canaries, "an answer", answer);
    }
    holds_none(&canaries, "the log", &log.text());
}

#[tokio::test]
async fn what_a_carrier_says_of_a_recipient_or_a_code_is_not_repeated() {
    let (log, _listening) = listen();
    let double = KindeDouble::start().await;
    let said = json!({ "error": "recipient_rejected", "message": "+61466043123 cannot be reached" });
    double.respond_with(Script::Reply(Reply::json(422, &said)));
    double.respond_with(Script::Reply(Reply::json(
        400,
        &json!({ "error": "bad number +61466043123" }),
    )));
    double.respond_with(Script::Reply(Reply::text(
        500,
        "text/plain",
        "failed for +61466043123",
    )));
    let options = ServerOptions::default()
        .set("platform.sms.provider", "http")
        .set("platform.sms.url", double.url())
        .set("platform.sms.token", TOKEN);
    let server = options.start().await;
    server.set_policy(json!({ "digits": 10 })).await;
    let mut seen = Seen::default();
    for _ in 0..3 {
        seen.keep(&server.send_sms("+61466043123").await);
    }
    administer(&server, &mut seen).await;
    let mut canaries = vec!["466043123".to_owned(), TOKEN.to_owned()];
    canaries.extend(double.messages().iter().map(|message| code_in(&message.body)));
    assert_eq!(canaries.len(), 5);
    server.stop().await;
    for answer in &seen.0 {
        holds_none(&canaries, "an answer", answer);
    }
    holds_none(&canaries, "the log", &log.text());
}
