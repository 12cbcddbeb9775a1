//! Messages by recipient: found however the recipient is written, in this environment alone, and shown masked.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};

const PATH: &str = "/environments/default/messages/search";

async fn search(server: &TestServer, body: Value) -> Vec<Value> {
    let page = server.admin("POST", PATH, body).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

async fn ids(server: &TestServer, body: Value) -> Vec<String> {
    let id = |message: &Value| message["id"].as_str().unwrap().to_owned();
    search(server, body).await.iter().map(id).collect()
}

fn message(sent: &Value) -> String {
    sent["message"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_is_found_however_it_is_written_and_shown_masked() {
    let server = TestServer::start().await;
    let phone = message(&server.send_sms("+61466043123").await.expect(201));
    server.send_sms("+61466043124").await.expect(201);
    let letter = message(&server.send_email("Jane@example.com").await.expect(201));
    server.send_email("june@example.com").await.expect(201);
    for body in [
        json!({ "to": "+61466043123" }),
        json!({ "to": "+61 466 043-123" }),
        json!({ "to": "+61466043123", "country": "us" }),
        json!({ "to": "0466 043 123", "country": "AU" }),
    ] {
        assert_eq!(ids(&server, body).await, [phone.as_str()]);
    }
    for to in ["Jane@example.com", "jane@EXAMPLE.com"] {
        assert_eq!(ids(&server, json!({ "to": to })).await, [letter.as_str()]);
    }
    for to in ["+61466043199", "nobody@example.com", "jane@example.org"] {
        let page = server.admin("POST", PATH, json!({ "to": to })).await.expect(200);
        assert_eq!(page, json!({ "data": [], "next_cursor": null }));
    }
    // National digits without a country need the environment's.
    let national = json!({ "to": "0466043123" });
    let answer = server.admin("POST", PATH, national.clone()).await;
    assert_eq!(answer.expect_invalid(), ["/to"]);
    server.set_environment(json!({ "default_country": "au" })).await;
    assert_eq!(ids(&server, national).await, [phone.as_str()]);
    // The same items as in the list, and nothing of the recipient but its mask.
    let listed = server.messages().await;
    for to in ["+61466043123", "jane@example.com"] {
        let answer = server.admin("POST", PATH, json!({ "to": to })).await;
        let found = answer.expect(200)["data"][0].clone();
        assert!(listed.contains(&found), "{found}");
        for whole in ["466043123", "jane@", "Jane@"] {
            assert!(!answer.body.contains(whole), "{}", answer.body);
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_history_comes_in_pages_with_resends_in_it_and_outlives_a_rotation_of_keys() {
    let server = TestServer::start().await;
    server
        .set_policy(json!({ "sends_per_hour": 1000, "sends_per_day": 1000 }))
        .await;
    let mut sent = Vec::new();
    for _ in 0..12 {
        let first = server.send_sms("+61466043123").await.expect(201);
        sent.insert(0, message(&first));
        server.send_sms("+61466043124").await.expect(201);
        server.clock.advance(Duration::from_secs(31));
        let again = server.resend(first["id"].as_str().unwrap()).await.expect(200);
        sent.insert(0, message(&again));
        server.clock.advance(Duration::from_secs(1));
    }
    server.place.rotate_keys(Duration::ZERO);
    let replica = server.replica(ServerOptions::default()).await;
    let (mut read, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let mut body = json!({ "to": "+61466043123", "limit": 5 });
        if !cursor.is_null() {
            body["cursor"] = cursor;
        }
        let page = replica.admin("POST", PATH, body).await.expect(200);
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 5);
        read.extend(
            data.iter()
                .map(|message| message["id"].as_str().unwrap().to_owned()),
        );
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(read, sent);
    let twenty = ids(&server, json!({ "to": "+61466043123" })).await;
    assert_eq!(twenty, sent[..20], "20 where nothing is said");
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_another_environment_is_listed_or_found() {
    let server = TestServer::start().await;
    let other = tenants::environment(&server).await;
    let ours = message(&server.send_sms("+61466043123").await.expect(201));
    server.clock.advance(Duration::from_secs(1));
    let send = json!({ "connection_id": other.phone, "to": "+61466043123" }).to_string();
    let theirs = server
        .request("POST", "/v1/otp/send", &other.key, &[], &send)
        .await;
    let theirs = message(&theirs.expect(201));
    let to = json!({ "to": "+61466043123" });
    assert_eq!(ids(&server, to.clone()).await, [ours.as_str()]);
    let found = server
        .admin("POST", "/environments/other/messages/search", to)
        .await
        .expect(200);
    assert_eq!(found["data"][0]["id"], theirs);
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    // A cursor of theirs is a moment, and shows nothing of them.
    let later = json!({ "to": "+61466043123", "cursor": theirs });
    assert_eq!(ids(&server, later).await, [ours.as_str()]);
    let list = "/environments/default/messages";
    for query in [
        "status=accepted",
        "channel=sms",
        "status=accepted&channel=sms",
        "",
    ] {
        for cursor in [String::new(), format!("&cursor={theirs}")] {
            let page = server
                .admin("GET", &format!("{list}?{query}{cursor}"), Value::Null)
                .await;
            let page = page.expect(200);
            let found: Vec<_> = page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|message| &message["id"])
                .collect();
            assert_eq!(found, [&json!(ours)], "{query}{cursor}");
        }
    }
    let earlier = server
        .admin(
            "GET",
            &format!("/environments/other/messages?cursor={ours}"),
            Value::Null,
        )
        .await;
    assert_eq!(earlier.expect(200)["data"], json!([]));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_search_is_told_at_once() {
    let server = TestServer::start().await;
    for (body, pointers) in [
        (json!({ "to": "+61466043123", "limit": 0 }), vec!["/limit"]),
        (
            json!({ "to": "+61466043123", "limit": 101, "cursor": "x" }),
            vec!["/cursor", "/limit"],
        ),
        (
            json!({ "to": "jane@", "limit": 101, "cursor": "aud_1" }),
            vec!["/cursor", "/limit", "/to"],
        ),
        (json!({ "to": "0466043123", "country": "xx" }), vec!["/country"]),
        (json!({ "to": "424242" , "country": "au" }), vec!["/to"]),
        (json!({ "to": "" }), vec!["/to"]),
    ] {
        let answer = server.admin("POST", PATH, body.clone()).await;
        assert_eq!(answer.expect_invalid(), pointers, "{body}");
        assert!(!answer.body.contains("424242"), "{}", answer.body);
    }
    for body in [
        json!({}),
        json!({ "to": null }),
        json!({ "to": 61_466_043_123_u64 }),
        json!({ "to": "+61466043123", "limit": "20" }),
        json!({ "to": "+61466043123", "status": "failed" }),
    ] {
        let answer = server.admin("POST", PATH, body).await;
        answer.expect_problem(400, "invalid_request");
    }
    let nowhere = "/environments/nowhere/messages/search";
    let answer = server
        .admin("POST", nowhere, json!({ "to": "+61466043123" }))
        .await;
    answer.expect_problem(404, "not_found");
    server.stop().await;
}
