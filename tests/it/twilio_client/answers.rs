//! What each of Twilio's answers means for a message.

use std::time::Duration;

use otpost::provider::{Class, Receipt, SendError, Transport};
use serde_json::json;

use super::{RECIPIENT, class_of, client, outcome_of, outcome_of_silence};
use crate::support::http_double::{Reply, Script};
use crate::support::sms_sender::sms;
use crate::support::twilio_double::{TwilioDouble, refusal};

#[track_caller]
fn assert_accepted_without_sid(outcome: Result<Receipt, SendError>) {
    let receipt = outcome.expect("it is accepted");
    assert_eq!(receipt.provider_message_id, None);
    assert!(receipt.detail.is_some());
}

#[tokio::test]
async fn every_row_of_the_error_table_has_its_class() {
    let rows: &[(Class, u16, &[u32])] = &[
        (
            Class::RecipientInvalid,
            400,
            &[21211, 21214, 21217, 21614, 21635, 14101],
        ),
        (Class::RecipientOptedOut, 400, &[21610]),
        (Class::FraudBlocked, 403, &[60410, 60605, 60238]),
        (Class::DestinationDisabled, 403, &[21408, 21612, 21703, 60220]),
        (
            Class::SenderMisconfigured,
            400,
            &[
                21212, 21601, 21603, 21606, 21659, 21660, 21701, 21704, 21705, 21609, 21617, 21602, 21619,
            ],
        ),
        (
            Class::Account,
            400,
            &[20003, 20005, 10001, 20404, 20008, 21608, 20010],
        ),
        (Class::Account, 401, &[20003, 21211]),
        (Class::Throttled, 429, &[20429, 21211]),
        (Class::Throttled, 400, &[21611, 14107, 63038, 60203]),
        (Class::Transient, 400, &[20503, 21730]),
        (Class::ContentFiltered, 400, &[21618]),
        (Class::SenderMisconfigured, 400, &[99_999]),
        (Class::Account, 403, &[99_999]),
    ];
    let double = TwilioDouble::start().await;
    let client = client(double.url());
    for (class, status, codes) in rows {
        for code in *codes {
            double.refuse_with(*status, *code, "No.");
            let outcome = client.send(&sms(RECIPIENT)).await;
            let expected = SendError::NotAccepted {
                class: *class,
                retry_after: None,
                code: Some(code.to_string()),
                detail: "No.".to_owned(),
            };
            assert_eq!(outcome, Err(expected));
        }
    }
    assert_eq!(double.connections(), 1, "a connection outlives refusals");
}

#[tokio::test]
async fn refusals_without_twilios_body_have_the_class_of_their_status() {
    let check = async |(status, class)| {
        let page = Reply::text(status, "text/html", "<html>No").with_header("location", "/elsewhere");
        let outcome = outcome_of(Script::Reply(page.clone())).await;
        assert_eq!(class_of(&outcome), Some(class), "{status}");
        let outcome = outcome_of_silence(Script::HeadOnly(page)).await;
        assert_eq!(class_of(&outcome), Some(class), "{status}, without its body");
    };
    let statuses = [
        (302, Class::SenderMisconfigured),
        (400, Class::SenderMisconfigured),
        (401, Class::Account),
        (403, Class::Account),
        (404, Class::SenderMisconfigured),
        (429, Class::Throttled),
    ];
    for expected in statuses {
        check(expected).await;
    }
}

#[tokio::test]
async fn a_throttled_request_says_when_to_come_again() {
    for (header, seconds) in [
        (None, None),
        (Some("7"), Some(7)),
        (Some("Sun, 22 Nov 2026 09:00:30 GMT"), Some(30)),
        (Some("99999999999"), Some(86_400)),
        (Some("later"), None),
    ] {
        let mut reply = refusal(429, 20429, "Too Many Requests");
        if let Some(value) = header {
            reply = reply.with_header("retry-after", value);
        }
        let outcome = outcome_of(Script::Reply(reply)).await;
        let expected = SendError::NotAccepted {
            class: Class::Throttled,
            retry_after: seconds.map(Duration::from_secs),
            code: Some("20429".to_owned()),
            detail: "Too Many Requests".to_owned(),
        };
        assert_eq!(outcome, Err(expected), "{header:?}");
    }
}

#[tokio::test]
async fn after_a_5xx_nobody_knows_whatever_its_body_says() {
    for (reply, code) in [
        (refusal(503, 20503, "Service Unavailable"), Some("20503")),
        (refusal(500, 21211, "Invalid number"), Some("21211")),
        (Reply::text(502, "text/html", "<html>Bad Gateway"), None),
        (Reply::text(303, "text/plain", ""), None),
    ] {
        match outcome_of(Script::Reply(reply)).await {
            Err(SendError::Unknown { code: seen, .. }) => assert_eq!(seen.as_deref(), code),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_2xx_that_cannot_be_read_is_accepted_without_a_sid_and_not_sent_again() {
    let ten_megabytes = format!(
        "{{\"sid\":\"SM{:032}\",\"body\":\"{}\"}}",
        1,
        "x".repeat(10_000_000)
    );
    let bodies = [
        "",
        "{",
        "[]",
        "null",
        "{\"status\":\"queued\"}",
        "{\"sid\":null}",
        "{\"sid\":17}",
        "{\"sid\":\"SM1\"}",
        "<html>OK",
        &"[".repeat(100_000),
        &ten_megabytes,
    ];
    let double = TwilioDouble::start().await;
    for body in bodies {
        for status in [200, 201] {
            double.respond_with(Script::Reply(Reply::text(status, "application/json", body)));
            assert_accepted_without_sid(client(double.url()).send(&sms(RECIPIENT)).await);
        }
    }
    assert_eq!(double.requests().len(), 2 * bodies.len());
    let binary = Script::Raw(b"HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\n\xff\xfe\x00\x01".to_vec());
    assert_accepted_without_sid(outcome_of(binary).await);
    let cut = Script::Raw(b"HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{\"sid\":".to_vec());
    assert_accepted_without_sid(outcome_of(cut).await);
    let created = Reply::json(201, &json!({ "sid": "SM00000000000000000000000000000001" }));
    assert_accepted_without_sid(outcome_of_silence(Script::HeadOnly(created)).await);
}

#[tokio::test]
async fn an_accepted_message_that_failed_at_once_is_still_accepted_and_says_so() {
    let body = json!({ "sid": "MM0123456789abcdefABCDEF0123456789", "status": "failed", "error_code": 30007, "new": {} });
    let receipt = outcome_of(Script::Reply(Reply::json(201, &body))).await.unwrap();
    assert_eq!(
        receipt,
        Receipt {
            provider_message_id: Some("MM0123456789abcdefABCDEF0123456789".to_owned()),
            detail: Some("failed, error 30007".to_owned()),
        }
    );
}
