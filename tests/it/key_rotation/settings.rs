//! Stored secrets through rotations, and an environment whose settings a process cannot open.

use std::time::Duration;

use otpost::document::{self, Patch};
use otpost::domain::id::EnvironmentId;
use otpost::http::problem::{Code, Problem};
use otpost::service::actor::Actor;
use otpost::service::administration::{ChangeError, Expected};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{HOUR, ahead};
use crate::support::carriers::{number, own_twilio, save_sms};
use crate::support::plain_http::Answer;
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn stored_secrets_outlive_every_rotation_of_the_keys() {
    let server = TestServer::start().await;
    let sms = json!({ "provider": "twilio", "twilio": { "account_sid": format!("AC{}", "0".repeat(32)),
        "auth_token": "a token of some length", "source": "phone_number", "phone_number": "+15005550006" } });
    server
        .admin("PUT", "/environments/default/settings/sms", sms)
        .await
        .expect(200);
    let email = json!({ "custom_sender": { "email": "auth@acme.example.com", "server": "smtp.acme.example.com",
        "port": 587, "username": "otpost", "password": "hunter2", "tls": "starttls" } });
    server
        .admin("PUT", "/environments/default/settings/email", email)
        .await
        .expect(200);
    for _ in 0..3 {
        server.place.rotate_keys(Duration::ZERO);
        let rotated = server.replica(ServerOptions::default()).await;
        let snapshot = rotated.services.directory.current();
        let environment = snapshot.environments().next().unwrap();
        let token = environment
            .sms
            .row
            .own_account()
            .unwrap()
            .auth_token
            .clone()
            .unwrap();
        assert_eq!(token.expose(), "a token of some length");
        let sender = environment.email.row.custom_sender.clone().unwrap();
        assert_eq!(sender.credentials().unwrap().1.expose(), "hunter2");
        rotated.stop().await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_sealed_anew_when_keys_come_into_use_while_the_process_runs() {
    let server = TestServer::start().await;
    save_sms(&server, own_twilio(&json!({}))).await;
    server.place.rotate_keys(HOUR);
    let early = server.replica(ServerOptions::default()).await;
    early.maintenance.round(&CancellationToken::new()).await.unwrap();
    assert_eq!(early.resealed().await, 0);
    server.clock.advance(HOUR);
    early.is_resealed().await;
    // Once, and so that it can still be opened.
    early.maintenance.round(&CancellationToken::new()).await.unwrap();
    assert_eq!(early.resealed().await, 1);
    let list = early.admin("GET", "/environments/default/settings/sms", Value::Null);
    list.await.expect(200);
    for server in [early, server] {
        server.stop().await;
    }
}

/// A request with another key than the server's own.
async fn as_other(server: &TestServer, key: &str, path: &str, body: &Value) -> Answer {
    server.request("POST", path, key, &[], &body.to_string()).await
}

/// Changes an environment as its endpoint does once it has found it.
async fn change(server: &TestServer, environment: EnvironmentId) -> Result<(), ChangeError> {
    let actor = Actor {
        key: None,
        remote_address: None,
    };
    let patch = Patch::new(document::Value::of(&json!({ "name": "Changed" })));
    let administration = &server.services.administration;
    administration
        .update_environment(&actor, environment, &patch, &Expected::Any)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_opened_put_their_environment_out_of_service_and_nothing_else() {
    let server = TestServer::start().await;
    let other = tenants::environment(&server).await;
    let send = json!({ "connection_id": other.phone, "to": number(1) });
    let found = server.services.directory.current();
    let default = found.environment_named("default").unwrap().unwrap().id();
    let ahead = ahead(&server, ServerOptions::default()).await;
    save_sms(&ahead, own_twilio(&json!({}))).await;
    let out_of_service = "a process that cannot open the settings says so";
    until(out_of_service, async || {
        server.send_sms(&number(1)).await.status == 503
    })
    .await;
    let list = async |path: &str| server.admin("GET", path, Value::Null).await;
    for path in [
        "/environments",
        "/environments/default",
        "/environments/default/settings/sms",
    ] {
        list(path).await.expect_problem(503, "service_unavailable");
    }
    // Also a change that had found the environment before.
    let changed = change(&server, default).await.unwrap_err();
    let problem = Problem::from(changed);
    assert_eq!(problem.code(), Code::ServiceUnavailable, "{problem:?}");
    // Everything else goes on, and is followed.
    assert_eq!(server.get("/readyz").await.status, 200);
    list("/environments/other").await.expect(200);
    as_other(&server, &other.key, "/v1/otp/send", &send)
        .await
        .expect(201);
    let keys = format!("{}/keys", other.path);
    let listed = ahead.admin("GET", &keys, Value::Null).await.expect(200);
    let revoked = format!("{keys}/{}", listed["data"][0]["id"].as_str().unwrap());
    let gone = ahead.admin("DELETE", &revoked, Value::Null).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    until("a revoked key is refused", async || {
        as_other(&server, &other.key, "/v1/otp/send", &send).await.status == 401
    })
    .await;
    server.admin("GET", "/keys", Value::Null).await.expect(200);
    for server in [ahead, server] {
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_can_open_no_environment_is_unready_until_it_can_open_one() {
    let server = TestServer::start().await;
    let ahead = ahead(&server, ServerOptions::default()).await;
    let readyz = async |server: &TestServer| server.get("/readyz").await.status;
    assert_eq!(readyz(&server).await, 200);
    save_sms(&ahead, own_twilio(&json!({}))).await;
    until("it is unready", async || readyz(&server).await == 503).await;
    server
        .send_sms(&number(1))
        .await
        .expect_problem(503, "service_unavailable");
    assert_eq!(server.get("/livez").await.status, 200);
    assert_eq!(readyz(&ahead).await, 200);
    // One that it can open will do.
    let other = tenants::environment(&ahead).await;
    until("it is ready again", async || readyz(&server).await == 200).await;
    let send = json!({ "connection_id": other.phone, "to": number(1) });
    as_other(&server, &other.key, "/v1/otp/send", &send)
        .await
        .expect(201);
    for server in [ahead, server] {
        server.stop().await;
    }
}
