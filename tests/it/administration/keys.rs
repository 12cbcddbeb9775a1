//! API keys: shown once, listed by their ends, dead as soon as they are revoked.

use std::time::Duration;

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::plain_http::Answer;
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};

async fn list(server: &TestServer, path: &str) -> Vec<Value> {
    let page = server.admin("GET", path, Value::Null).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

async fn make(server: &TestServer, path: &str, name: &str) -> (String, String) {
    let made = server
        .admin("POST", path, json!({ "name": name }))
        .await
        .expect(201);
    let text = |member: &str| made[member].as_str().unwrap().to_owned();
    (format!("{path}/{}", text("id")), text("key"))
}

async fn delete(server: &TestServer, path: &str, key: &str) -> Answer {
    let path = format!("/admin/v1{path}");
    server.request("DELETE", &path, key, &[], "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_used_and_revoked() {
    let server = TestServer::start().await;
    let keys = format!("{}/keys", server.application_path());
    for (path, opens, begins) in [
        (keys.as_str(), "/v1/connections", "otpost_sk_"),
        ("/keys", "/admin/v1/environments", "otpost_ak_"),
    ] {
        // So that there is an oldest one.
        server.clock.advance(Duration::from_millis(2));
        let answer = server.admin("POST", path, json!({ "name": " backend " })).await;
        let made = answer.expect(201);
        let key = made["key"].as_str().unwrap();
        assert!(key.starts_with(begins) && key.len() == 46, "{}", key.len());
        let id = made["id"].as_str().unwrap();
        let location = answer.header("location").strip_prefix("/admin/v1").unwrap();
        assert!(location.ends_with(&format!("/keys/{id}")), "{location}");
        let mut expected = json!({
            "id": id, "name": "backend", "prefix": &key[..14], "last_four": &key[42..],
            "created_at": made["created_at"], "last_used_at": null, "key": key,
        });
        assert_eq!(made, expected);
        expected.as_object_mut().unwrap().remove("key");
        let listed = list(&server, path).await;
        assert_eq!(listed.len(), 2);
        assert_eq!(listed[1], expected, "oldest first, and never the key");
        let used = server.request("GET", opens, key, &[], "").await;
        used.expect(200);
        assert!(list(&server, path).await[1]["last_used_at"].is_string());
        let answer = delete(&server, location, &server.admin_key).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
        let dead = server.request("GET", opens, key, &[], "").await;
        dead.expect_problem(401, "unauthorized");
        assert_eq!(list(&server, path).await.len(), 1);
        let again = delete(&server, location, &server.admin_key).await;
        again.expect_problem(404, "not_found");
    }
    for changes in tenants::audited(&server).await {
        assert!(
            !changes.contains("\"key\"") && !changes.contains("hash"),
            "{changes}"
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_found_only_where_it_belongs() {
    let server = TestServer::start().await;
    let other = tenants::environment(&server).await;
    let sibling = tenants::application(&server).await;
    let own = format!("{}/keys", server.application_path());
    let key = list(&server, &own).await[0]["id"].as_str().unwrap().to_owned();
    let admin = list(&server, "/keys").await[0]["id"].as_str().unwrap().to_owned();
    make(&server, "/keys", "second").await;
    let application = server.application_path();
    for path in [
        format!("{}/keys/{key}", sibling.path),
        format!("{}/keys/{key}", other.path),
        format!("{}/keys/{key}", application.replace("/default/", "/other/")),
        format!("{own}/{admin}"),
        format!("/keys/{key}"),
        format!("/keys/key_{}", "0".repeat(32)),
        "/keys/x".to_owned(),
        format!("{own}/{}", key.to_uppercase()),
    ] {
        let answer = server.admin("DELETE", &path, Value::Null).await;
        answer.expect_problem(404, "not_found");
    }
    let elsewhere = format!("{}/keys", application.replace("/default/", "/other/"));
    for (method, body) in [("GET", Value::Null), ("POST", json!({ "name": "A" }))] {
        let answer = server.admin(method, &elsewhere, body).await;
        answer.expect_problem(404, "not_found");
    }
    assert_eq!(list(&server, &own).await.len(), 1);
    assert_eq!(list(&server, "/keys").await.len(), 2);
    server.get("/v1/connections").await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_needs_a_name_and_nothing_else() {
    let server = TestServer::start().await;
    let keys = format!("{}/keys", server.application_path());
    for path in [keys.as_str(), "/keys"] {
        for name in ["", "a\nb", &"a".repeat(101)] {
            let answer = server.admin("POST", path, json!({ "name": name })).await;
            assert_eq!(answer.expect_invalid(), ["/name"]);
        }
        for wrong in [
            json!({}),
            json!({ "name": null }),
            json!({ "name": "A", "key": "x" }),
        ] {
            let answer = server.admin("POST", path, wrong).await;
            answer.expect_problem(400, "invalid_request");
        }
        let key = format!("{path}/{}", list(&server, path).await[0]["id"].as_str().unwrap());
        let stale = server
            .request(
                "DELETE",
                &format!("/admin/v1{key}"),
                &server.admin_key,
                &["if-match: \"v2\""],
                "",
            )
            .await;
        stale.expect_problem(412, "precondition_failed");
        let body = server.admin("DELETE", &key, json!({ "force": true })).await;
        body.expect_problem(400, "invalid_request");
        assert_eq!(list(&server, path).await.len(), 1);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_key_of_the_administrators_stays_and_an_applications_may_go() {
    let server = TestServer::start().await;
    let first = format!(
        "/keys/{}",
        list(&server, "/keys").await[0]["id"].as_str().unwrap()
    );
    let answer = delete(&server, &first, &server.admin_key).await;
    answer.expect_problem(409, "conflict");
    let (_, second) = make(&server, "/keys", "second").await;
    assert_eq!(delete(&server, &first, &second).await.status, 204);
    let old = server.admin("GET", "/keys", Value::Null).await;
    old.expect_problem(401, "unauthorized");
    let page = server.request("GET", "/admin/v1/keys", &second, &[], "").await;
    assert_eq!(page.expect(200)["data"][0]["name"], "second");
    let keys = format!("{}/keys", server.application_path());
    let listed = server
        .request("GET", &format!("/admin/v1{keys}"), &second, &[], "")
        .await
        .expect(200);
    let only = format!("{keys}/{}", listed["data"][0]["id"].as_str().unwrap());
    assert_eq!(delete(&server, &only, &second).await.status, 204);
    let dead = server.get("/v1/connections").await;
    dead.expect_problem(401, "unauthorized");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_last_two_keys_that_revoke_each_other_one_stays() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let mut survivor = server.admin_key.clone();
    for _ in 0..5 {
        server.clock.advance(Duration::from_millis(2));
        let name = json!({ "name": "next" }).to_string();
        let made = server
            .request("POST", "/admin/v1/keys", &survivor, &[], &name)
            .await
            .expect(201);
        let next = made["key"].as_str().unwrap().to_owned();
        replica.services.directory.refresh().await.unwrap();
        let page = server.request("GET", "/admin/v1/keys", &survivor, &[], "").await;
        let page = page.expect(200);
        let path = |index: usize| format!("/keys/{}", page["data"][index]["id"].as_str().unwrap());
        let (first, second) = (path(0), path(1));
        let (by_next, by_survivor) = join(
            delete(&server, &first, &next),
            delete(&replica, &second, &survivor),
        )
        .await;
        let revoked = [&by_next, &by_survivor]
            .iter()
            .filter(|answer| answer.status == 204)
            .count();
        assert_eq!(revoked, 1, "{} {}", by_next.status, by_survivor.status);
        if by_next.status == 204 {
            survivor = next;
        }
        let alive = server.request("GET", "/admin/v1/keys", &survivor, &[], "").await;
        // Where the replica has revoked it, this server learns of it when the next request looks.
        assert_eq!(alive.expect(200)["data"].as_array().unwrap().len(), 1);
    }
    replica.stop().await;
    server.stop().await;
}
