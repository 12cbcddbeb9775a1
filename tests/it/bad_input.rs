//! What no proper client sends: each is a problem, makes nothing, and leaves the service as it was.

use std::time::Instant;

use serde_json::json;

use crate::support::plain_http::{self, Answer};
use crate::support::test_server::TestServer;

const OPERATIONS: [&str; 4] = [
    "/v1/otp/send",
    "/v1/otp/verify",
    "/v1/otp/resend",
    "/v1/otp/cancel",
];

/// A request with the application's key, a content type and a body of any bytes.
async fn post_bytes(server: &TestServer, path: &str, content_type: &str, body: &[u8]) -> Answer {
    let head = format!(
        "POST {path} HTTP/1.1\r\nAuthorization: Bearer {}\r\n{content_type}Content-Length: {}",
        server.application_key,
        body.len()
    );
    plain_http::request(server.address, &head, body).await
}

async fn post_json(server: &TestServer, path: &str, body: &[u8]) -> Answer {
    post_bytes(server, path, "Content-Type: application/json\r\n", body).await
}

async fn is_unharmed(server: TestServer) {
    assert_eq!(server.messages().await.len(), 0);
    assert!(server.inbox.as_ref().unwrap().newest_first().is_empty());
    let (id, code) = server.sent_code("+61466043123").await;
    server.verify(&id, &code).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_json_is_an_invalid_request() {
    let server = TestServer::start().await;
    let whole = json!({ "connection_id": server.phone, "to": "+61466043123" }).to_string();
    let opened = whole.trim_end_matches('}');
    let invalid_utf8 = [opened.as_bytes(), b",\"locale\":\"\xff\"}"].concat();
    let documents: Vec<Vec<u8>> = [
        String::new(),
        " ".to_owned(),
        "to=%2B61466043123".to_owned(),
        opened.to_owned(),
        format!("{whole}{whole}"),
        format!("{whole},"),
        format!("{whole} trailing"),
        format!("\u{feff}{whole}"),
        format!("[{whole}]"),
        "null".to_owned(),
        "\"text\"".to_owned(),
        "NaN".to_owned(),
        format!("{opened},\"locale\":NaN}}"),
        format!("{opened},}}"),
        format!("{opened},'locale':'en'}}"),
        format!("{opened},\"locale\":\"\\ud800\"}}"),
        format!("{whole}/* comment */"),
        "[".repeat(60_000),
        "{\"a\":".repeat(10_000),
    ]
    .into_iter()
    .map(String::into_bytes)
    .chain([invalid_utf8])
    .collect();
    for path in OPERATIONS {
        for document in &documents {
            let answer = post_json(&server, path, document).await;
            answer.expect_problem(400, "invalid_request");
        }
    }
    is_unharmed(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_double_missing_and_mistyped_fields_are_an_invalid_request() {
    let server = TestServer::start().await;
    let send = format!("\"connection_id\":\"{}\",\"to\":\"+61466043123\"", server.phone);
    let id = format!("\"verification_id\":\"ver_{}\"", "0".repeat(32));
    for (path, document) in [
        (OPERATIONS[0], format!("{{{send},\"code\":\"123456\"}}")),
        (OPERATIONS[0], format!("{{{send},\"To\":\"+61466043124\"}}")),
        (OPERATIONS[0], format!("{{{send},\"to\":\"+61466043124\"}}")),
        (OPERATIONS[0], format!("{{{send},\"t\\u006f\":\"+61466043124\"}}")),
        (
            OPERATIONS[0],
            format!("{{{send},\"purpose\":\"mfa\",\"purpose\":\"mfa\"}}"),
        ),
        (OPERATIONS[0], "{\"to\":\"+61466043123\"}".to_owned()),
        (
            OPERATIONS[0],
            format!("{{\"connection_id\":\"{}\"}}", server.phone),
        ),
        (
            OPERATIONS[0],
            format!("{{\"connection_id\":\"{}\",\"to\":61466043123}}", server.phone),
        ),
        (
            OPERATIONS[0],
            format!(
                "{{\"connection_id\":\"{}\",\"to\":[\"+61466043123\"]}}",
                server.phone
            ),
        ),
        (OPERATIONS[0], format!("{{\"connection_id\":null,{send}}}")),
        (OPERATIONS[0], format!("{{{send},\"client_ip\":3221225985}}")),
        (OPERATIONS[1], format!("{{{id}}}")),
        (
            OPERATIONS[1],
            format!("{{{id},\"code\":\"123456\",\"code\":\"123457\"}}"),
        ),
        (
            OPERATIONS[1],
            format!("{{{id},\"code\":\"123456\",\"to\":\"+61466043123\"}}"),
        ),
        (OPERATIONS[2], "{}".to_owned()),
        (OPERATIONS[2], format!("{{{id},\"force\":true}}")),
        (OPERATIONS[3], "{\"verification_id\":1}".to_owned()),
        (OPERATIONS[3], format!("{{{id},{id}}}")),
    ] {
        let answer = post_json(&server, path, document.as_bytes()).await;
        let problem = answer.expect_problem(400, "invalid_request");
        let told = problem.to_string();
        assert!(!told.contains("466043") && !told.contains("123456"), "{told}");
    }
    is_unharmed(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_json_of_at_most_64_kib_and_says_so() {
    let server = TestServer::start().await;
    let whole = json!({ "connection_id": server.phone, "to": "x" }).to_string();
    let padded = |length: usize| format!("{whole}{}", " ".repeat(length - whole.len()));
    for path in OPERATIONS {
        let too_large = post_json(&server, path, padded(65_537).as_bytes()).await;
        too_large.expect_problem(413, "payload_too_large");
        for content_type in [
            "",
            "Content-Type: text/plain\r\n",
            "Content-Type: application/x-www-form-urlencoded\r\n",
            "Content-Type: application/json; charset=utf-16\r\n",
            "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
        ] {
            let answer = post_bytes(&server, path, content_type, whole.as_bytes()).await;
            answer.expect_problem(415, "unsupported_media_type");
        }
    }
    let largest = post_json(&server, OPERATIONS[0], padded(65_536).as_bytes()).await;
    largest.expect_problem(422, "invalid_phone_number");
    is_unharmed(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_bombs_are_refused_at_once() {
    let server = TestServer::start().await;
    let many_keys: String = (0..6_000)
        .map(|n| ["\"k", &n.to_string(), "\":0,"].concat())
        .collect();
    let long_number = format!("{{\"to\":{}}}", "9".repeat(60_000));
    for bomb in [
        "[".repeat(65_000),
        format!("{{{many_keys}\"z\":0}}"),
        long_number,
        format!("{{\"to\":\"{}\"}}", "\\u0000".repeat(10_000)),
    ] {
        #[expect(
            clippy::disallowed_methods,
            reason = "it is the machine's time that must not be used up"
        )]
        let started = Instant::now();
        let answer = post_json(&server, OPERATIONS[0], bomb.as_bytes()).await;
        answer.expect_problem(400, "invalid_request");
        // 5 ms on an idle machine. What takes time with the square of a body's length takes a minute.
        assert!(started.elapsed().as_secs() < 10);
    }
    is_unharmed(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_is_told_which_there_are_and_another_path_that_it_is_not_there() {
    let server = TestServer::start().await;
    let key = &server.application_key;
    for path in OPERATIONS {
        for method in ["PUT", "DELETE", "PATCH"] {
            let answer = server.request(method, path, key, &[], "").await;
            answer.expect_problem(405, "method_not_allowed");
            assert!(
                answer.header("allow").contains("POST"),
                "{}",
                answer.header("allow")
            );
        }
    }
    for path in [
        "/",
        "/v1",
        "/v1/otp",
        "/v1/otp/send/",
        "/v1/otp/send/x",
        "/v2/otp/send",
        "/admin",
        "/v1/../admin",
    ] {
        let answer = server.request("POST", path, key, &[], "{}").await;
        answer.expect_problem(404, "not_found");
    }
    is_unharmed(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_values_and_nothing_else() {
    let server = TestServer::start().await;
    let base = "/environments/default/messages";
    for (query, pointer) in [
        ("status=accepted%27--", "/status"),
        ("status=%25", "/status"),
        ("channel=SMS", "/channel"),
        ("since=yesterday", "/since"),
        ("since=2026-11-22", "/since"),
        ("cursor=%27%20OR%201", "/cursor"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
    ] {
        let path = format!("{base}?{query}");
        let answer = server.admin("GET", &path, serde_json::Value::Null).await;
        assert_eq!(answer.expect_invalid(), [pointer], "{query}");
    }
    for query in [
        "limit=many",
        "limit=-1",
        "order=to",
        "status=accepted&status=failed",
    ] {
        let path = format!("{base}?{query}");
        let answer = server.admin("GET", &path, serde_json::Value::Null).await;
        answer.expect_problem(400, "invalid_request");
    }
    is_unharmed(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_strangers_body_is_waited_for() {
    let server = TestServer::start().await;
    let document = otpost::app::openapi_document();
    let document = serde_json::to_value(document).unwrap();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"][0].is_null() {
                continue;
            }
            asked += 1;
            // Unread values of a path may hold anything; nothing of the body is ever sent.
            let path = path.replace(['{', '}'], "");
            let head = format!(
                "{} {path} HTTP/1.1\r\nContent-Length: 60000",
                method.to_uppercase()
            );
            let answer = plain_http::request(server.address, &head, b"").await;
            answer.expect_problem(401, "unauthorized");
        }
    }
    assert!(asked > 30, "{asked}");
    is_unharmed(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_documents_and_gives_the_400_that_names_an_unknown_parameter() {
    let server = TestServer::start().await;
    let document = serde_json::to_value(otpost::app::openapi_document()).unwrap();
    let application = server.application_path();
    let application = application.rsplit('/').next().unwrap();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        let answered = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        if !answered.to_string().contains("Page") {
            continue;
        }
        asked += 1;
        let documented = &operation["responses"]["400"]["description"];
        assert_eq!(documented, "`invalid_request`", "{path}");
        let path = path.replace("{env}", "default").replace("{app}", application);
        let key = if path.starts_with("/admin") {
            &server.admin_key
        } else {
            &server.application_key
        };
        let answer = server
            .request("GET", &format!("{path}?colour=vermilion"), key, &[], "")
            .await;
        let problem = answer.expect_problem(400, "invalid_request");
        assert!(
            problem["detail"].as_str().unwrap().contains("“colour”"),
            "{path}: {problem}"
        );
        assert!(!problem.to_string().contains("vermilion"), "{path}");
        server.request("GET", &path, key, &[], "").await.expect(200);
    }
    assert!(asked >= 9, "{asked}");
    is_unharmed(server).await;
}
