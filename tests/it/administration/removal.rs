//! Environments and applications that are removed: what stands in the way, what goes, and what is never sent afterwards.

use std::time::Duration;

use futures_util::future::join;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::carriers::platform;
use crate::support::kinde_double::KindeDouble;
use crate::support::plain_http::Answer;
use crate::support::tables::Tables;
use crate::support::tenants::{self, Tenant};
use crate::support::test_server::{ServerOptions, TestServer, wrong};

mod afterwards;

const OTHER: &str = "/environments/other";

/// Tables whose rows belong to an environment or an application. What is new here must be
/// cleared away by `Maintenance::clear_removed`, and filled by `lived_in` below.
const CLEARED: [&str; 5] = [
    "messages",
    "monthly_counters",
    "notifications",
    "test_message_windows",
    "verifications",
];

async fn remove(server: &TestServer, path: &str) -> Answer {
    server.admin("DELETE", path, Value::Null).await
}

async fn is_removed(server: &TestServer, path: &str) {
    let answer = remove(server, path).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (204, ""),
        "{}",
        answer.body
    );
}

async fn send(server: &TestServer, tenant: &Tenant, body: Value) -> Answer {
    let headers = ["idempotency-key: once"];
    server
        .request(
            "POST",
            "/v1/otp/send",
            &tenant.key,
            &headers[..usize::from(body["client_ip"].is_string())],
            &body.to_string(),
        )
        .await
}

async fn verify(server: &TestServer, tenant: &Tenant, id: &str, code: &str) -> Answer {
    let body = json!({ "verification_id": id, "code": code }).to_string();
    server
        .request("POST", "/v1/otp/verify", &tenant.key, &[], &body)
        .await
}

/// The environment `other` with a row of its own in every table; answers its id, its application and a pending verification
/// with its code.
async fn lived_in(server: &TestServer, kinde: &KindeDouble) -> (String, Tenant, String, String) {
    let tenant = tenants::environment(server).await;
    tenants::switch(server, "PUT", &tenant.path, &tenant.email).await;
    let environment = server.admin("GET", OTHER, Value::Null).await.expect(200);
    let mail = json!({ "connection_id": tenant.email, "to": "jane@example.com", "client_ip": "192.0.2.1" });
    send(server, &tenant, mail).await.expect(201);
    let text = json!({ "connection_id": tenant.phone, "to": "+61466043123" });
    let sent = send(server, &tenant, text).await.expect(201);
    let (id, code) = (
        sent["id"].as_str().unwrap().to_owned(),
        crate::support::test_server::code_in(&kinde.messages().last().unwrap().body),
    );
    let guess = verify(server, &tenant, &id, &wrong(&code)).await;
    guess.expect_problem(422, "incorrect_code");
    let warning =
        json!({ "event": "data_export.requested", "source": "manual", "to": ["owner@example.com"] });
    server
        .request(
            "POST",
            "/v1/notifications",
            &tenant.key,
            &[],
            &warning.to_string(),
        )
        .await
        .expect(201);
    let path = format!("{OTHER}/settings/email/test");
    let to = json!({ "to": "ops@example.com" });
    server.admin("POST", &path, to).await.expect(200);
    let sms = json!({ "provider": "twilio", "twilio": { "account_sid": format!("AC{}", "0".repeat(32)),
        "auth_token": "token-of-the-other", "source": "phone_number", "phone_number": "+15005550006" } });
    let path = format!("{OTHER}/settings/sms");
    server.admin("PUT", &path, sms).await.expect(200);
    (environment["id"].as_str().unwrap().to_owned(), tenant, id, code)
}

/// The tables that have rows of it, by environment and by application.
async fn holding(server: &TestServer, environment: &str, application: &str) -> Vec<String> {
    let mut tables = Tables::of(server.place.database()).await;
    let by_environment = tables.holding("environment_id", environment).await;
    let by_application = tables.holding("application_id", application).await;
    let mut all: Vec<_> = by_environment
        .into_keys()
        .chain(by_application.into_keys())
        .collect();
    all.sort();
    all.dedup();
    all
}

fn application_id(tenant: &Tenant) -> &str {
    tenant.path.rsplit('/').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_removed_environment_is_left() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    let kept = server.send_sms("+61466043199").await.expect(201);
    let (environment, tenant, id, code) = lived_in(&server, &kinde).await;
    let application = application_id(&tenant).to_owned();
    let mut every = CLEARED.to_vec();
    every.extend(["audit_entries", "records"]);
    every.sort_unstable();
    assert_eq!(holding(&server, &environment, &application).await, every);

    let answer = remove(&server, OTHER).await;
    let problem = answer.expect_problem(409, "conflict");
    assert!(
        problem["detail"].as_str().unwrap().contains("force=true"),
        "{problem}"
    );
    assert_eq!(holding(&server, &environment, &application).await, every);
    is_removed(&server, &format!("{OTHER}?force=true")).await;

    assert_eq!(
        holding(&server, &environment, &application).await,
        ["audit_entries", "records"],
        "a table that is new belongs into CLEARED"
    );
    for path in [
        OTHER.to_owned(),
        format!("/environments/{environment}"),
        tenant.path.clone(),
    ] {
        server
            .admin("GET", &path, Value::Null)
            .await
            .expect_problem(404, "not_found");
    }
    let dead = verify(&server, &tenant, &id, &code).await;
    dead.expect_problem(401, "unauthorized");
    // Of its records nothing is left but that they were removed.
    let records = server.place.database().load(0).await.unwrap().records;
    assert!(
        records
            .iter()
            .all(|record| record.environment_id.map(|id| id.to_string()) != Some(environment.clone())),
        "{records:?}"
    );
    remove(&server, OTHER).await.expect_problem(404, "not_found");
    let messages = server.messages().await;
    assert_eq!(messages.len(), 1, "the other environment is as it was");
    assert_eq!(messages[0]["id"], kept["message"]["id"]);
    // The code is free for another one, which has nothing of the first.
    tenants::environment(&server).await;
    let empty = server
        .admin("GET", &format!("{OTHER}/messages"), Value::Null)
        .await;
    assert_eq!(empty.expect(200)["data"], json!([]));
    ends_with_its_time(&server).await;
    server.stop().await;
}

