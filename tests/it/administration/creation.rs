//! Environments and applications that are made: what comes with them, and what cannot be taken.

use std::time::Duration;

use futures_util::future::join_all;
use otpost::domain::time::Clock as _;
use serde_json::{Value, json};

use crate::support::plain_http::Answer;
use crate::support::test_server::{ServerOptions, TestServer};

fn staging() -> Value {
    json!({
        "code": "staging", "name": " Staging ", "business_name": "Acme",
        "business_url": "https://staging.acme.example.com",
    })
}

async fn get(server: &TestServer, path: &str) -> Value {
    server.admin("GET", path, Value::Null).await.expect(200)
}

/// A resource that was made is where `Location` says, as it was answered.
async fn is_read_back(server: &TestServer, made: &Answer) -> String {
    let body = made.expect(201);
    let location = made.header("location").to_owned();
    let path = location.strip_prefix("/admin/v1").unwrap();
    let read = server.admin("GET", path, Value::Null).await;
    assert_eq!(read.expect(200), body);
    assert_eq!(read.header("etag"), made.header("etag"));
    assert!(!made.header("etag").is_empty());
    path.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_comes_with_its_connections_and_default_settings() {
    let server = TestServer::start().await;
    // So that there is an oldest one.
    server.clock.advance(Duration::from_millis(2));
    let made = server.admin("POST", "/environments", staging()).await;
    let path = is_read_back(&server, &made).await;
    let body = made.json();
    let now = server.clock.now().to_string();
    let expected = json!({
        "id": body["id"], "code": "staging", "name": "Staging", "business_name": "Acme",
        "business_url": "https://staging.acme.example.com", "default_country": null, "default_locale": "en",
        "created_at": now, "updated_at": now,
    });
    assert_eq!(body, expected);
    assert_eq!(path, format!("/environments/{}", body["id"].as_str().unwrap()));
    assert_eq!(get(&server, "/environments/staging").await, body);
    let listed = get(&server, "/environments").await;
    assert_eq!(listed["data"][1], body, "oldest first");
    let connections = get(&server, "/environments/staging/connections").await;
    let strategies = ["phone:otp", "email:otp"];
    for (index, (strategy, others)) in strategies.iter().zip([&server.phone, &server.email]).enumerate() {
        let connection = &connections["data"][index];
        let id = connection["id"].as_str().unwrap();
        assert_eq!(connection["strategy"], *strategy);
        assert!(id.starts_with("conn_") && id.len() == 37 && id != others, "{id}");
    }
    for settings in ["sms", "email", "mfa", "otp"] {
        let of = async |code: &str| get(&server, &format!("/environments/{code}/settings/{settings}")).await;
        assert_eq!(of("staging").await, of("default").await, "{settings}");
    }
    for list in ["applications", "messages"] {
        let empty = get(&server, &format!("/environments/staging/{list}")).await;
        assert_eq!(empty, json!({ "data": [], "next_cursor": null }));
    }
    let all = json!({
        "code": "full", "name": "Full", "business_name": "Acme", "business_url": "https://acme.example.com",
        "default_country": "NZ", "default_locale": "pt-br",
    });
    let full = server.admin("POST", "/environments", all).await.expect(201);
    assert_eq!(
        (&full["default_country"], &full["default_locale"]),
        (&json!("nz"), &json!("pt-BR"))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_of_an_environment_cannot_be_taken_is_told_at_once_and_nothing_is_made() {
    let server = TestServer::start().await;
    let wrong = json!({
        "code": "No Code", "name": "", "business_name": "a\r\nb", "business_url": "ftp://x",
        "default_country": "zz", "default_locale": "_",
    });
    let pointers = server
        .admin("POST", "/environments", wrong)
        .await
        .expect_invalid();
    let all = [
        "/business_name",
        "/business_url",
        "/code",
        "/default_country",
        "/default_locale",
        "/name",
    ];
    assert_eq!(pointers, all);
    for code in ["", "-a", "a-", "A", "a b", "é", "a/b", "env_x", &"a".repeat(64)] {
        let mut new = staging();
        new["code"] = json!(code);
        let answer = server.admin("POST", "/environments", new).await;
        assert_eq!(answer.expect_invalid(), ["/code"], "{code:?}");
    }
    for required in ["code", "name", "business_name", "business_url"] {
        let mut new = staging();
        new[required] = Value::Null;
        let null = server.admin("POST", "/environments", new.clone()).await;
        null.expect_problem(400, "invalid_request");
        new.as_object_mut().unwrap().remove(required);
        let missing = server.admin("POST", "/environments", new).await;
        missing.expect_problem(400, "invalid_request");
    }
    for (field, value) in [
        ("id", json!("env_x")),
        ("default_locale", Value::Null),
        ("default_country", json!(61)),
    ] {
        let mut new = staging();
        new[field] = value;
        let answer = server.admin("POST", "/environments", new).await;
        answer.expect_problem(400, "invalid_request");
    }
    let mut taken = staging();
    taken["code"] = json!("default");
    let answer = server.admin("POST", "/environments", taken).await;
    answer.expect_problem(409, "conflict");
    let listed = get(&server, "/environments").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_creations_under_one_code_one_is_made() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    server.clock.advance(Duration::from_millis(2));
    let answers = join_all((0..8).map(|number| {
        let server = if number % 2 == 0 { &server } else { &replica };
        server.admin("POST", "/environments", staging())
    }))
    .await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        refused.expect_problem(409, "conflict");
    }
    let listed = get(&replica, "/environments").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    assert_eq!(listed["data"][1], made[0].json());
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_has_every_connection_off_and_no_keys() {
    let server = TestServer::start().await;
    let list = "/environments/default/applications";
    let new = json!({ "name": "Web shop", "autofill_domain": "Login.Acme.example.com" });
    let made = server.admin("POST", list, new).await;
    let path = is_read_back(&server, &made).await;
    let now = server.clock.now().to_string();
    let expected = json!({
        "id": made.json()["id"], "name": "Web shop", "autofill_domain": "login.acme.example.com",
        "created_at": now, "updated_at": now,
    });
    assert_eq!(made.json(), expected);
    for what in ["connections", "keys"] {
        let empty = get(&server, &format!("{path}/{what}")).await;
        assert_eq!(empty, json!({ "data": [], "next_cursor": null }), "{what}");
    }
    let least = server.admin("POST", list, json!({ "name": "Least" })).await;
    assert_eq!(least.expect(201)["autofill_domain"], Value::Null);
    let both = json!({ "name": "a\nb", "autofill_domain": "https://x" });
    let pointers = server.admin("POST", list, both).await.expect_invalid();
    assert_eq!(pointers, ["/autofill_domain", "/name"]);
    for wrong in [
        json!({}),
        json!({ "name": null }),
        json!({ "name": "A", "connections": [] }),
        json!({ "name": 7 }),
    ] {
        let answer = server.admin("POST", list, wrong).await;
        answer.expect_problem(400, "invalid_request");
    }
    assert_eq!(get(&server, list).await["data"].as_array().unwrap().len(), 3);
    let nowhere = "/environments/none/applications";
    let answer = server.admin("POST", nowhere, json!({ "name": "A" })).await;
    answer.expect_problem(404, "not_found");
    server.stop().await;
}
