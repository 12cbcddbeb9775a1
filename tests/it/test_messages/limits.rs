//! What tests are counted against: the recipient's limits, one of their own, and the test quota.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::{test_email, test_sms};
use crate::support::carriers::{both, number, own_twilio, platform, quota_used, save_sms};
use crate::support::http_double::{Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::test_server::TestServer;
use crate::support::twilio_double::TwilioDouble;

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_may_test_ten_times_a_minute_over_both_channels() {
    let server = TestServer::start().await;
    let numbers: Vec<_> = (0..30).map(number).collect();
    let answers = join_all(numbers.iter().map(|to| test_sms(&server, to))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 10);
    let refused = test_email(&server, "ada@example.com").await;
    refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), "\"test_messages\";q=10;w=60");
    assert_eq!(refused.header("ratelimit"), "\"test_messages\";r=0;t=60");
    assert_eq!(refused.header("retry-after"), "60");
    server.clock.advance(Duration::from_secs(59));
    test_sms(&server, &number(1))
        .await
        .expect_problem(429, "rate_limited");
    server.clock.advance(Duration::from_secs(1));
    test_sms(&server, &number(1)).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_and_codes_to_one_recipient_share_its_limits() {
    let server = TestServer::start().await;
    server
        .set_policy(json!({ "sends_per_hour": 4, "sends_per_day": 6 }))
        .await;
    let (to, address) = (number(1), "ada@example.com");
    for _ in 0..2 {
        test_sms(&server, &to).await.expect(200);
        server.send_sms(&to).await.expect(201);
        test_email(&server, address).await.expect(200);
        server.send_email(address).await.expect(201);
    }
    for refused in [test_sms(&server, &to).await, test_email(&server, address).await] {
        refused.expect_problem(429, "rate_limited");
        assert_eq!(refused.header("ratelimit-policy"), "\"recipient\";q=4;w=3600");
        assert_eq!(refused.header("retry-after"), "3600");
    }
    server.send_sms(&to).await.expect_problem(429, "rate_limited");
    server.clock.advance(Duration::from_hours(1));
    for _ in 0..2 {
        test_sms(&server, &to).await.expect(200);
    }
    let refused = test_sms(&server, &to).await;
    refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), "\"recipient\";q=6;w=86400");
    assert_eq!(refused.header("retry-after"), "82800");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_accepted_gives_the_recipient_its_place_back_and_the_environment_none() {
    let twilio = TwilioDouble::start().await;
    let kinde = KindeDouble::start().await;
    let server = both(&kinde, &twilio).start().await;
    server
        .set_policy(json!({ "sends_per_hour": 1, "sends_per_day": 1 }))
        .await;
    save_sms(&server, own_twilio(&json!({}))).await;
    for _ in 0..9 {
        twilio.refuse_with(400, 21704, "no numbers");
        assert_eq!(test_sms(&server, &number(1)).await.expect(200)["accepted"], false);
    }
    assert_eq!(test_sms(&server, &number(1)).await.expect(200)["accepted"], true);
    let refused = test_sms(&server, &number(2)).await;
    assert_eq!(refused.header("ratelimit-policy"), "\"test_messages\";q=10;w=60");
    server.clock.advance(Duration::from_mins(1));
    let refused = test_sms(&server, &number(1)).await;
    assert_eq!(refused.header("ratelimit-policy"), "\"recipient\";q=1;w=86400");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_through_the_platform_takes_a_place_of_the_test_quota_and_one_through_the_own_account_none() {
    let (kinde, twilio) = (KindeDouble::start().await, TwilioDouble::start().await);
    let server = both(&kinde, &twilio)
        .set("platform.sms.monthly_test_quota", 2)
        .start()
        .await;
    kinde.respond_with(Script::Reply(Reply::json(400, &json!({ "error": "no route" }))));
    let refused = test_sms(&server, &number(1)).await.expect(200);
    assert_eq!(
        (&refused["accepted"], &refused["provider"]),
        (&json!(false), &json!("kinde"))
    );
    assert!(
        refused["error"]["hint"].as_str().unwrap().contains("operator"),
        "{refused}"
    );
    assert_eq!(quota_used(&server).await, 0);
    for used in 1..=2 {
        assert_eq!(test_sms(&server, &number(1)).await.expect(200)["accepted"], true);
        assert_eq!(quota_used(&server).await, used);
    }
    let problem = test_sms(&server, &number(1))
        .await
        .expect_problem(429, "sms_limit_reached");
    assert_eq!(problem["limit"], 2);
    server
        .send_sms(&number(1))
        .await
        .expect_problem(429, "sms_limit_reached");
    save_sms(&server, own_twilio(&json!({}))).await;
    assert_eq!(
        test_sms(&server, &number(1)).await.expect(200)["provider"],
        "twilio"
    );
    assert_eq!(quota_used(&server).await, 2);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_test_counts_nowhere() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde)
        .set("platform.sms.monthly_test_quota", 0)
        .start()
        .await;
    server
        .set_policy(json!({ "sends_per_hour": 1, "sends_per_day": 1 }))
        .await;
    for _ in 0..12 {
        let refused = test_sms(&server, &number(1)).await;
        refused.expect_problem(429, "sms_limit_reached");
    }
    assert_eq!(kinde.requests(), 0);
    assert!(super::audit(&server, "settings.sms.test").await.is_empty());
    server.stop().await;
}
