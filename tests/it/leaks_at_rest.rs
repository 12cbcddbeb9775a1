//! What a dump of the database says of the people that codes were sent to, and of the codes: nothing. Looked at are all rows and the
//! log of what was written, which keeps what rows no longer say.

use std::time::Duration;

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::support::database::Database;
use crate::support::test_server::{TestServer, wrong};

const NUMBER: &str = "+61455512987";
const ADDRESS: &str = "rest.canary@canary.example";
const INVITED: &str = "invited.canary@canary.example";
const END_USER: &str = "198.51.100.177";

/// Sends, guesses, resends, verifies and invites; answers the codes, wrong ones among them.
async fn flow(server: &TestServer) -> Vec<String> {
    let mut codes = Vec::new();
    for (connection, to) in [(&server.phone, NUMBER), (&server.email, ADDRESS)] {
        for is_verified in [true, false] {
            let body = json!({ "connection_id": connection, "to": to, "client_ip": END_USER });
            let sent = server.post("/v1/otp/send", body).await;
            let id = sent.expect(201)["id"].as_str().unwrap().to_owned();
            let code = server.last_code();
            server.verify(&id, &wrong(&code)).await.expect(422);
            server.clock.advance(Duration::from_secs(30));
            server.resend(&id).await.expect(200);
            if is_verified {
                server.verify(&id, &code).await.expect(200);
            }
            codes.extend([wrong(&code), code]);
        }
        let search = json!({ "to": to });
        let found = server
            .admin("POST", "/environments/default/messages/search", search)
            .await;
        assert_eq!(found.expect(200)["data"].as_array().unwrap().len(), 4);
    }
    let invitation = json!({
        "event": "team_member.added", "source": "manual", "to": [INVITED],
    });
    server.post("/v1/notifications", invitation).await.expect(201);
    codes
}

/// Where the server's log of what was written stands; nothing for a file, whose log is read whole.
async fn log_position(database: &Database) -> String {
    if !database.is_postgres() {
        return String::new();
    }
    let mut server = PgConnection::connect(database.url()).await.unwrap();
    let position = sqlx::query_scalar("SELECT pg_current_wal_insert_lsn()::text").fetch_one(&mut server);
    position.await.unwrap()
}

/// All that is at rest, and was since `began`, a piece at a time.
async fn at_rest(database: &Database, began: &str) -> Vec<Vec<u8>> {
    if database.is_postgres() {
        let mut server = PgConnection::connect(database.url()).await.unwrap();
        let mut pieces = rows(&mut server).await;
        pieces.extend(log_segments(&mut server, began).await);
        return pieces;
    }
    let file = database.url().trim_start_matches("sqlite://");
    let log = format!("{file}-wal");
    [file, &log].map(|path| std::fs::read(path).unwrap()).to_vec()
}

async fn rows(server: &mut PgConnection) -> Vec<Vec<u8>> {
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut *server).await.unwrap();
    let mut pieces = Vec::new();
    for table in tables {
        let rows = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
        let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut *server).await.unwrap();
        pieces.extend(rows.into_iter().map(String::into_bytes));
    }
    pieces
}

/// The log, a segment at a time, but for what the server has used anew since. Needs a role that may read the server's files, as a
/// superuser may.
async fn log_segments(server: &mut PgConnection, began: &str) -> Vec<Vec<u8>> {
    let segments = "SELECT pg_read_binary_file('pg_wal/' || name, 0, 16777216, true)
         FROM (
             SELECT DISTINCT pg_walfile_name(at) AS name
             FROM generate_series(0, 20) AS n,
                 LATERAL (SELECT least($1::pg_lsn + n * 16777216::numeric, pg_current_wal_insert_lsn()) AS at) AS places
         ) AS written";
    let read: Vec<Option<Vec<u8>>> = sqlx::query_scalar(segments)
        .bind(began)
        .fetch_all(server)
        .await
        .unwrap();
    let read: Vec<_> = read.into_iter().flatten().collect();
    assert!(!read.is_empty(), "nothing of the log could be read");
    read
}

fn assert_absent(secret: &str, pieces: &[String]) {
    for text in [secret.to_owned(), hex::encode(secret)] {
        let found = pieces.iter().find(|piece| piece.contains(&text));
        let around = found.and_then(|piece| {
            let place = piece.find(&text)?;
            Some(
                piece
                    .chars()
                    .skip(piece[..place].chars().count().saturating_sub(60))
                    .take(160)
                    .collect::<String>(),
            )
        });
        assert_eq!(around, None, "{text} is at rest");
    }
}

#[tokio::test]
async fn a_dump_without_the_keys_names_nobody_and_no_code() {
    let server = TestServer::start().await;
    server.set_policy(json!({ "digits": 10 })).await;
    let database = server.place.database();
    let began = log_position(database).await;
    let codes = flow(&server).await;
    let pieces: Vec<_> = at_rest(database, &began)
        .await
        .iter()
        .map(|piece| String::from_utf8_lossy(piece).into_owned())
        .collect();
    let is_there = |text: &str| pieces.iter().any(|piece| piece.contains(text));
    assert!(is_there("+61•••987"), "the rows were looked at");
    for secret in [&NUMBER[3..], "rest.canary", "invited.canary", END_USER] {
        assert_absent(secret, &pieces);
    }
    assert_eq!(codes.len(), 8);
    for code in codes {
        assert_absent(&code, &pieces);
    }
    server.drain().await;
    server.stop().await;
}
