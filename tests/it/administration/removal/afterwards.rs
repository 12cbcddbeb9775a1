//! What a removal means for messages under way, for replicas, and for what an application leaves.

use std::time::Duration;

use serde_json::{Value, json};

use super::{OTHER, application_id, is_removed, remove, send, verify};
use crate::support::carriers::platform;
use crate::support::http_double::{Gate, Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_a_removed_environment_is_never_sent() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let tenant = tenants::environment(&server).await;
    let throttled = Reply::json(429, &json!({})).with_header("retry-after", "40");
    kinde.respond_with(Script::Reply(throttled));
    let body = json!({ "connection_id": tenant.phone, "to": "+61466043123" });
    let sent = send(&server, &tenant, body).await.expect(201);
    assert_eq!(sent["message"]["status"], "queued");
    is_removed(&server, &format!("{OTHER}?force=true")).await;
    server.clock.advance(Duration::from_mins(2));
    assert_eq!(server.drain().await, 0);
    assert_eq!(kinde.requests(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_while_its_environment_is_removed_harms_nobody() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).set("send.wait_seconds", "0.1").start().await;
    let tenant = tenants::environment(&server).await;
    let gate = Gate::default();
    kinde.respond_with(Script::Hold(gate.clone()));
    let body = json!({ "connection_id": tenant.phone, "to": "+61466043123" });
    let sent = send(&server, &tenant, body).await.expect(201);
    assert_eq!(sent["message"]["status"], "queued");
    until("the provider is asked", async || kinde.requests() == 1).await;
    is_removed(&server, &format!("{OTHER}?force=true")).await;
    gate.open();
    // What the provider has it has; that nobody keeps a record of it any more is all that happens.
    server.send_sms("+61466043124").await.expect(201);
    assert_eq!(server.messages().await.len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_environments_key_dies_on_a_replica_by_itself() {
    let server = TestServer::start().await;
    let tenant = tenants::environment(&server).await;
    let replica = server.replica(ServerOptions::default()).await;
    let ask = async || {
        let answer = replica
            .request("GET", "/v1/connections", &tenant.key, &[], "")
            .await;
        answer.status
    };
    assert_eq!(ask().await, 200);
    is_removed(&server, OTHER).await;
    until("it is refused", async || ask().await == 401).await;
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_applications_keys_die_and_its_messages_stay() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let tenant = tenants::environment(&server).await;
    let body = json!({ "connection_id": tenant.phone, "to": "+61466043123" });
    let accepted = send(&server, &tenant, body.clone()).await.expect(201);
    // So that there is a newest one.
    server.clock.advance(Duration::from_millis(2));
    let throttled = Reply::json(429, &json!({})).with_header("retry-after", "40");
    kinde.respond_with(Script::Reply(throttled));
    let queued = send(&server, &tenant, body).await.expect(201);
    assert_eq!(queued["message"]["status"], "queued");
    is_removed(&server, &tenant.path).await;
    let id = accepted["id"].as_str().unwrap();
    let dead = verify(&server, &tenant, id, "000000").await;
    dead.expect_problem(401, "unauthorized");
    remove(&server, &tenant.path)
        .await
        .expect_problem(404, "not_found");
    server.clock.advance(Duration::from_mins(1));
    server.drain().await;
    assert_eq!(kinde.requests(), 2, "what waited is not sent any more");
    let list = format!("{OTHER}/messages");
    let page = server.admin("GET", &list, Value::Null).await.expect(200);
    let statuses: Vec<&str> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["expired", "accepted"]);
    assert_eq!(page["data"][0]["application_id"], application_id(&tenant));
    // Its verifications are over, so nothing of them stands in the environment's way.
    is_removed(&server, OTHER).await;
    server.stop().await;
}
