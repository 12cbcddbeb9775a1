//! Messages and usage: pages, filters and timelines.

use std::time::Duration;

use otpost::domain::time::Clock as _;
use serde_json::{Value, json};

use crate::support::kinde_double::{KindeDouble, TOKEN};
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};

const PATH: &str = "/environments/default/messages";

async fn ids(server: &TestServer, query: &str) -> (Vec<String>, Option<String>) {
    let page = server
        .admin("GET", &format!("{PATH}?{query}"), Value::Null)
        .await
        .expect(200);
    let id = |message: &Value| message["id"].as_str().unwrap().to_owned();
    let found = page["data"].as_array().unwrap().iter().map(id).collect();
    (found, page["next_cursor"].as_str().map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_from_the_newest_to_the_oldest_without_gap_or_double() {
    let server = TestServer::start().await;
    let mut sent = Vec::new();
    for number in 0..25 {
        let body = server
            .send_sms(&format!("+614660431{number:02}"))
            .await
            .expect(201);
        sent.insert(0, body["message"]["id"].as_str().unwrap().to_owned());
        server.clock.advance(Duration::from_millis(2));
    }
    let (first, cursor) = ids(&server, "").await;
    assert_eq!(first, sent[..20], "20 where nothing is said");
    let (rest, end) = ids(&server, &format!("cursor={}", cursor.unwrap())).await;
    assert_eq!((rest.as_slice(), end), (&sent[20..], None));
    let (mut all, mut query) = (Vec::new(), "limit=10".to_owned());
    loop {
        let (page, next) = ids(&server, &query).await;
        all.extend(page);
        match next {
            Some(cursor) => query = format!("limit=10&cursor={cursor}"),
            None => break,
        }
        // What comes in between does not move what follows.
        server.send_email("jane@example.com").await.expect(201);
    }
    assert_eq!(all, sent);
    let (all, end) = ids(&server, "limit=25&channel=sms").await;
    assert_eq!((all, end), (sent, None), "a full last page has no next one");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_has_pages() {
    let server = TestServer::start().await;
    tenants::application(&server).await;
    tenants::environment(&server).await;
    let env = "/environments/default";
    for path in [
        "/environments".to_owned(),
        format!("{env}/applications"),
        format!("{env}/connections"),
    ] {
        let all = server.admin("GET", &path, Value::Null).await.expect(200);
        assert_eq!(
            (all["data"].as_array().unwrap().len(), &all["next_cursor"]),
            (2, &Value::Null)
        );
        let first = server
            .admin("GET", &format!("{path}?limit=1"), Value::Null)
            .await
            .expect(200);
        assert_eq!(first["data"], json!([all["data"][0]]));
        let cursor = first["next_cursor"].as_str().unwrap();
        let next = format!("{path}?limit=1&cursor={cursor}");
        let second = server.admin("GET", &next, Value::Null).await.expect(200);
        assert_eq!(second, json!({ "data": [all["data"][1]], "next_cursor": null }));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_the_list() {
    let server = TestServer::start().await;
    let old = server.send_sms("+61466043123").await.expect(201);
    server.clock.advance(Duration::from_secs(5));
    let since = server.clock.now();
    let new = server.send_sms("+61466043123").await.expect(201);
    let letter = server.send_email("jane@example.com").await.expect(201);
    let id = |body: &Value| body["message"]["id"].as_str().unwrap().to_owned();
    let (old, new, letter) = (id(&old), id(&new), id(&letter));
    let mut both = vec![new.clone(), letter.clone()];
    both.sort();
    let listed = |query: String| {
        let server = &server;
        async move {
            let (mut found, _) = ids(server, &query).await;
            found.sort();
            found
        }
    };
    assert_eq!(listed(format!("since={since}")).await, both);
    assert_eq!(
        listed("channel=email".to_owned()).await,
        std::slice::from_ref(&letter)
    );
    assert_eq!(
        listed(format!("since={since}&channel=sms&status=accepted")).await,
        [new]
    );
    assert!(listed("status=failed".to_owned()).await.is_empty());
    assert_eq!(listed("status=accepted".to_owned()).await.len(), 3);
    assert!(listed(String::new()).await.contains(&old));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_these_members_and_a_timeline() {
    let server = TestServer::start().await;
    let sent = server.send_sms("+61466043123").await.expect(201);
    let id = sent["message"]["id"].as_str().unwrap();
    let mut body = server
        .admin("GET", &format!("{PATH}/{id}"), Value::Null)
        .await
        .expect(200);
    let timeline = body.as_object_mut().unwrap().remove("timeline").unwrap();
    let at = server.clock.now().to_string();
    let application = server.application_path();
    let expected = json!({
        "id": id, "status": "accepted", "provider": "console", "fallback": false, "error": null,
        "verification_id": sent["id"], "notification_id": null, "application_id": application.rsplit('/').next().unwrap(), "channel": "sms",
        "purpose": "sign_in", "to": "+61•••123", "provider_message_id": id, "created_at": at, "updated_at": at,
    });
    assert_eq!(body, expected);
    assert_eq!(server.messages().await, [expected]);
    let events: Vec<&str> = timeline
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["created", "attempt"]);
    assert_eq!(timeline[1]["details"]["outcome"], "accepted");
    for unknown in [
        "msg_x".to_owned(),
        format!("msg_{}", "0".repeat(32)),
        id.to_uppercase(),
    ] {
        let answer = server
            .admin("GET", &format!("{PATH}/{unknown}"), Value::Null)
            .await;
        answer.expect_problem(404, "not_found");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_quota_is_counted_and_told() {
    let double = KindeDouble::start().await;
    let options = ServerOptions::default()
        .set("platform.sms.provider", "http")
        .set("platform.sms.url", double.url())
        .set("platform.sms.token", TOKEN)
        .set("platform.sms.monthly_test_quota", 3);
    let server = options.start().await;
    let path = "/environments/default/usage/sms";
    let now = server.clock.now();
    let month = now.month_start().to_string()[..7].to_owned();
    let usage = |used: u32| json!({ "month": month, "used": used, "limit": 3, "resets_at": now.next_month_start().to_string() });
    for used in 0..3 {
        assert_eq!(
            server.admin("GET", path, Value::Null).await.expect(200),
            usage(used)
        );
        server.send_sms("+61466043123").await.expect(201);
    }
    let refused = server.send_sms("+61466043123").await;
    let problem = refused.expect_problem(429, "sms_limit_reached");
    assert_eq!(problem["limit"], 3);
    assert_eq!(problem["resets_at"], now.next_month_start().to_string());
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(server.admin("GET", path, Value::Null).await.expect(200), usage(3));
    assert_eq!(server.messages().await.len(), 3);
    assert_eq!(double.violations(), Vec::<String>::new());
    server.stop().await;
}
