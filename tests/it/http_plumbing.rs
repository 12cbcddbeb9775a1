//! What every endpoint stands on, over real sockets: what is refused and how, and what every answer has.

use otpost::http::problem::Code;

use crate::support::plain_http::{get as fetch, post_json, request};
use service::{CANARY, Service, assert_common, assert_problem};

mod bodies;
mod connections;
mod framing;
mod leaving;
mod limits;
mod places;
mod service;
mod static_files;

#[tokio::test]
async fn a_body_that_is_not_as_documented_is_refused_and_never_repeated() {
    let service = Service::start().await;
    let bomb = "[".repeat(50_000);
    let bodies: &[&[u8]] = &[
        b"",
        b"{",
        b"424242",
        b"{\"verification_id\":\"v\",\"code\":424242}",
        b"{\"verification_id\":\"v\",\"code\":[\"424242\"]}",
        b"{\"verification_id\":\"v\",\"code\":{\"$ne\":424242}}",
        b"{\"verification_id\":\"v\",\"code\":true}",
        b"{\"verification_id\":\"v\",\"code\":null}",
        b"{\"verification_id\":\"v\",\"code\":NaN}",
        b"{\"verification_id\":\"v\"}",
        b"{\"verification_id\":\"v\",\"code\":\"1\",\"424242\":1}",
        b"{\"verification_id\":\"v\",\"code\":\"1\",\"to\":\"424242\"}",
        b"{\"verification_id\":\"v\",\"code\":\"1\",\"code\":\"424242\"}",
        b"{\"verification_id\":\"v\",\"code\":\"1\"} 424242",
        b"\xef\xbb\xbf{\"verification_id\":\"v\",\"code\":\"424242\"}",
        b"{\"verification_id\":\"v\",\"code\":\"424242\xff\"}",
        b"verification_id=v&code=424242",
        bomb.as_bytes(),
    ];
    for body in bodies {
        let answer = post_json(service.address, "/v1/otp/verify", body).await;
        assert_problem(&answer, Code::InvalidRequest);
    }
    let right = post_json(
        service.address,
        "/v1/otp/verify",
        br#"{"verification_id":"v","code":"1"}"#,
    );
    assert_eq!(right.await.status, 200);
}

