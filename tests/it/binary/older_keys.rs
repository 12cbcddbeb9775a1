//! A backup of the keys file put in the place of the one that the database was last written under: the process starts, for another one
//! may have the keys, and no probe takes it for one that serves.

use serde_json::{Value, json};

use super::installation::Installation;
use crate::support::carriers::{number, own_twilio};
use crate::support::wait::until;

const KEYS: &str = "data/keys.toml";

#[tokio::test(flavor = "multi_thread")]
async fn a_process_with_an_older_keys_file_is_never_ready_where_it_can_open_no_environment() {
    let installation = Installation::new();
    let running = installation.start().await;
    let welcome = running.welcome().await;
    running.interrupted().await;
    let older = installation.read(KEYS);
    let rotated = installation.run(&["keys", "rotate", "--in", "0s"]).await;
    assert_eq!(rotated.code, Some(0), "{}", rotated.stderr);
    let newer = installation.read(KEYS);
    let running = installation.start().await;
    let settings = "PUT /admin/v1/environments/default/settings/sms";
    running
        .call(settings, &welcome.admin_key, &own_twilio(&json!({})), &[])
        .await
        .expect(200);
    running.interrupted().await;

    std::fs::write(installation.path(KEYS), older).unwrap();
    let running = installation.start_unready();
    until("it is unready", async || running.readiness().await == Some(503)).await;
    let send = json!({ "connection_id": welcome.phone_connection, "to": number(1) });
    running
        .call("POST /v1/otp/send", &welcome.application_key, &send, &[])
        .await
        .expect_problem(503, "service_unavailable");
    let livez = running.call("GET /livez", "", &Value::Null, &[]).await;
    assert_eq!(livez.status, 200);
    assert_eq!(installation.run(&["healthcheck"]).await.code, Some(1));
    assert_eq!(running.readiness().await, Some(503));
    let said = running.interrupted().await.stderr;
    for sentence in [
        "the keys file lacks generations",
        "its environment is out of service in this process",
        "no environment is in service in this process",
    ] {
        assert!(said.contains(sentence), "{sentence} is not in {said}");
    }

    std::fs::write(installation.path(KEYS), newer).unwrap();
    installation.start().await.interrupted().await;
}
