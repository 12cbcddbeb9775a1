//! Notifications: what is sent, what never is, to whom, how often, and what becomes of it.

use serde_json::{Value, json};

use crate::support::plain_http::Answer;
use crate::support::smtp_server::SmtpServer;
use crate::support::test_server::{ServerOptions, TestServer};

mod data;
mod delivery;
mod letters;
mod limits;
mod recipients;
mod table;

const PATH: &str = "/v1/notifications";

/// A server whose platform sends emails through `smtp`, without TLS.
fn platform(smtp: &SmtpServer) -> ServerOptions {
    ServerOptions::default()
        .set("smtp.allow_plaintext", true)
        .set("platform.email.provider", "smtp")
        .set("platform.email.server", "127.0.0.1")
        .set("platform.email.port", smtp.account().port)
        .set("platform.email.tls", "none")
        .set("platform.email.from", "no-reply@platform.example")
}

/// A server of the business `Acme` at `acme.example.com`.
async fn acme(options: ServerOptions) -> TestServer {
    let server = options.start().await;
    let business = json!({ "business_name": "Acme", "business_url": "https://acme.example.com/login" });
    server.set_environment(business).await;
    server
}

/// An invitation by hand, with `changes`.
fn invitation(changes: &Value) -> Value {
    let mut body = json!({ "event": "team_member.added", "source": "manual", "to": ["new@example.com"] });
    let changes = changes.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(changes);
    body
}

async fn notify(server: &TestServer, changes: &Value) -> Answer {
    server.post(PATH, invitation(changes)).await
}

async fn notify_with(server: &TestServer, headers: &[&str], changes: &Value) -> Answer {
    let body = invitation(changes).to_string();
    server
        .request("POST", PATH, &server.application_key, headers, &body)
        .await
}

async fn read(server: &TestServer, id: &Value) -> Answer {
    server.get(&format!("{PATH}/{}", id.as_str().unwrap())).await
}

/// The statuses of a notification's messages.
fn statuses(notification: &Value) -> Vec<&str> {
    let messages = notification["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["status"].as_str().unwrap())
        .collect()
}
