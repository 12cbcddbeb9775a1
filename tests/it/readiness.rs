//! What makes a process unready though its database answers: no write succeeds, or the directory cannot be read any more.

use std::time::Duration;

use otpost::domain::id::VerificationId;
use otpost::domain::random::OsRandom;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tokio::time::{Instant, sleep};
use url::Url;

use crate::support::carriers::number;
use crate::support::test_server::TestServer;

/// Waits until `GET /readyz` answers `status`, however long the machine takes. Before each look it sends a code, and guesses at a
/// verification that is not there, for which nothing is written.
async fn until_readyz(server: &TestServer, status: u16) {
    let began = Instant::now();
    let nowhere = VerificationId::unguessable(&OsRandom).to_string();
    let mut index = 0;
    loop {
        server.send_sms(&number(index)).await;
        server.verify(&nowhere, "123456").await;
        if server.get("/readyz").await.status == status {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "readyz never says {status}"
        );
        index += 1;
        sleep(Duration::from_millis(100)).await;
    }
}

/// Lets the database of `server` only read, or write again. Its connections end, for it is a property of new ones.
async fn let_it_only_read(server: &TestServer, only_read: bool) {
    let mut url = Url::parse(server.place.database().url()).unwrap();
    let name = url.path().trim_start_matches('/').to_owned();
    url.query_pairs_mut()
        .append_pair("options[default_transaction_read_only]", "off");
    let mut beside = sqlx::PgConnection::connect(url.as_str()).await.unwrap();
    let alter = format!("ALTER DATABASE {name} SET default_transaction_read_only = {only_read}");
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    beside.execute(AssertSqlSafe(alter)).await.unwrap();
    beside.execute(end).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_answers_and_takes_no_writes_makes_it_unready_until_a_write_succeeds() {
    let server = TestServer::start().await;
    if !server.place.database().is_postgres() {
        // Of a file that is full the writer's own tests tell.
        return;
    }
    let (id, _) = server.sent_code(&number(1)).await;
    assert_eq!(server.get("/readyz").await.status, 200);
    let_it_only_read(&server, true).await;
    until_readyz(&server, 503).await;
    assert_eq!(server.get("/livez").await.status, 200);
    assert_eq!(server.read(&id).await["status"], "pending");
    assert_eq!(server.send_sms(&number(2)).await.status, 503);
    let_it_only_read(&server, false).await;
    until_readyz(&server, 200).await;
    server.stop().await;
}

/// Refuses new rows as a full disk does: what finds room in the pages there are goes on.
const FILL: [&str; 3] = [
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
     AS $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$",
    "CREATE TRIGGER full_disk BEFORE INSERT ON messages EXECUTE FUNCTION refuse()",
    "CREATE TRIGGER full_disk BEFORE INSERT ON write_probes EXECUTE FUNCTION refuse()",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_makes_it_unready_though_what_needs_no_room_goes_on() {
    let server = TestServer::start().await;
    let database = server.place.database();
    if !database.is_postgres() {
        // The program itself is held against a file system that refuses.
        return;
    }
    let (id, code) = server.sent_code(&number(1)).await;
    for statement in FILL {
        database.run(statement.to_owned()).await.unwrap();
    }
    until_readyz(&server, 503).await;
    server
        .send_sms(&number(2))
        .await
        .expect_problem(503, "service_unavailable");
    server.verify(&id, &code).await.expect(200);
    for table in ["messages", "write_probes"] {
        let statement = format!("DROP TRIGGER full_disk ON {table}");
        database.run(statement).await.unwrap();
    }
    until_readyz(&server, 200).await;
    server.send_sms(&number(2)).await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_read_any_more_makes_it_unready_until_it_can() {
    let server = TestServer::start().await;
    let database = server.place.database();
    assert_eq!(server.get("/readyz").await.status, 200);
    for statement in [
        "ALTER TABLE records RENAME TO hidden",
        "UPDATE installation SET revision = revision + 1",
    ] {
        database.run(statement.to_owned()).await.unwrap();
    }
    until_readyz(&server, 503).await;
    assert_eq!(server.get("/livez").await.status, 200);
    database
        .run("ALTER TABLE hidden RENAME TO records".to_owned())
        .await
        .unwrap();
    until_readyz(&server, 200).await;
    server.set_environment(json!({ "name": "Changed" })).await;
    server.stop().await;
}
