//! A database that goes away: requests are told to come again, the process lives, nothing is sent twice, and all recovers
//! by itself. Cutting a server off needs one (`OTPOST_TEST_POSTGRES_URL`); locking the file needs SQLite.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use url::Url;

use crate::support::carriers::{message_id, message_when, number, platform};
use crate::support::database_proxy;
use crate::support::http_double::{Gate, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::plain_http::Answer;
use crate::support::tcp_proxy::TcpProxy;
use crate::support::test_server::TestServer;
use crate::support::wait::until;

/// A server that reaches its Postgres through a proxy; `None` on SQLite.
async fn behind_a_proxy(kinde: &KindeDouble) -> Option<(TestServer, TcpProxy, TestServer)> {
    let beside = platform(kinde)
        .set("platform.sms.monthly_test_quota", 1_000)
        .start()
        .await;
    let (proxy, url) = database_proxy::before(&beside).await?;
    let options = platform(kinde)
        .set("platform.sms.monthly_test_quota", 1_000)
        .set("database.url", url);
    let server = beside.replica(options).await;
    Some((server, proxy, beside))
}

fn is_told_to_come_again(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.json()["code"], "service_unavailable");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!(wait <= 1, "{wait}");
}

async fn recovers(server: &TestServer) {
    until("it is ready again", async || {
        server.get("/readyz").await.status == 200
    })
    .await;
    until("it sends again", async || {
        server.send_sms(&number(99)).await.status == 201
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_cut_off_is_told_and_comes_back_without_a_restart() {
    let kinde = KindeDouble::start().await;
    let Some((server, proxy, _beside)) = behind_a_proxy(&kinde).await else {
        return;
    };
    assert_eq!(server.send_sms(&number(1)).await.status, 201);
    proxy.cut();
    is_told_to_come_again(&server.send_sms(&number(2)).await);
    assert_eq!(server.get("/livez").await.status, 200);
    until("it is unready", async || {
        server.get("/readyz").await.status == 503
    })
    .await;
    assert_eq!(kinde.requests(), 1);
    proxy.open();
    recovers(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_swallows_everything_leaves_the_process_alive_and_unready() {
    let kinde = KindeDouble::start().await;
    let Some((server, proxy, _beside)) = behind_a_proxy(&kinde).await else {
        return;
    };
    assert_eq!(server.get("/readyz").await.status, 200);
    proxy.black_hole();
    until("it is unready", async || {
        server.get("/readyz").await.status == 503
    })
    .await;
    assert_eq!(server.get("/livez").await.status, 200);
    proxy.open();
    recovers(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_is_held_until_the_database_is_back_and_the_message_is_not_sent_again() {
    let kinde = KindeDouble::start().await;
    let Some((server, proxy, beside)) = behind_a_proxy(&kinde).await else {
        return;
    };
    beside.stop().await;
    let gate = Gate::default();
    kinde.respond_with(Script::Hold(gate.clone()));
    let body = json!({ "connection_id": server.phone, "to": number(1) }).to_string();
    let prefer = ["prefer: respond-async"];
    let answer = server
        .request("POST", "/v1/otp/send", &server.application_key, &prefer, &body)
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    until("the provider is asked", async || kinde.requests() == 1).await;
    proxy.cut();
    until("it is unready", async || {
        server.get("/readyz").await.status == 503
    })
    .await;
    assert!(
        server.services.dispatcher.send_due().await.is_err(),
        "it is asked"
    );
    // The provider has answered, the lease has run out, and nobody could be told.
    gate.open();
    until(
        "an outcome is held, so that the outbox is not asked",
        async || server.services.dispatcher.send_due().await.is_ok(),
    )
    .await;
    server.clock.advance(Duration::from_secs(20));
    proxy.open();
    let message = message_when(&server, &message_id(&answer), "accepted").await;
    assert_eq!(message["provider_message_id"], "platform-1");
    assert_eq!(kinde.requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_clock_is_off_sends_nothing() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let url = server.place.database().url().to_owned();
    if !url.starts_with("postgres") {
        return;
    }
    // Whoever looks there first finds a clock that is three seconds ahead.
    let mut database = sqlx::PgConnection::connect(&url).await.unwrap();
    let statement = "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
             AS 'SELECT pg_catalog.clock_timestamp() + interval ''3 seconds'''";
    database.execute(statement).await.unwrap();
    let mut url = Url::parse(&url).unwrap();
    url.query_pairs_mut()
        .append_pair("options[search_path]", "public,pg_catalog");
    let off = server.replica(platform(&kinde).set("database.url", url)).await;
    until("it is unready", async || off.get("/readyz").await.status == 503).await;
    until("it refuses to send", async || {
        off.send_sms(&number(1)).await.status == 503
    })
    .await;
    let sent_before = kinde.requests();
    // A message that waits is left to the node whose clock is right.
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(off.drain().await, 0);
    assert_eq!(kinde.requests(), sent_before);
    assert_eq!(server.send_sms(&number(2)).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_process_keeps_locked_is_told_and_comes_back() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let url = server.place.database().url().to_owned();
    if !url.starts_with("sqlite") {
        return;
    }
    let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    is_told_to_come_again(&server.send_sms(&number(1)).await);
    assert_eq!(server.get("/livez").await.status, 200);
    assert_eq!(kinde.requests(), 0);
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(server.send_sms(&number(1)).await.status, 201);
    let made = server
        .admin("GET", "/environments/default/messages", Value::Null)
        .await;
    assert_eq!(
        made.json()["data"].as_array().unwrap().len(),
        1,
        "nothing is left of the refused one"
    );
    server.stop().await;
}