/// What cannot be told from that of others goes when its time is over: times at which something was due, and counters.
async fn ends_with_its_time(server: &TestServer) {
    let mut tables = Tables::of(server.place.database()).await;
    server.clock.advance(Duration::from_hours(25));
    server.drain().await;
    while server.maintenance.round(&CancellationToken::new()).await.unwrap() > 0 {}
    for table in ["outbox", "expiries", "limit_counters"] {
        assert_eq!(tables.count(table, "1 = 1").await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_of_an_environment_is_known_to_its_removal() {
    let server = TestServer::start().await;
    let mut tables = Tables::of(server.place.database()).await;
    let mut found = tables.with("environment_id").await;
    found.extend(tables.with("application_id").await);
    found.retain(|table| !["audit_entries", "records"].contains(&table.as_str()));
    found.sort();
    found.dedup();
    assert_eq!(found, CLEARED);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_pending_any_more_stands_in_nobodys_way() {
    let server = TestServer::start().await;
    let refused_while_pending = async || remove(&server, OTHER).await.expect_problem(409, "conflict");
    for end in ["verified", "canceled", "expired", "locked"] {
        let tenant = tenants::environment(&server).await;
        let body = json!({ "connection_id": tenant.phone, "to": "+61466043123" });
        let sent = send(&server, &tenant, body).await.expect(201);
        let (id, code) = (sent["id"].as_str().unwrap(), server.last_code());
        refused_while_pending().await;
        match end {
            "verified" => verify(&server, &tenant, id, &code).await.expect(200),
            "canceled" => {
                let body = json!({ "verification_id": id }).to_string();
                let cancel = server.request("POST", "/v1/otp/cancel", &tenant.key, &[], &body);
                cancel.await.expect(200)
            }
            "expired" => {
                server.clock.advance(Duration::from_mins(10));
                Value::Null
            }
            _ => {
                for _ in 0..4 {
                    verify(&server, &tenant, id, &wrong(&code)).await.expect(422);
                    refused_while_pending().await;
                }
                verify(&server, &tenant, id, &wrong(&code)).await.expect(422)
            }
        };
        is_removed(&server, OTHER).await;
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_environment_stays_whatever_is_asked() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    for path in ["/environments/default", "/environments/default?force=true"] {
        remove(&server, path).await.expect_problem(409, "conflict");
    }
    for _ in 0..4 {
        let page = server
            .admin("GET", "/environments", Value::Null)
            .await
            .expect(200);
        let code = page["data"][0]["code"].as_str().unwrap().to_owned();
        let second = if code == "second" { "first" } else { "second" };
        let new = json!({ "code": second, "name": "B", "business_name": "B", "business_url": "https://b.example.com" });
        server.admin("POST", "/environments", new).await.expect(201);
        let [one, two] = [&code, second].map(|code| format!("/environments/{code}?force=true"));
        let answers = join(remove(&server, &one), remove(&replica, &two)).await;
        let removed = [&answers.0, &answers.1]
            .iter()
            .filter(|a| a.status == 204)
            .count();
        assert_eq!(removed, 1, "{} {}", answers.0.body, answers.1.body);
        let refused = if answers.0.status == 204 {
            &answers.1
        } else {
            &answers.0
        };
        refused.expect_problem(409, "conflict");
        let page = server
            .admin("GET", "/environments", Value::Null)
            .await
            .expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), 1);
    }
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_lands_only_on_what_was_read_and_as_it_is_documented() {
    let server = TestServer::start().await;
    let tenant = tenants::environment(&server).await;
    for path in [&tenant.path, OTHER] {
        let read = server.admin("GET", path, Value::Null).await;
        let tag = read.header("etag").to_owned();
        server
            .admin("PATCH", path, json!({ "name": "Changed" }))
            .await
            .expect(200);
        let path = format!("/admin/v1{path}");
        let ask = async |if_match: &str| {
            let header = format!("if-match: {if_match}");
            server
                .request("DELETE", &path, &server.admin_key, &[&header], "")
                .await
        };
        ask(&tag).await.expect_problem(412, "precondition_failed");
        let read = server.request("GET", &path, &server.admin_key, &[], "").await;
        assert_eq!(ask(read.header("etag")).await.status, 204);
    }
    tenants::environment(&server).await;
    for query in ["force=maybe", "force=1", "forced=true", "force=true&force=true"] {
        let answer = remove(&server, &format!("{OTHER}?{query}")).await;
        answer.expect_problem(400, "invalid_request");
    }
    let body = server.admin("DELETE", OTHER, json!({ "force": true })).await;
    body.expect_problem(400, "invalid_request");
    server.admin("GET", OTHER, Value::Null).await.expect(200);
    is_removed(&server, &format!("{OTHER}?force=false")).await;
    server.stop().await;
}
