//! Test messages by settings that are saved or not: who carries them, what is said of a refusal, what is counted and what is
//! kept.

use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::plain_http::Answer;
use crate::support::test_server::TestServer;

mod email;
mod limits;
mod sms;

const SMS: &str = "/environments/default/settings/sms/test";
const EMAIL: &str = "/environments/default/settings/email/test";

/// Tests the saved SMS settings.
async fn test_sms(server: &TestServer, to: &str) -> Answer {
    server.admin("POST", SMS, json!({ "to": to })).await
}

/// Tests the saved email settings.
async fn test_email(server: &TestServer, to: &str) -> Answer {
    server.admin("POST", EMAIL, json!({ "to": to })).await
}

/// What an answer says of a test that was not accepted: its code, what was said, and what to do.
#[track_caller]
fn failure(answer: &Answer) -> (String, String, String) {
    let body = answer.expect(200);
    assert_eq!(body["accepted"], false, "{body}");
    let text = |member: &str| body["error"][member].as_str().unwrap().to_owned();
    (text("code"), text("detail"), text("hint"))
}

/// Everything that the audit log says of one kind of action, oldest first.
async fn audit(server: &TestServer, action: &str) -> Vec<Value> {
    let url = server.place.database().url();
    let statement = "SELECT CAST(changes AS TEXT) FROM audit_entries WHERE action = $1 ORDER BY id";
    let found: Vec<String> = if url.starts_with("postgres") {
        let mut database = sqlx::PgConnection::connect(url).await.unwrap();
        let query = sqlx::query_scalar(statement).bind(action);
        query.fetch_all(&mut database).await.unwrap()
    } else {
        let mut database = sqlx::SqliteConnection::connect(url).await.unwrap();
        let query = sqlx::query_scalar(statement).bind(action);
        query.fetch_all(&mut database).await.unwrap()
    };
    found
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}
