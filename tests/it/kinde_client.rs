//! The client of the platform's own SMS endpoint.

use std::sync::Arc;
use std::time::Duration;

use otpost::domain::message::Provider;
use otpost::domain::secret::Secret;
use otpost::provider::kinde::Kinde;
use otpost::provider::{Class, Receipt, SendError, Transport};
use rustls::RootCertStore;
use serde_json::json;

use crate::support::http_double::{Reply, Script};
use crate::support::kinde_double::{KindeDouble, PlatformSms, TOKEN};
use crate::support::sms_sender::{StandingClock, http_client, in_silence, sms};

const RECIPIENT: &str = "+61466043123";

fn client(double: &KindeDouble, token: &str) -> Kinde {
    let client = http_client(RootCertStore::empty());
    Kinde::new(client, Arc::new(StandingClock), double.url(), Secret::new(token))
}

async fn outcome_of(script: Script) -> Result<Receipt, SendError> {
    let double = KindeDouble::start().await;
    double.respond_with(script);
    client(&double, TOKEN).send(&sms(RECIPIENT)).await
}

#[tokio::test]
async fn a_message_is_posted_as_json_with_the_bearer_token() {
    let double = KindeDouble::start().await;
    let (message, client) = (sms(RECIPIENT), client(&double, TOKEN));
    let receipt = client.send(&message).await.unwrap();
    assert_eq!(receipt.provider_message_id.as_deref(), Some("platform-1"));
    assert_eq!(client.provider(), Provider::Kinde);
    let expected = PlatformSms {
        to: RECIPIENT.to_owned(),
        body: message.body.clone(),
        message_id: message.id.to_string(),
    };
    assert_eq!(double.messages(), [expected]);
    assert_eq!(double.violations(), [""; 0]);
}

#[tokio::test]
async fn any_2xx_is_accepted_and_its_id_is_optional() {
    for (reply, id) in [
        (Reply::json(201, &json!({ "id": 17 })), Some("17")),
        (Reply::json(200, &json!({ "id": "a-1" })), Some("a-1")),
        (Reply::json(200, &json!({ "id": "a\nb" })), None),
        (Reply::json(200, &json!({ "id": "x".repeat(256) })), None),
        (Reply::json(200, &json!([])), None),
        (Reply::text(202, "text/html", "<html>fine"), None),
        (Reply::text(204, "text/plain", ""), None),
    ] {
        let receipt = outcome_of(Script::Reply(reply)).await.unwrap();
        assert_eq!(receipt.provider_message_id.as_deref(), id);
    }
}

#[tokio::test]
async fn a_4xx_is_the_senders_fault_unless_it_names_the_recipient_or_says_to_come_later() {
    let rejected = json!({ "error": "recipient_rejected" });
    for (reply, class, wait) in [
        (Reply::json(400, &rejected), Class::RecipientInvalid, None),
        (Reply::json(422, &rejected), Class::RecipientInvalid, None),
        (
            Reply::json(422, &json!({ "error": "other" })),
            Class::SenderMisconfigured,
            None,
        ),
        (
            Reply::text(401, "text/plain", "who?"),
            Class::SenderMisconfigured,
            None,
        ),
        (
            Reply::text(307, "text/plain", ""),
            Class::SenderMisconfigured,
            None,
        ),
        (
            Reply::json(429, &rejected).with_header("retry-after", "9"),
            Class::Throttled,
            Some(9),
        ),
    ] {
        match outcome_of(Script::Reply(reply)).await {
            Err(SendError::NotAccepted {
                class: seen,
                retry_after,
                ..
            }) => {
                assert_eq!((seen, retry_after), (class, wait.map(Duration::from_secs)));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn after_a_5xx_a_reset_or_silence_nobody_knows() {
    for script in [
        Script::Reply(Reply::json(500, &json!({ "error": "recipient_rejected" }))),
        Script::Reply(Reply::text(503, "text/html", "<html>")),
        Script::Reset,
        Script::ResetUnread,
    ] {
        let outcome = outcome_of(script.clone()).await;
        assert!(
            matches!(outcome, Err(SendError::Unknown { .. })),
            "{script:?} {outcome:?}"
        );
    }
    let double = KindeDouble::start().await;
    double.respond_with(Script::Hang);
    let (client, message) = (client(&double, TOKEN), sms(RECIPIENT));
    let outcome = in_silence(client.send(&message), || double.silences()).await;
    assert!(matches!(outcome, Err(SendError::Unknown { .. })), "{outcome:?}");
}

#[tokio::test]
async fn what_the_endpoint_says_is_freed_of_the_token_the_recipient_and_the_code() {
    let said = json!({ "error": format!("{TOKEN}: 042042 to {RECIPIENT}") });
    let error = outcome_of(Script::Reply(Reply::json(400, &said)))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "not accepted, sender_misconfigured: HTTP 400: •••: ••• to •••"
    );
}

#[tokio::test]
async fn a_wrong_token_or_one_that_no_header_can_carry_is_the_senders_fault() {
    for (token, requests) in [("wrong", 1), ("line\nbreak", 0)] {
        let double = KindeDouble::start().await;
        match client(&double, token).send(&sms(RECIPIENT)).await {
            Err(SendError::NotAccepted { class, detail, .. }) => {
                assert_eq!(class, Class::SenderMisconfigured);
                assert!(!detail.contains("break"), "{detail}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(double.requests(), requests);
        assert_eq!(double.messages(), []);
        assert_eq!(double.violations().len(), requests);
    }
}
