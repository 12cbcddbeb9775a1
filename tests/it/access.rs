//! Who may do what: keys, their kinds, and what belongs to another.

use futures_util::future::join_all;
use otpost::domain::api_key::{ApiKey, KeyKind};
use otpost::domain::random::OsRandom;
use serde_json::{Value, json};

use crate::support::plain_http::{self, Answer};
use crate::support::tenants;
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::wait::until;

/// A problem without what differs from one request to the next.
fn shape(answer: &Answer) -> Value {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("instance");
    body
}

fn stranger(kind: KeyKind) -> String {
    ApiKey::generate(&OsRandom, kind).expose().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_key_the_answer_is_the_same() {
    let server = TestServer::start().await;
    let key = server.application_key.clone();
    let mut mistyped = key.clone();
    let last = if mistyped.pop() == Some('0') { '1' } else { '0' };
    mistyped.push(last);
    let lines = [
        String::new(),
        format!("Authorization: Bearer {mistyped}\r\n"),
        format!("Authorization: Bearer {}\r\n", stranger(KeyKind::Application)),
        format!("Authorization: Bearer {}\r\n", stranger(KeyKind::Administrator)),
        format!("Authorization: Basic {key}\r\n"),
        format!("Authorization: {key}\r\n"),
        format!("Authorization: Bearer {key} x\r\n"),
        format!("Authorization: Bearer {key}0\r\n"),
        format!("Authorization: Bearer {}\r\n", key.to_uppercase()),
        "Authorization: Bearer\r\n".to_owned(),
        format!("Authorization: Bearer {key}\r\nAuthorization: Bearer {key}\r\n"),
        format!("X-Api-Key: {key}\r\n"),
        format!("Cookie: key={key}\r\n"),
    ];
    let mut shapes = Vec::new();
    for path in ["/v1/connections", "/admin/v1/environments", "/v1/otp/ver_x"] {
        for line in &lines {
            let head = format!("GET {path} HTTP/1.1\r\n{line}Accept: */*");
            let answer = plain_http::request(server.address, &head, b"").await;
            answer.expect_problem(401, "unauthorized");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert!(!answer.body.contains(&key[10..]));
            shapes.push(shape(&answer));
        }
    }
    for query in ["key", "api_key", "access_token", "authorization"] {
        let path = format!("/v1/connections?{query}={key}");
        let answer = server.request("GET", &path, "", &[], "").await;
        answer.expect_problem(401, "unauthorized");
        shapes.push(shape(&answer));
    }
    let send = server.request("POST", "/v1/otp/send", "", &[], "not JSON").await;
    send.expect_problem(401, "unauthorized");
    shapes.push(shape(&send));
    shapes.dedup();
    assert_eq!(shapes.len(), 1, "{shapes:?}");
    server.get("/v1/connections").await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_wrong_kind_is_forbidden() {
    let server = TestServer::start().await;
    let (app, admin) = (&server.application_key, &server.admin_key);
    for (method, path) in [
        ("POST", "/v1/otp/send"),
        ("POST", "/v1/otp/verify"),
        ("POST", "/v1/otp/resend"),
        ("POST", "/v1/otp/cancel"),
        ("GET", "/v1/otp/ver_x"),
        ("GET", "/v1/connections"),
    ] {
        let answer = server.request(method, path, admin, &[], "").await;
        answer.expect_problem(403, "forbidden");
    }
    let env = "/admin/v1/environments/default";
    for (method, path) in [
        ("GET", "/admin/v1/environments".to_owned()),
        ("GET", env.to_owned()),
        ("POST", "/admin/v1/environments".to_owned()),
        ("PATCH", env.to_owned()),
        ("DELETE", env.to_owned()),
        ("GET", format!("{env}/settings/sms")),
        ("PUT", format!("{env}/settings/sms")),
        ("GET", format!("{env}/settings/email")),
        ("PUT", format!("{env}/settings/email")),
        ("GET", format!("{env}/settings/otp")),
        ("PATCH", format!("{env}/settings/otp")),
        ("GET", format!("{env}/connections")),
        ("GET", format!("{env}/applications")),
        ("GET", format!("/admin/v1{}", server.application_path())),
        ("PATCH", format!("/admin/v1{}", server.application_path())),
        ("POST", format!("{env}/applications")),
        ("DELETE", format!("/admin/v1{}", server.application_path())),
        (
            "GET",
            format!("/admin/v1{}/connections", server.application_path()),
        ),
        (
            "PUT",
            format!(
                "/admin/v1{}/connections/{}",
                server.application_path(),
                server.phone
            ),
        ),
        (
            "DELETE",
            format!(
                "/admin/v1{}/connections/{}",
                server.application_path(),
                server.phone
            ),
        ),
        ("GET", format!("/admin/v1{}/keys", server.application_path())),
        ("POST", format!("/admin/v1{}/keys", server.application_path())),
        (
            "DELETE",
            format!(
                "/admin/v1{}/keys/key_{}",
                server.application_path(),
                "0".repeat(32)
            ),
        ),
        ("GET", "/admin/v1/keys".to_owned()),
        ("POST", "/admin/v1/keys".to_owned()),
        ("DELETE", format!("/admin/v1/keys/key_{}", "0".repeat(32))),
        ("GET", format!("{env}/settings/mfa")),
        ("PUT", format!("{env}/settings/mfa")),
        ("GET", format!("{env}/usage/sms")),
        ("GET", format!("{env}/messages")),
        ("GET", format!("{env}/messages/msg_{}", "0".repeat(32))),
        ("POST", format!("{env}/messages/search")),
        ("GET", format!("{env}/audit")),
        ("GET", "/admin/v1/audit".to_owned()),
    ] {
        let answer = server.request(method, &path, app, &[], "").await;
        answer.expect_problem(403, "forbidden");
        let answer = server.request(method, &path, "", &[], "").await;
        answer.expect_problem(401, "unauthorized");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_applications_verification_is_as_unknown_as_one_that_never_was() {
    let server = TestServer::start().await;
    let keys = [
        tenants::application(&server).await.key,
        tenants::environment(&server).await.key,
    ];
    let (id, code) = server.sent_code("+61466043123").await;
    let never = format!("ver_{}", "0".repeat(32));
    for key in &keys {
        for operation in ["verify", "resend", "cancel"] {
            let path = format!("/v1/otp/{operation}");
            let ask = async |id: &str| {
                let mut body = json!({ "verification_id": id });
                if operation == "verify" {
                    body["code"] = json!(code);
                }
                server.request("POST", &path, key, &[], &body.to_string()).await
            };
            let (theirs, unknown) = (ask(&id).await, ask(&never).await);
            theirs.expect_problem(404, "verification_not_found");
            assert_eq!(shape(&theirs), shape(&unknown), "{operation}");
        }
        let theirs = server
            .request("GET", &format!("/v1/otp/{id}"), key, &[], "")
            .await;
        let unknown = server
            .request("GET", &format!("/v1/otp/{never}"), key, &[], "")
            .await;
        theirs.expect_problem(404, "verification_not_found");
        assert_eq!(shape(&theirs), shape(&unknown));
    }
    assert_eq!(server.read(&id).await["attempts_left"], 5);
    server.verify(&id, &code).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_used_only_where_it_belongs_and_is_on() {
    let server = TestServer::start().await;
    let sibling = tenants::application(&server).await;
    let stranger = tenants::environment(&server).await;
    let foreign = json!({ "connection_id": stranger.phone, "to": "+61466043123" });
    let answer = server.post("/v1/otp/send", foreign).await;
    answer.expect_problem(404, "connection_not_found");
    let off = json!({ "connection_id": server.email, "to": "jane@example.com" }).to_string();
    let answer = server
        .request("POST", "/v1/otp/send", &sibling.key, &[], &off)
        .await;
    answer.expect_problem(403, "connection_disabled");
    let listed = server
        .request("GET", "/v1/connections", &sibling.key, &[], "")
        .await
        .expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(listed["data"][0]["id"], server.phone.as_str());
    assert_eq!(server.messages().await.len(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_finds_what_belongs_to_an_environment_only_there() {
    let server = TestServer::start().await;
    tenants::environment(&server).await;
    server.sent_code("+61466043123").await;
    let message = server.messages().await[0]["id"].as_str().unwrap().to_owned();
    let application = server.application_path().replace("/default/", "/other/");
    for path in [
        format!("/environments/other/messages/{message}"),
        application,
        "/environments/none/messages".to_owned(),
        "/environments/none".to_owned(),
        "/environments/none/settings/sms".to_owned(),
        "/environments/default%27/settings/sms".to_owned(),
    ] {
        let answer = server.admin("GET", &path, Value::Null).await;
        answer.expect_problem(404, "not_found");
    }
    let empty = server
        .admin("GET", "/environments/other/messages", Value::Null)
        .await;
    assert_eq!(empty.expect(200), json!({ "data": [], "next_cursor": null }));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_soon_opens_nothing_on_any_replica() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    tenants::revoke_application_key(&server).await;
    for server in [&server, &replica] {
        until("it is refused", async || {
            server.get("/v1/connections").await.status == 401
        })
        .await;
    }
    server
        .admin("GET", "/environments", Value::Null)
        .await
        .expect(200);
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_fails_a_hundred_times_a_minute_is_slowed_and_a_good_key_never() {
    let server = TestServer::start().await;
    let bad = stranger(KeyKind::Application);
    let answers = join_all((0..120).map(|_| server.request("GET", "/v1/connections", &bad, &[], ""))).await;
    let refused = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(refused, 100);
    let limited = answers.iter().find(|answer| answer.status == 429).unwrap();
    limited.expect_problem(429, "rate_limited");
    assert_eq!(
        limited.header("ratelimit-policy"),
        "\"authentication\";q=100;w=60"
    );
    assert!(
        limited
            .header("ratelimit")
            .starts_with("\"authentication\";r=0;t=")
    );
    let wait: u64 = limited.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait));
    for _ in 0..150 {
        assert_eq!(server.get("/v1/connections").await.status, 200);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_switched_off_neither_sends_again_nor_verifies() {
    let server = TestServer::start().await;
    let (id, code) = server.sent_code("+61466043123").await;
    tenants::switch_connections_off(&server).await;
    server.clock.advance(std::time::Duration::from_secs(30));
    for answer in [
        server.verify(&id, &code).await,
        server.resend(&id).await,
        server.send_sms("+61466043123").await,
    ] {
        answer.expect_problem(403, "connection_disabled");
    }
    let listed = server.get("/v1/connections").await.expect(200);
    assert_eq!(listed, json!({ "data": [], "next_cursor": null }));
    assert_eq!(server.read(&id).await["attempts_left"], 5);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_development_inbox_is_there_only_with_the_console() {
    let server = TestServer::start().await;
    server.sent_code("+61466043123").await;
    let inbox = server.request("GET", "/dev/inbox", "", &[], "").await.expect(200);
    assert_eq!(inbox["data"][0]["text"], server.last_text());
    server.stop().await;
    let options = ServerOptions::default().set("platform.sms.provider", "none");
    let server = options.set("platform.email.provider", "none").start().await;
    let nothing = server.request("GET", "/dev/inbox", "", &[], "").await;
    nothing.expect_problem(404, "not_found");
    server.stop().await;
}
