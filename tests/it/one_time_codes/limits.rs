//! Sends per recipient and per address of the end user: exact, however many come at once and wherever.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::plain_http::Answer;
use crate::support::test_server::{ServerOptions, TestServer};

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[track_caller]
fn is_limited(answer: &Answer, policy: &str, limit: &str, retry_after: u64) {
    answer.expect_problem(429, "rate_limited");
    assert_eq!(answer.header("ratelimit-policy"), policy);
    assert_eq!(answer.header("ratelimit"), limit);
    assert_eq!(answer.header("retry-after"), retry_after.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_parallel_sends_on_two_replicas_in_any_writing_ten_an_hour_are_made() {
    let server = TestServer::start().await;
    let replica = server.replica(ServerOptions::default()).await;
    let writings = [
        json!({ "to": "+61466043123" }),
        json!({ "to": "+61 466 043 123" }),
        json!({ "to": "(+61)466-043.123" }),
        json!({ "to": "0466043123", "country": "au" }),
        json!({ "login_hint": "phone:0466043123:au" }),
    ];
    let answers = join_all((0..50).map(|n| {
        let server = if n % 2 == 0 { &server } else { &replica };
        server.send_sms_with(writings[n % writings.len()].clone())
    }))
    .await;
    assert_eq!((count(&answers, 201), count(&answers, 429)), (10, 40));
    for answer in answers.iter().filter(|answer| answer.status == 429) {
        is_limited(
            answer,
            "\"recipient\";q=10;w=3600",
            "\"recipient\";r=0;t=3600",
            3600,
        );
    }
    assert_eq!(server.messages().await.len(), 10);
    server.clock.advance(Duration::from_millis(3_599_500));
    let last = server.send_sms("+61466043123").await;
    is_limited(&last, "\"recipient\";q=10;w=3600", "\"recipient\";r=0;t=1", 1);
    server.clock.advance(Duration::from_millis(500));
    server.send_sms("+61466043123").await.expect(201);
    replica.stop().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_takes_twenty_sends_to_one_recipient() {
    let server = TestServer::start().await;
    for _ in 0..2 {
        let sends = (0..10).map(|_| server.send_sms("+61466043123"));
        assert_eq!(count(&join_all(sends).await, 201), 10);
        server.clock.advance(Duration::from_hours(2));
    }
    let answers = join_all((0..50).map(|_| server.send_sms("+61466043123"))).await;
    assert_eq!(count(&answers, 429), 50);
    let left = 20 * 3600;
    let limit = format!("\"recipient\";r=0;t={left}");
    is_limited(&answers[0], "\"recipient\";q=20;w=86400", &limit, left);
    assert_eq!(server.messages().await.len(), 20);
    server.send_sms("+61466043124").await.expect(201);
    server.clock.advance(Duration::from_secs(left));
    server.send_sms("+61466043123").await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_users_address_takes_thirty_sends_an_hour() {
    let server = TestServer::start().await;
    let answers = join_all((0..50).map(|n| {
        let to = format!("+614660431{n:02}");
        server.send_sms_with(json!({ "to": to, "client_ip": "192.0.2.1" }))
    }))
    .await;
    assert_eq!((count(&answers, 201), count(&answers, 429)), (30, 20));
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    is_limited(refused, "\"ip\";q=30;w=3600", "\"ip\";r=0;t=3600", 3600);
    assert_eq!(server.messages().await.len(), 30);
    let without = server.send_sms("+61466043199").await;
    without.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_one_however_it_is_written_and_an_ipv6_one_is_its_64() {
    let server = TestServer::start().await;
    server.set_policy(json!({ "ip_sends_per_hour": 2 })).await;
    let mut number = 100;
    for (first, second, third, other) in [
        ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", "192.0.2.2"),
        (
            "2001:db8:0:1::1",
            "2001:DB8::1:ffff:ffff:ffff:ffff",
            "2001:db8:0:1::",
            "2001:db8:0:2::1",
        ),
    ] {
        for (address, status) in [(first, 201), (second, 201), (third, 429), (other, 201)] {
            number += 1;
            let fields = json!({ "to": format!("+61466043{number}"), "client_ip": address });
            assert_eq!(server.send_sms_with(fields).await.status, status, "{address}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_claims_an_address_is_not_believed() {
    let server = TestServer::start().await;
    server.set_policy(json!({ "ip_sends_per_hour": 1 })).await;
    for (number, status) in [(1, 201), (2, 429)] {
        let to = format!("+6146604312{number}");
        let body = json!({ "connection_id": server.phone, "to": to, "client_ip": "192.0.2.1" }).to_string();
        let claim = format!("x-forwarded-for: 192.0.2.10{number}");
        let answer = server
            .request("POST", "/v1/otp/send", &server.application_key, &[&claim], &body)
            .await;
        assert_eq!(answer.status, status);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_one_limit_refuses_costs_nothing_in_another() {
    let server = TestServer::start().await;
    server
        .set_policy(json!({ "sends_per_hour": 1, "ip_sends_per_hour": 2 }))
        .await;
    let fields = json!({ "to": "+61466043123", "client_ip": "192.0.2.1" });
    server.send_sms_with(fields.clone()).await.expect(201);
    for _ in 0..5 {
        server
            .send_sms_with(fields.clone())
            .await
            .expect_problem(429, "rate_limited");
    }
    let other = json!({ "to": "+61466043124", "client_ip": "192.0.2.1" });
    server.send_sms_with(other).await.expect(201);
    server.stop().await;
}
