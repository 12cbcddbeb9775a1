//! The double itself: what breaks the contract is refused, and remembered.

use rustls::RootCertStore;
use serde_json::json;

use super::{ACCOUNT_SID, RECIPIENT, SENDER, SERVICE_SID};
use crate::support::sms_sender::http_client;
use crate::support::twilio_double::TwilioDouble;

#[tokio::test]
async fn the_double_refuses_what_breaks_the_contract() {
    let double = TwilioDouble::start().await;
    let url = double
        .url()
        .join(&format!("/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"))
        .unwrap();
    let long = "x".repeat(1_601);
    let forms: &[&[(&str, &str)]] = &[
        &[("Body", "x"), ("From", SENDER)],
        &[("To", RECIPIENT), ("From", SENDER)],
        &[("To", RECIPIENT), ("Body", &long), ("From", SENDER)],
        &[("To", RECIPIENT), ("Body", "x")],
        &[
            ("To", RECIPIENT),
            ("Body", "x"),
            ("From", SENDER),
            ("MessagingServiceSid", SERVICE_SID),
        ],
        &[("To", RECIPIENT), ("Body", "x"), ("From", SERVICE_SID)],
        &[("To", RECIPIENT), ("Body", "x"), ("MessagingServiceSid", SENDER)],
        &[
            ("To", RECIPIENT),
            ("Body", "x"),
            ("From", SENDER),
            ("Surprise", "1"),
        ],
        &[
            ("To", RECIPIENT),
            ("Body", "x"),
            ("From", SENDER),
            ("ValidityPeriod", "0"),
        ],
        &[
            ("To", RECIPIENT),
            ("Body", "x"),
            ("From", SENDER),
            ("StatusCallback", "http://localhost/callbacks/twilio/msg_1"),
        ],
    ];
    let client = http_client(RootCertStore::empty());
    for form in forms {
        let request = client
            .post(url.clone())
            .basic_auth(ACCOUNT_SID, Some("x"))
            .form(form);
        assert_eq!(request.send().await.unwrap().status(), 400, "{form:?}");
    }
    assert_eq!(
        client
            .post(url.clone())
            .form(forms[0])
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let json = client
        .post(url)
        .basic_auth(ACCOUNT_SID, Some("x"))
        .json(&json!({}));
    assert_eq!(json.send().await.unwrap().status(), 415);
    let elsewhere = client.post(double.url()).basic_auth(ACCOUNT_SID, Some("x"));
    assert_eq!(elsewhere.send().await.unwrap().status(), 404);
    assert_eq!(double.violations().len(), forms.len() + 3);
}
