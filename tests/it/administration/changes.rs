//! When a change is in force, and what becomes of two at once.

use serde_json::{Value, json};

use super::{email, sms};
use crate::support::carriers::number;
use crate::support::plain_http::Answer;
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::wait::until;

const OTP: &str = "/environments/default/settings/otp";

async fn change(server: &TestServer, method: &str, path: &str, if_match: &str, body: &Value) -> Answer {
    let header = format!("if-match: {if_match}");
    let path = format!("/admin/v1{path}");
    server
        .request(method, &path, &server.admin_key, &[&header], &body.to_string())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_lands_only_on_what_was_read() {
    let server = TestServer::start().await;
    let application = server.application_path();
    for (method, path, body) in [
        ("PATCH", "/environments/default", json!({ "name": "A" })),
        ("PATCH", application.as_str(), json!({ "name": "A" })),
        ("PUT", sms::PATH, json!({ "fallback": true })),
        ("PUT", email::PATH, json!({ "sender_name": "A" })),
        ("PATCH", OTP, json!({ "digits": 7 })),
        (
            "PUT",
            "/environments/default/settings/mfa",
            json!({ "sms": false }),
        ),
    ] {
        let read = server.admin("GET", path, Value::Null).await;
        let tag = read.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
        let changed = change(&server, method, path, &tag, &body).await;
        changed.expect(200);
        let next = changed.header("etag").to_owned();
        assert_ne!(next, tag);
        assert_eq!(server.admin("GET", path, Value::Null).await.header("etag"), next);
        for stale in [
            tag.as_str(),
            "\"other\"",
            &format!("W/{next}"),
            next.trim_matches('"'),
        ] {
            let answer = change(&server, method, path, stale, &body).await;
            answer.expect_problem(412, "precondition_failed");
        }
        let either = format!("\"other\", {next}");
        change(&server, method, path, &either, &body).await.expect(200);
        change(&server, method, path, "*", &body).await.expect(200);
        server.admin(method, path, body).await.expect(200);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_changes_of_one_version_one_is_made() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let tag = server
        .admin("GET", sms::PATH, Value::Null)
        .await
        .header("etag")
        .to_owned();
    let (body, tag) = (json!({ "fallback": true }), tag.as_str());
    let answers = futures_util::future::join_all((0..10).map(|n| {
        let server = if n % 2 == 0 { &server } else { &replica };
        change(server, "PUT", sms::PATH, tag, &body)
    }))
    .await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(made, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.expect_problem(412, "precondition_failed");
    }
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_patches_of_different_fields_are_all_made() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let application = server.application_path();
    for (path, patches) in [
        (
            OTP,
            vec![
                json!({ "digits": 7 }),
                json!({ "max_guesses": 4 }),
                json!({ "max_sends": 4 }),
                json!({ "sends_per_day": 19 }),
            ],
        ),
        (
            "/environments/default",
            vec![
                json!({ "name": "New" }),
                json!({ "business_name": "New" }),
                json!({ "default_country": "nz" }),
                json!({ "default_locale": "fr" }),
            ],
        ),
        (
            application.as_str(),
            vec![
                json!({ "name": "New" }),
                json!({ "autofill_domain": "new.example" }),
            ],
        ),
    ] {
        let answers = futures_util::future::join_all(patches.iter().enumerate().map(|(n, patch)| {
            let server = if n % 2 == 0 { &server } else { &replica };
            server.admin("PATCH", path, patch.clone())
        }))
        .await;
        let now = server.admin("GET", path, Value::Null).await.expect(200);
        for (patch, answer) in patches.iter().zip(&answers) {
            answer.expect(200);
            for (member, value) in patch.as_object().unwrap() {
                assert_eq!(&now[member], value);
            }
        }
    }
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_through_one_replica_is_read_and_changed_through_another_at_once() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    for (n, name) in ["A", "B", "C", "D"].into_iter().enumerate() {
        let (here, there) = if n % 2 == 0 {
            (&server, &replica)
        } else {
            (&replica, &server)
        };
        let settings = json!({ "sender_name": name });
        let made = here.admin("PUT", email::PATH, settings).await;
        made.expect(200);
        let read = there.admin("GET", email::PATH, Value::Null).await;
        assert_eq!(
            (read.body.as_str(), read.header("etag")),
            (made.body.as_str(), made.header("etag"))
        );
        let tag = made.header("etag");
        let settings = json!({ "sender_name": "E" });
        change(there, "PUT", email::PATH, tag, &settings)
            .await
            .expect(200);
    }
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_in_force_here_at_once_and_on_a_replica_by_itself() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    server.set_policy(json!({ "digits": 8 })).await;
    server.set_environment(json!({ "default_country": "au" })).await;
    server.sent_code("0466043123").await;
    assert_eq!(server.last_code().len(), 8);
    // Another recipient each time, for each has its limits.
    let mut numbers = (0..).map(|index| number(index).replacen("+61", "0", 1));
    until("it is in force", async || {
        let number = numbers.next().unwrap();
        replica.send_sms(&number).await.status == 201 && replica.last_code().len() == 8
    })
    .await;
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_put_back_to_an_earlier_time_is_read_anew() {
    let server = TestServer::start().await;
    let database = server.place.database();
    server.set_environment(json!({ "name": "Later" })).await;
    let read = async || {
        server
            .admin("GET", "/environments/default", Value::Null)
            .await
            .expect(200)
    };
    let later = read().await;
    assert_eq!(later["name"], "Later");
    let quote = if database.is_postgres() {
        "jsonb_set(document, '{name}', '\"Earlier\"')"
    } else {
        "json_set(document, '$.name', 'Earlier')"
    };
    for statement in [
        format!("UPDATE records SET document = {quote}, revision = 1 WHERE kind = 'environment'"),
        "UPDATE installation SET revision = 1".to_owned(),
    ] {
        database.run(statement).await.unwrap();
    }
    assert_eq!(read().await["name"], "Earlier");
    server.stop().await;
}