#[tokio::test]
async fn a_problem_has_the_shape_of_the_contract() {
    let service = Service::start().await;
    let answer = post_json(service.address, "/v1/otp/verify", b"{\"code\":424242}").await;
    let mut body = answer.json();
    body["instance"] = "urn:otpost:request:[id]".into();
    insta::assert_json_snapshot!(body, @r#"
    {
      "code": "invalid_request",
      "detail": "“code”: a string is expected. “verification_id” is missing.",
      "instance": "urn:otpost:request:[id]",
      "status": 400,
      "title": "Invalid request",
      "type": "https://otp.example/docs/problems#invalid_request"
    }
    "#);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_or_not_its_length_is_declared() {
    let service = Service::start().await;
    let declared = "POST /v1/otp/verify HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 70000";
    // Nothing of the body is sent: it is refused by its length alone.
    assert_problem(
        &request(service.address, declared, b"").await,
        Code::PayloadTooLarge,
    );

    let chunked =
        "POST /v1/otp/verify HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked";
    let mut body = Vec::new();
    for _ in 0..70 {
        body.extend_from_slice(b"400\r\n");
        body.extend_from_slice(&[b' '; 1024]);
        body.extend_from_slice(b"\r\n");
    }
    // The last chunk is missing: the answer does not wait for it.
    assert_problem(
        &request(service.address, chunked, &body).await,
        Code::PayloadTooLarge,
    );
}

#[tokio::test]
async fn only_json_is_taken_for_json() {
    let service = Service::start().await;
    let body = br#"{"verification_id":"v","code":"1"}"#;
    let send = |headers: &'static str| async move {
        let head = format!("POST /v1/otp/verify HTTP/1.1\r\n{headers}Content-Length: 34");
        request(service.address, &head, body).await
    };
    for wrong in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/json; charset=iso-8859-1\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
    ] {
        assert_problem(&send(wrong).await, Code::UnsupportedMediaType);
    }
    for right in [
        "Content-Type: application/json; charset=utf-8\r\n",
        "Content-Type: application/merge-patch+json\r\n",
    ] {
        assert_eq!(send(right).await.status, 200, "{right}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_404_and_a_wrong_method_names_the_right_ones() {
    let service = Service::start().await;
    for path in [
        "/nothing",
        "/v1/otp/ver_1",
        "/v1/otp/424242",
        "/docs/../secret",
        "/v1/otp/%ff",
    ] {
        assert_problem(&fetch(service.address, path, &[]).await, Code::NotFound);
    }
    let answer = request(service.address, "DELETE /v1/otp/verify HTTP/1.1", b"").await;
    assert_problem(&answer, Code::MethodNotAllowed);
    assert!(answer.header("allow").contains("POST"), "{answer:?}");
}

#[tokio::test]
async fn a_query_is_read_strictly_and_never_holds_a_key() {
    let service = Service::start().await;
    assert_eq!(fetch(service.address, "/list?limit=5", &[]).await.body, "5");
    for query in [
        "key=424242",
        "token=424242",
        "access_token=424242",
        "limit=424242x",
        "limit=1&limit=2",
    ] {
        let answer = fetch(service.address, &format!("/list?{query}"), &[]).await;
        assert_problem(&answer, Code::InvalidRequest);
    }
}

#[tokio::test]
async fn an_idempotency_key_is_one_short_word_or_none() {
    let service = Service::start().await;
    let send = |header: String| async move {
        let head = format!("POST /keyed HTTP/1.1\r\n{header}Content-Length: 0");
        request(service.address, &head, b"").await
    };
    assert_eq!(send(String::new()).await.body, "");
    assert_eq!(send("Idempotency-Key: \"a b\"\r\n".to_owned()).await.body, "a b");
    for wrong in [
        "Idempotency-Key:\r\n".to_owned(),
        "Idempotency-Key: \"a\r\n".to_owned(),
        "Idempotency-Key: a\r\nIdempotency-Key: a\r\n".to_owned(),
        format!("Idempotency-Key: {}\r\n", "k".repeat(256)),
    ] {
        assert_problem(&send(wrong).await, Code::InvalidIdempotencyKey);
    }
}

#[tokio::test]
async fn an_operation_without_a_body_refuses_one() {
    let service = Service::start().await;
    let answer = request(
        service.address,
        "POST /keyed HTTP/1.1\r\nContent-Length: 6",
        b"424242",
    )
    .await;
    assert_problem(&answer, Code::InvalidRequest);
}

#[tokio::test]
async fn a_panic_and_a_failure_are_answered_without_their_cause_and_the_process_lives() {
    let service = Service::start().await;
    for path in ["/panic", "/fail", "/panic"] {
        assert_problem(&fetch(service.address, path, &[]).await, Code::InternalError);
    }
    assert_eq!(fetch(service.address, "/list", &[]).await.status, 200);
}

#[tokio::test]
async fn every_answer_has_an_id_of_our_own_and_is_not_stored() {
    let service = Service::start().await;
    for path in ["/list", "/livez"] {
        let answer = fetch(service.address, path, &["X-Request-Id: 424242"]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_common(&answer);
    }
    let [one, two] = [
        fetch(service.address, "/list", &[]).await,
        fetch(service.address, "/list", &[]).await,
    ];
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
async fn the_address_of_the_connection_counts_and_no_header() {
    let service = Service::start().await;
    let answer = fetch(
        service.address,
        "/whoami",
        &["X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1"],
    )
    .await;
    assert_eq!(answer.body, "127.0.0.1");
}

#[tokio::test]
async fn every_problem_is_documented_where_its_type_leads() {
    let service = Service::start().await;
    let page = fetch(service.address, "/docs/problems", &[]).await;
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    for code in Code::ALL {
        assert!(
            page.body.contains(&format!("id=\"{}\"", code.as_str())),
            "{code:?}"
        );
    }
}

#[tokio::test]
async fn the_documentation_needs_no_other_host() {
    let service = Service::start().await;
    let moved = fetch(service.address, "/docs", &[]).await;
    assert_eq!((moved.status, moved.header("location")), (303, "docs/"));
    let index = fetch(service.address, "/docs/", &[]).await;
    assert!(index.header("content-type").starts_with("text/html"));
    assert!(
        !index.body.contains("http://") && !index.body.contains("https://"),
        "{}",
        index.body
    );
    // No script of its own in the page, which the policy would not run.
    assert!(!index.body.contains("<script>"), "{}", index.body);
    let policy = index.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self';") && policy.contains("connect-src 'self'"),
        "{policy}"
    );

    let start = fetch(service.address, "/docs/start.js", &[]).await.body;
    assert!(start.contains("validatorUrl: \"none\""), "{start}");
    assert!(start.contains(" url: \"../openapi.json\""), "{start}");
    let document = fetch(service.address, "/openapi.json", &[]).await;
    assert_eq!(document.json()["openapi"], "3.1.0");
    assert_problem(
        &fetch(service.address, "/docs/nothing.js", &[]).await,
        Code::NotFound,
    );
}

#[tokio::test]
async fn a_request_is_measured_by_its_route_and_never_by_its_path() {
    let service = Service::start().await;
    let id = "ver_000102030405060708090a0b0c0d0e0f";
    fetch(service.address, &format!("/v1/otp/{id}"), &[]).await;
    fetch(service.address, &format!("/nothing/{CANARY}"), &[]).await;
    request(service.address, &format!("CANARY{CANARY} /list HTTP/1.1"), b"").await;
    let text = fetch(service.address, "/metrics", &[]).await.body;
    let count = "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/v1/otp/{id}\",\
                 http_response_status_code=\"200\"} ";
    assert!(text.contains(count), "{text}");
    assert!(text.contains("http_route=\"unmatched\"") && text.contains("http_request_method=\"_OTHER\""));
    assert!(text.contains("le=\"0.005\"") && text.contains("le=\"10\""));
    assert!(!text.contains(id) && !text.contains(CANARY), "{text}");
}
