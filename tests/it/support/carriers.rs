//! What the tests of routes share: settings of an environment's own senders, the platform's endpoint, and looking at a
//! message until it is where it should be.

use serde_json::{Value, json};

use super::kinde_double::{KindeDouble, TOKEN};
use super::plain_http::Answer;
use super::test_server::{ServerOptions, TestServer};
use super::twilio_double::TwilioDouble;
use super::wait::found;

pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";
pub const AUTH_TOKEN: &str = "twilio-token-of-the-tests";

/// A server whose platform sender is `kinde`.
pub fn platform(kinde: &KindeDouble) -> ServerOptions {
    ServerOptions::default()
        .set("platform.sms.provider", "http")
        .set("platform.sms.url", kinde.url())
        .set("platform.sms.token", TOKEN)
}

/// As [`platform`], and Twilio is `twilio`.
pub fn both(kinde: &KindeDouble, twilio: &TwilioDouble) -> ServerOptions {
    platform(kinde).set("twilio.base_url", twilio.url())
}

/// SMS settings with an own account that sends by a Messaging Service, and `changes`.
pub fn own_twilio(changes: &Value) -> Value {
    let mut settings = json!({
        "provider": "twilio",
        "twilio": {
            "account_sid": ACCOUNT, "auth_token": AUTH_TOKEN, "source": "messaging_service",
            "messaging_service_sid": SERVICE,
        },
    });
    for (name, value) in changes.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

/// Saves SMS settings.
pub async fn save_sms(server: &TestServer, settings: Value) {
    let answer = server
        .admin("PUT", "/environments/default/settings/sms", settings)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Asks for a code by SMS for `purpose`.
pub async fn send_for(server: &TestServer, purpose: &str, to: &str) -> Answer {
    let body = json!({ "connection_id": server.phone, "to": to, "purpose": purpose });
    server.post("/v1/otp/send", body).await
}

/// Number `index` of 100,000 that can receive text messages.
pub fn number(index: usize) -> String {
    format!("+614660{index:05}")
}

/// How many places of the test quota are used.
pub async fn quota_used(server: &TestServer) -> u64 {
    let usage = server
        .admin("GET", "/environments/default/usage/sms", Value::Null)
        .await;
    usage.json()["used"].as_u64().unwrap()
}

/// A message as an administrator sees it.
pub async fn message(server: &TestServer, id: &str) -> Value {
    let path = format!("/environments/default/messages/{id}");
    server.admin("GET", &path, Value::Null).await.json()
}

/// The id of the message in an answer about a verification.
pub fn message_id(answer: &Answer) -> String {
    answer.json()["message"]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answer.body))
        .to_owned()
}

/// The message, as soon as its status is `status`.
pub async fn message_when(server: &TestServer, id: &str, status: &str) -> Value {
    found(&format!("a message that is {status}"), async || {
        let message = message(server, id).await;
        (message["status"] == status).then_some(message)
    })
    .await
}

/// The details of all events with this name in a message's timeline.
pub fn events(message: &Value, name: &str) -> Vec<Value> {
    let timeline = message["timeline"].as_array().unwrap();
    let named = timeline.iter().filter(|entry| entry["event"] == name);
    named.map(|entry| entry["details"].clone()).collect()
}
