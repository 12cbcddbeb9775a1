//! How a recipient may be written, and what is none.

use std::time::Duration;

use otpost::domain::id::VerificationId;
use otpost::domain::message::Channel;
use otpost::domain::random::OsRandom;
use otpost::domain::recipient::{Recipient, RecipientRow};
use otpost::domain::time::Clock as _;
use serde_json::{Value, json};

use crate::support::tables::Tables;
use crate::support::test_server::TestServer;

fn newest_recipient(server: &TestServer) -> String {
    server.inbox.as_ref().unwrap().newest_first()[0].to.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_however_it_is_written() {
    let server = TestServer::start().await;
    for fields in [
        json!({ "to": "+61 466-043.123" }),
        json!({ "to": "(+61) 466 043 123", "country": "us" }),
        json!({ "to": "0466 043 123", "country": "AU" }),
        json!({ "to": "(0466) 043-123", "country": "au" }),
        json!({ "to": "+61466043123", "country": "us" }),
        json!({ "to": "+61466043123", "country": "no country" }),
        json!({ "login_hint": "phone:+61466043123:au" }),
        json!({ "login_hint": "phone:+61466043123:us" }),
        json!({ "login_hint": "phone:0466043123:au" }),
        json!({ "login_hint": "phone:0466043123", "country": "au" }),
    ] {
        let body = server.send_sms_with(fields.clone()).await.expect(201);
        assert_eq!(body["to"], "+61•••123", "{fields}");
        assert_eq!(newest_recipient(&server), "+61466043123", "{fields}");
    }
    server
        .send_sms("+61466043123")
        .await
        .expect_problem(429, "rate_limited");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn national_digits_need_a_country_of_the_request_or_of_the_environment() {
    let server = TestServer::start().await;
    let fields = json!({ "to": "0466043123" });
    let problem = server
        .send_sms_with(fields.clone())
        .await
        .expect_problem(422, "invalid_phone_number");
    assert_eq!(problem["reason"], "invalid_region");
    server.set_environment(json!({ "default_country": "au" })).await;
    server.send_sms_with(fields.clone()).await.expect(201);
    assert_eq!(newest_recipient(&server), "+61466043123");
    let british = json!({ "to": "07400 123456", "country": "gb" });
    server.send_sms_with(british).await.expect(201);
    assert_eq!(newest_recipient(&server), "+447400123456");
    server.set_environment(json!({ "default_country": null })).await;
    let again = server.send_sms_with(fields).await;
    again.expect_problem(422, "invalid_phone_number");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_number_is_refused_with_its_reason() {
    let server = TestServer::start().await;
    let long = format!("+{}", "6".repeat(299));
    let junk = "+61466043123junk".to_owned();
    for (to, reason) in [
        ("", "invalid_format"),
        ("+", "invalid_format"),
        ("1-800-FLOWERS", "invalid_format"),
        (junk.as_str(), "invalid_format"),
        ("+61466043123 ext 5", "invalid_format"),
        ("+61466043123;ext=5", "invalid_format"),
        ("+61466043123,+61466043124", "invalid_format"),
        ("+61466043123\r\nBcc: x", "invalid_format"),
        ("+61466043123\n", "invalid_format"),
        ("+６１４６６０４３１２３", "invalid_format"),
        ("++61466043123", "invalid_format"),
        ("tel:+61466043123", "invalid_format"),
        (long.as_str(), "invalid_format"),
        ("+61000000000", "invalid_format"),
        ("+999466043123", "invalid_country_code"),
    ] {
        let answer = server.send_sms_with(json!({ "to": to, "country": "au" })).await;
        let problem = answer.expect_problem(422, "invalid_phone_number");
        assert_eq!(problem["reason"], reason, "{to:?}");
    }
    for country in ["", "a", "zz", "aus", "ａｕ"] {
        let fields = json!({ "to": "0466043123", "country": country });
        let answer = server.send_sms_with(fields).await;
        let problem = answer.expect_problem(422, "invalid_phone_number");
        assert_eq!(problem["reason"], "invalid_region", "{country:?}");
    }
    assert_eq!(server.messages().await, Vec::<Value>::new());
    server.stop().await;
}

/// Premium rate, shared cost, toll-free, a pager, a company's access number, voicemail, a personal number; of no country.
const BLOCKED: [&str; 16] = [
    "+611900123456",
    "+4918012345",
    "+18002123456",
    "+447640123456",
    "+6570001234567",
    "+41860123456789",
    "+447012345678",
    "+80012345678",
    "+80812345678",
    "+870301234567",
    "+878101234567890",
    "+881612345678",
    "+8823421234",
    "+883510012345",
    "+88812345678901",
    "+979123456789",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_nobody_signs_in_with_is_blocked_before_anything_is_counted() {
    let server = TestServer::start().await;
    let path = "/environments/default/settings/sms";
    for allowed in [Value::Null, json!(["nz"])] {
        let settings = json!({ "allowed_countries": allowed });
        server.admin("PUT", path, settings).await.expect(200);
        for to in BLOCKED {
            let problem = server.send_sms(to).await.expect_problem(403, "recipient_blocked");
            assert_eq!(problem["reason"], "number_type", "{to}");
        }
    }
    let at_home = json!({ "to": "1900 123 456", "country": "au" });
    let problem = server.send_sms_with(at_home).await;
    problem.expect_problem(403, "recipient_blocked");
    assert_eq!(server.messages().await, Vec::<Value>::new());
    let mut tables = Tables::of(server.place.database()).await;
    assert_eq!(tables.count("limit_counters", "1 = 1").await, 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voice_over_ip_number_gets_its_code() {
    let server = TestServer::start().await;
    for to in ["+61147101234", "+445612345678", "+33912345678"] {
        server.send_sms(to).await.expect(201);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_not_sent_again_to_a_number_whose_type_is_blocked_by_now() {
    let server = TestServer::start().await;
    let (id, _) = server.sent_code("+61466043123").await;
    let premium = Recipient::from_stored(Channel::Sms, "+611900123456").unwrap();
    let (keys, row) = (
        server.place.keys(),
        RecipientRow::Verification(VerificationId::parse(&id).unwrap()),
    );
    let sealed = premium.seal(keys.in_use(server.clock.now()), &OsRandom, row);
    let database = server.place.database();
    let statement = format!(
        "UPDATE verifications SET sealed_recipient = {}",
        database.bytes(&sealed)
    );
    assert_eq!(database.run(statement).await.unwrap(), 1);
    server.clock.advance(Duration::from_secs(30));
    let problem = server.resend(&id).await.expect_problem(403, "recipient_blocked");
    assert_eq!(problem["reason"], "number_type");
    assert_eq!(server.read(&id).await["resends_left"], 4);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_address_is_refused() {
    let server = TestServer::start().await;
    let long = format!("{}@example.com", "a".repeat(288));
    let name = format!("Jane <{}>", "jane@example.com");
    for to in [
        "",
        "jane",
        "jane@",
        "@example.com",
        "jane@@example.com",
        "jane@example.com,joe@example.com",
        "jane@example.com joe@example.com",
        "jane@example.com\r\nBcc: joe@example.com",
        "jane@example.com\0",
        "\"jane\"@example.com",
        // Another letter is another person: never folded to `i` (CVE-2019-19844).
        "m\u{131}ke@example.com",
        "jane@exa mple.com",
        "jane@[127.0.0.1]",
        name.as_str(),
        long.as_str(),
    ] {
        let answer = server.send_email(to).await;
        answer.expect_problem(422, "invalid_email_address");
    }
    assert_eq!(server.messages().await, Vec::<Value>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_of_the_other_channel_is_a_mismatch() {
    let server = TestServer::start().await;
    for fields in [
        json!({ "to": "jane@example.com" }),
        json!({ "login_hint": "jane@example.com" }),
    ] {
        let answer = server.send_sms_with(fields).await;
        answer.expect_problem(422, "channel_mismatch");
    }
    for fields in [
        json!({ "to": "+61466043123" }),
        json!({ "to": "0466 043 123", "country": "au" }),
        json!({ "login_hint": "phone:+61466043123:au" }),
    ] {
        let mut fields = fields;
        fields["connection_id"] = json!(server.email);
        let answer = server.send_sms_with(fields).await;
        answer.expect_problem(422, "channel_mismatch");
    }
    let hint = json!({ "connection_id": server.email, "login_hint": "jane@example.com" });
    server.send_sms_with(hint).await.expect(201);
    assert_eq!(newest_recipient(&server), "jane@example.com");
    assert_eq!(server.messages().await.len(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_hint_of_another_form_is_refused_and_none_is_asked_for() {
    let server = TestServer::start().await;
    for hint in [
        "",
        "phone:",
        "phone::au",
        "username:jane",
        "phone:+61466043123:au:x",
        "+61466043123",
    ] {
        let answer = server.send_sms_with(json!({ "login_hint": hint })).await;
        assert_eq!(answer.expect_invalid(), ["/login_hint"], "{hint:?}");
    }
    let nobody = server.send_sms_with(json!({})).await;
    nobody.expect_problem(400, "invalid_request");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_keeps_its_case_for_sending_and_loses_it_for_limits() {
    let server = TestServer::start().await;
    for to in ["Jane@example.com", "jane@EXAMPLE.com"].repeat(5) {
        server.send_email(to).await.expect(201);
    }
    assert_eq!(newest_recipient(&server), "jane@example.com");
    server
        .send_email("JANE@example.com")
        .await
        .expect_problem(429, "rate_limited");
    server
        .send_email("jane.@example.com")
        .await
        .expect_problem(422, "invalid_email_address");
    server.send_email("janet@example.com").await.expect(201);
    server.stop().await;
}
