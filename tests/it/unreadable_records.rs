//! Records of the directory that another release has written: each takes its environment out of service in the process that cannot
//! read it, and nothing else.

use otpost::domain::id::EnvironmentId;
use otpost::store::directory::StoredRecord;
use serde_json::{Value, json};

use crate::support::plain_http::Answer;
use crate::support::tenants::{self, Tenant};
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::wait::until;

/// Writes a record of an environment, as another release would.
async fn write(server: &TestServer, environment: EnvironmentId, kind: &str, document: &str) {
    let database = server.place.database();
    let id = if database.is_postgres() {
        format!("'{}'", environment.0)
    } else {
        format!("x'{}'", environment.0.simple())
    };
    let cast = if database.is_postgres() { "::jsonb" } else { "" };
    // The revision is raised last: whoever sees it sees the record too.
    for statement in [
        format!(
            "INSERT INTO records (kind, id, environment_id, document, revision, written_at)
             SELECT '{kind}', r.id, r.id, '{document}'{cast}, i.revision + 1, r.written_at
             FROM installation i, records r WHERE r.kind = 'environment' AND r.id = {id}
             ON CONFLICT (kind, id) DO UPDATE SET document = excluded.document, revision = excluded.revision"
        ),
        "UPDATE installation SET revision = revision + 1".to_owned(),
    ] {
        database.run(statement).await.unwrap();
    }
    server.services.directory.refresh().await.unwrap();
}

/// The environment `other`, and its own document as it lies in the database.
async fn other(server: &TestServer) -> (EnvironmentId, String) {
    let id = server.services.directory.current().id_of("other").unwrap();
    let records = server.place.database().load(0).await.unwrap().records;
    let is_its_own = |record: &StoredRecord| record.kind == "environment" && record.id == id.0;
    let found = records.into_iter().find(is_its_own);
    (id, found.unwrap().document.unwrap())
}

async fn send(server: &TestServer, tenant: &Tenant) -> Answer {
    let body = json!({ "connection_id": tenant.phone, "to": "+61466043123" }).to_string();
    server
        .request("POST", "/v1/otp/send", &tenant.key, &[], &body)
        .await
}

/// The environment `other` is answered for with `503`, and all else goes on.
async fn other_alone_is_out_of_service(server: &TestServer, tenant: &Tenant) {
    send(server, tenant)
        .await
        .expect_problem(503, "service_unavailable");
    for (path, status) in [
        ("/environments/other", 503),
        ("/environments", 503),
        ("/environments/default", 200),
        ("/environments/nowhere", 404),
        ("/keys", 200),
    ] {
        let answer = server.admin("GET", path, Value::Null).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    server.send_sms("+61466043124").await.expect(201);
    server
        .admin("PATCH", "/environments/default", json!({ "name": "Still here" }))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_unreadable_record_takes_its_environment_out_of_service_and_a_readable_one_brings_it_back() {
    let server = TestServer::start().await;
    let tenant = tenants::environment(&server).await;
    let (id, environment) = other(&server).await;
    let with_a_pigeon = environment.replacen("https://", "pigeon://", 1);
    for (kind, unreadable, readable) in [
        ("sms", r#"{"provider":"pigeon"}"#, "{}"),
        ("otp", r#"{"digits":99}"#, "{}"),
        ("mfa", r#"{"sms":"sometimes"}"#, "{}"),
        ("content", r#"{"tlh":{"sign_in":{}}}"#, "{}"),
        ("environment", with_a_pigeon.as_str(), environment.as_str()),
    ] {
        write(&server, id, kind, unreadable).await;
        other_alone_is_out_of_service(&server, &tenant).await;
        write(&server, id, kind, readable).await;
        send(&server, &tenant).await.expect(201);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_nobody_can_be_seen_to_have_may_be_that_of_an_unreadable_environment() {
    let server = TestServer::start().await;
    let tenant = tenants::environment(&server).await;
    let (id, _) = other(&server).await;
    write(&server, id, "environment", "[]").await;
    send(&server, &tenant)
        .await
        .expect_problem(503, "service_unavailable");
    // One that has read the environment before knows its code.
    let next = server.replica(ServerOptions::default()).await;
    for (server, nowhere) in [(&server, 404), (&next, 503)] {
        for (path, status) in [
            ("/environments/other", 503),
            ("/environments/nowhere", nowhere),
            ("/environments/default", 200),
        ] {
            let answer = server.admin("GET", path, Value::Null).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.body);
        }
        server.send_sms("+61466043123").await.expect(201);
    }
    next.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_of_a_newer_release_does_so_too_and_the_next_start_works_on() {
    let server = TestServer::start().await;
    let tenant = tenants::environment(&server).await;
    let (id, _) = other(&server).await;
    write(&server, id, "carrier_pigeons", "{}").await;
    other_alone_is_out_of_service(&server, &tenant).await;
    let next = server.replica(ServerOptions::default()).await;
    other_alone_is_out_of_service(&next, &tenant).await;
    // A key that is revoked where it can be read is good nowhere.
    let path = format!("{}/keys", server.application_path());
    let made = server
        .admin("POST", &path, json!({ "name": "short-lived" }))
        .await
        .expect(201);
    let key = made["key"].as_str().unwrap().to_owned();
    let ask = async || {
        let answer = next.request("GET", "/v1/connections", &key, &[], "").await;
        answer.status
    };
    until("the key opens", async || ask().await == 200).await;
    let path = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(server.admin("DELETE", &path, Value::Null).await.status, 204);
    until("the key is refused", async || ask().await == 401).await;
    next.stop().await;
    server.stop().await;
}
