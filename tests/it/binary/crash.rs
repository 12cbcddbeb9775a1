//! A process that is killed between its answer and the provider's: the next one sends what was promised.

use serde_json::{Value, json};

use super::installation::Installation;
use crate::support::http_double::Script;
use crate::support::kinde_double::{KindeDouble, TOKEN};
use crate::support::reserved_address::ReservedAddress;
use crate::support::smtp_server::{Behaviour, SmtpServer};
use crate::support::twilio_double::TwilioDouble;
use crate::support::wait::found;

/// Sends without waiting for the provider, and kills the process as soon as it has answered. Answers the application key and
/// the verification.
async fn send_and_die(installation: &Installation) -> (String, Value) {
    let running = installation.start().await;
    let welcome = running.welcome().await;
    let body = json!({"connection_id": welcome.phone_connection, "to": "+61466043123"});
    let key = welcome.application_key;
    let answer = running
        .call("POST /v1/otp/send", &key, &body, &["Prefer: respond-async"])
        .await;
    running.signal("KILL");
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(running.ended().await.code, None);
    (key, answer.json())
}

/// The code in `text` verifies.
async fn verifies(installation: &Installation, key: &str, verification: &Value, text: &str) {
    let running = installation.start().await;
    let code = text
        .split(|char: char| !char.is_ascii_digit())
        .find(|word| word.len() == 6)
        .unwrap();
    let guess = json!({"verification_id": verification["id"], "code": code});
    let answer = running.call("POST /v1/otp/verify", key, &guess, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_no_provider_took_is_sent_by_the_next_process() {
    let nobody = ReservedAddress::new();
    let mut installation = Installation::new()
        .with("OTPOST_PLATFORM__SMS__PROVIDER", "http")
        .with(
            "OTPOST_PLATFORM__SMS__URL",
            &format!("http://{}/sms", nobody.get()),
        )
        .with("OTPOST_PLATFORM__SMS__TOKEN", TOKEN);
    let (key, verification) = send_and_die(&installation).await;

    let platform = KindeDouble::start().await;
    installation.set("OTPOST_PLATFORM__SMS__URL", platform.url().as_str());
    let running = installation.start().await;
    let message = found("the message", async || platform.messages().into_iter().next()).await;
    running.interrupted().await;
    assert_eq!(message.to, "+61466043123");
    assert_eq!(
        message.message_id,
        verification["message"]["id"].as_str().unwrap()
    );
    verifies(&installation, &key, &verification, &message.body).await;
    assert_eq!(
        (platform.messages().len(), platform.violations()),
        (1, Vec::new())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_hanging_provider_kept_waiting_is_sent_by_the_next_process() {
    let hanging = TwilioDouble::start().await;
    hanging.respond_with(Script::Hang);
    let mut installation = Installation::new()
        .with("OTPOST_PLATFORM__SMS__PROVIDER", "twilio")
        .with(
            "OTPOST_PLATFORM__SMS__ACCOUNT_SID",
            "AC0123456789abcdef0123456789abcdef",
        )
        .with("OTPOST_PLATFORM__SMS__AUTH_TOKEN", "a-token-for-tests")
        .with("OTPOST_PLATFORM__SMS__SOURCE", "messaging_service")
        .with(
            "OTPOST_PLATFORM__SMS__MESSAGING_SERVICE_SID",
            "MG0123456789abcdef0123456789abcdef",
        )
        .with("OTPOST_TWILIO__BASE_URL", hanging.url().as_str());
    let (key, verification) = send_and_die(&installation).await;

    let twilio = TwilioDouble::start().await;
    installation.set("OTPOST_TWILIO__BASE_URL", twilio.url().as_str());
    let running = installation.start().await;
    let message = found("the message", async || twilio.requests().into_iter().next()).await;
    running.interrupted().await;
    assert_eq!(message.parameter("To"), Some("+61466043123"));
    verifies(
        &installation,
        &key,
        &verification,
        message.parameter("Body").unwrap(),
    )
    .await;
    assert_eq!((twilio.requests().len(), twilio.violations()), (1, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_that_no_server_took_is_sent_by_the_next_process() {
    let nobody = ReservedAddress::new();
    let mut installation = Installation::new()
        .with("OTPOST_SMTP__ALLOW_PLAINTEXT", "true")
        .with("OTPOST_PLATFORM__EMAIL__PROVIDER", "smtp")
        .with("OTPOST_PLATFORM__EMAIL__SERVER", "127.0.0.1")
        .with("OTPOST_PLATFORM__EMAIL__PORT", &nobody.get().port().to_string())
        .with("OTPOST_PLATFORM__EMAIL__TLS", "none");
    let running = installation.start().await;
    let key = running.welcome().await.application_key;
    let body = json!({"event": "team_member.added", "source": "manual", "to": ["ada@example.com", "bob@example.com"],
        "data": {"inviter_name": "Cyd", "action_url": "https://localhost/join/4711"}});
    let prefer = ["Prefer: respond-async"];
    let answer = running.call("POST /v1/notifications", &key, &body, &prefer).await;
    running.signal("KILL");
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(running.ended().await.code, None);

    let smtp = SmtpServer::start(Behaviour::plain());
    installation.set("OTPOST_PLATFORM__EMAIL__PORT", &smtp.account().port.to_string());
    let running = installation.start().await;
    let mails = found("the mails", async || {
        Some(smtp.mails()).filter(|mails| mails.len() == 2)
    })
    .await;
    let mut reached: Vec<_> = mails.iter().map(|mail| mail.to[0].clone()).collect();
    reached.sort();
    assert_eq!(reached, ["ada@example.com", "bob@example.com"]);
    for mail in &mails {
        assert!(
            mail.text_part().contains("Cyd invites you"),
            "{}",
            mail.text_part()
        );
        assert!(mail.text_part().contains("https://localhost/join/4711"));
    }
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let path = format!("GET /v1/notifications/{id}");
    let read = running.call(&path, &key, &Value::Null, &[]).await;
    assert_eq!(read.status, 200, "{}", read.body);
    running.interrupted().await;
    assert_eq!((smtp.mails().len(), smtp.violations()), (2, Vec::new()));
}
