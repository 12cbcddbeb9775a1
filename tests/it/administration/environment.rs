//! Environments and applications.

use otpost::domain::time::Clock as _;
use serde_json::{Value, json};

use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};

const PATH: &str = "/environments/default";

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_has_these_members_by_code_and_by_id() {
    let options = ServerOptions::default()
        .set("bootstrap.business_name", "Acme")
        .set("bootstrap.business_url", "https://acme.example.com")
        .set("bootstrap.default_country", "AU");
    let server = options.start().await;
    let by_code = server.admin("GET", PATH, Value::Null).await;
    let body = by_code.expect(200);
    let id = body["id"].as_str().unwrap();
    let made = server.clock.now().to_string();
    let expected = json!({
        "id": id, "code": "default", "name": "Default", "business_name": "Acme",
        "business_url": "https://acme.example.com", "default_country": "au", "default_locale": "en",
        "created_at": made, "updated_at": made,
    });
    assert_eq!(body, expected);
    assert!(id.starts_with("env_") && id.len() == 36);
    let by_id = server
        .admin("GET", &format!("/environments/{id}"), Value::Null)
        .await;
    assert_eq!(by_id.body, by_code.body);
    assert_eq!(by_id.header("etag"), by_code.header("etag"));
    let listed = server
        .admin("GET", "/environments", Value::Null)
        .await
        .expect(200);
    assert_eq!(listed, json!({ "data": [expected], "next_cursor": null }));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_changes_what_it_names_and_null_clears_what_may_be_empty() {
    let server = TestServer::start().await;
    let before = server.admin("GET", PATH, Value::Null).await.expect(200);
    let patch = json!({
        "name": " Production ", "business_name": "Café", "business_url": "https://acme.example.com/a?b",
        "default_country": "NZ", "default_locale": "pt-br",
    });
    let changed = server.admin("PATCH", PATH, patch).await.expect(200);
    let mut expected = before.clone();
    for (member, value) in [
        ("name", "Production"),
        ("business_name", "Café"),
        ("business_url", "https://acme.example.com/a?b"),
        ("default_country", "nz"),
        ("default_locale", "pt-BR"),
    ] {
        expected[member] = json!(value);
    }
    expected["updated_at"] = changed["updated_at"].clone();
    assert_eq!(changed, expected);
    assert_eq!(
        server.admin("PATCH", PATH, json!({})).await.expect(200)["name"],
        "Production"
    );
    let cleared = server
        .admin("PATCH", PATH, json!({ "default_country": null }))
        .await
        .expect(200);
    assert_eq!(cleared["default_country"], Value::Null);
    for field in ["code", "name", "business_name", "business_url", "default_locale"] {
        let answer = server.admin("PATCH", PATH, json!({ field: null })).await;
        answer.expect_problem(400, "invalid_request");
    }
    let renamed = server.admin("PATCH", PATH, json!({ "code": "production" })).await;
    assert_eq!(renamed.expect(200)["code"], "production");
    server
        .admin("GET", PATH, Value::Null)
        .await
        .expect_problem(404, "not_found");
    server
        .admin("GET", "/environments/production", Value::Null)
        .await
        .expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_cannot_be_taken_is_told_at_once_and_nothing_is_changed() {
    let server = TestServer::start().await;
    let before = server.admin("GET", PATH, Value::Null).await;
    let patch = json!({
        "code": "No Code", "name": "", "business_name": "a\r\nb", "business_url": "ftp://x",
        "default_country": "zz", "default_locale": "_",
    });
    let pointers = server.admin("PATCH", PATH, patch).await.expect_invalid();
    let all = [
        "/business_name",
        "/business_url",
        "/code",
        "/default_country",
        "/default_locale",
        "/name",
    ];
    assert_eq!(pointers, all);
    for code in ["", "-a", "a-", "A", "a b", "é", "a/b"] {
        let answer = server.admin("PATCH", PATH, json!({ "code": code })).await;
        assert_eq!(answer.expect_invalid(), ["/code"], "{code:?}");
    }
    server
        .admin("PATCH", PATH, json!({ "id": "env_x" }))
        .await
        .expect_problem(400, "invalid_request");
    let after = server.admin("GET", PATH, Value::Null).await;
    assert_eq!(
        (after.body.as_str(), after.header("etag")),
        (before.body.as_str(), before.header("etag"))
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_another_environment_has_is_a_conflict() {
    let server = TestServer::start().await;
    tenants::environment(&server).await;
    let answer = server.admin("PATCH", PATH, json!({ "code": "other" })).await;
    answer.expect_problem(409, "conflict");
    server.admin("GET", PATH, Value::Null).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_read_listed_and_changed() {
    let server = TestServer::start().await;
    let path = server.application_path();
    let body = server.admin("GET", &path, Value::Null).await.expect(200);
    let made = server.clock.now().to_string();
    let expected = json!({
        "id": path.rsplit('/').next().unwrap(), "name": "default", "autofill_domain": null,
        "created_at": made, "updated_at": made,
    });
    assert_eq!(body, expected);
    let list = "/environments/default/applications";
    let listed = server.admin("GET", list, Value::Null).await.expect(200);
    assert_eq!(listed, json!({ "data": [expected], "next_cursor": null }));
    let fields = json!({ "name": "Shop", "autofill_domain": "Login.Example.com" });
    let changed = server.admin("PATCH", &path, fields).await.expect(200);
    assert_eq!(changed["name"], "Shop");
    assert_eq!(changed["autofill_domain"], "login.example.com");
    let both = json!({ "name": "a\nb", "autofill_domain": "https://x" });
    let pointers = server.admin("PATCH", &path, both).await.expect_invalid();
    assert_eq!(pointers, ["/autofill_domain", "/name"]);
    server
        .admin("PATCH", &path, json!({ "name": null }))
        .await
        .expect_problem(400, "invalid_request");
    let unknown = format!("{list}/app_{}", "0".repeat(32));
    server
        .admin("GET", &unknown, Value::Null)
        .await
        .expect_problem(404, "not_found");
    server
        .admin("PATCH", &unknown, json!({}))
        .await
        .expect_problem(404, "not_found");
    server.get("/v1/connections").await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_listed_and_neither_made_nor_removed() {
    let server = TestServer::start().await;
    let path = "/environments/default/connections";
    let listed = server.admin("GET", path, Value::Null).await.expect(200);
    let expected = json!({
        "data": [
            { "id": server.phone, "strategy": "phone:otp", "name": "Phone" },
            { "id": server.email, "strategy": "email:otp", "name": "Email" },
        ],
        "next_cursor": null,
    });
    assert_eq!(listed, expected);
    let answer = server.admin("POST", path, json!({})).await;
    answer.expect_problem(405, "method_not_allowed");
    assert!(answer.header("allow").contains("GET"));
    server.stop().await;
}
