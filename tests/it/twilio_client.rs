//! The Twilio client against a double that holds it to the contract: what it sends, what it makes of the `answers`, and
//! what it makes of a `network` that fails.

use std::sync::Arc;

use otpost::domain::message::{Provider, Sms};
use otpost::domain::settings::TwilioAccount;
use otpost::provider::twilio::classes::Classes;
use otpost::provider::twilio::{Gateway, Twilio};
use otpost::provider::{Class, Receipt, SendError, Transport};
use rustls::RootCertStore;
use serde_json::{Value, json};
use url::Url;

use crate::support::http_double::Script;
use crate::support::sms_sender::{StandingClock, http_client, in_silence, sms};
use crate::support::twilio_double::{TwilioDouble, refusal};

mod answers;
mod double;
mod network;

const ACCOUNT_SID: &str = "AC00000000000000000000000000000001";
const AUTH_TOKEN: &str = "auth-token-that-nobody-may-read";
const KEY_SID: &str = "SK00000000000000000000000000000002";
const KEY_SECRET: &str = "key-secret-that-nobody-may-read";
const SERVICE_SID: &str = "MG00000000000000000000000000000003";
const SENDER: &str = "+15005550006";
const RECIPIENT: &str = "+61466043123";

fn account() -> TwilioAccount {
    account_with(&json!({}))
}

/// The account with these settings in the place of its own.
fn account_with(settings: &Value) -> TwilioAccount {
    let mut account = json!({
        "account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "source": "phone_number", "phone_number": SENDER,
    });
    account
        .as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    serde_json::from_value(account).unwrap()
}

fn gateway(base_url: Url, roots: RootCertStore) -> Gateway {
    Gateway {
        client: http_client(roots),
        clock: Arc::new(StandingClock),
        base_url: Some(base_url),
        classes: Arc::new(Classes::default()),
    }
}

fn client(base_url: Url) -> Twilio {
    client_of(account(), base_url)
}

fn client_of(account: TwilioAccount, base_url: Url) -> Twilio {
    Twilio::new(
        gateway(base_url, RootCertStore::empty()),
        account,
        Provider::Twilio,
    )
}

/// The outcome of one message to a double that follows `script`.
async fn outcome_of(script: Script) -> Result<Receipt, SendError> {
    let double = TwilioDouble::start().await;
    double.respond_with(script);
    client(double.url()).send(&sms(RECIPIENT)).await
}

/// The outcome of one message to a double that follows `script`, which does not come to the end of an answer.
async fn outcome_of_silence(script: Script) -> Result<Receipt, SendError> {
    let double = TwilioDouble::start().await;
    double.respond_with(script);
    let (client, message) = (client(double.url()), sms(RECIPIENT));
    in_silence(client.send(&message), || double.silences()).await
}

fn class_of(outcome: &Result<Receipt, SendError>) -> Option<Class> {
    match outcome {
        Err(SendError::NotAccepted { class, .. }) => Some(*class),
        _ => None,
    }
}

#[tokio::test]
async fn a_message_goes_out_as_the_contract_says() {
    let double = TwilioDouble::start().await;
    double.accept_only(ACCOUNT_SID, AUTH_TOKEN);
    let message = sms(RECIPIENT);
    let receipt = client(double.url()).send(&message).await.unwrap();
    assert_eq!(
        receipt,
        Receipt {
            provider_message_id: Some("SM00000000000000000000000000000000".to_owned()),
            detail: Some("queued".to_owned()),
        }
    );
    let sent = &double.requests()[0];
    for (name, value) in [
        ("To", Some(RECIPIENT)),
        ("Body", Some(message.body.as_str())),
        ("From", Some(SENDER)),
        ("MessagingServiceSid", None),
        ("ValidityPeriod", Some("599")),
        ("StatusCallback", None),
        ("ContentRetention", None),
        ("AddressRetention", None),
    ] {
        assert_eq!(sent.parameter(name), value, "{name}");
    }
    assert_eq!(sent.account_sid, ACCOUNT_SID);
    assert_eq!(double.violations(), [""; 0]);
}

#[tokio::test]
async fn a_messaging_service_an_api_key_and_retention_are_used_where_they_are_set() {
    let double = TwilioDouble::start().await;
    double.accept_only(KEY_SID, KEY_SECRET);
    let account = account_with(&json!({
        "auth_token": null, "api_key_sid": KEY_SID, "api_key_secret": KEY_SECRET, "source": "messaging_service",
        "messaging_service_sid": SERVICE_SID, "discard_content": true, "obfuscate_address": true,
    }));
    let receipt = client_of(account, double.url())
        .send(&sms(RECIPIENT))
        .await
        .unwrap();
    assert_eq!(receipt.detail.as_deref(), Some("accepted"));
    let sent = &double.requests()[0];
    assert_eq!(
        (
            sent.account_sid.as_str(),
            sent.user.as_str(),
            sent.password.as_str()
        ),
        (ACCOUNT_SID, KEY_SID, KEY_SECRET)
    );
    for (name, value) in [
        ("MessagingServiceSid", Some(SERVICE_SID)),
        ("From", None),
        ("StatusCallback", None),
        ("ContentRetention", Some("discard")),
        ("AddressRetention", Some("obfuscate")),
    ] {
        assert_eq!(sent.parameter(name), value, "{name}");
    }
    assert_eq!(double.violations(), [""; 0]);
}

#[tokio::test]
async fn the_operators_account_is_the_platform_sender() {
    let double = TwilioDouble::start().await;
    let shared = gateway(double.url(), RootCertStore::empty());
    assert_eq!(
        Twilio::new(shared, account(), Provider::Kinde).provider(),
        Provider::Kinde
    );
}

#[tokio::test]
async fn an_account_without_credentials_or_a_region_without_an_edge_is_refused_before_anything_is_sent() {
    let double = TwilioDouble::start().await;
    let without_credentials = account_with(&json!({ "auth_token": null }));
    let outcome = client_of(without_credentials, double.url())
        .send(&sms(RECIPIENT))
        .await;
    assert_eq!(class_of(&outcome), Some(Class::Account));
    let nowhere = account_with(&json!({ "region": "nowhere" }));
    let mut gateway = gateway(double.url(), RootCertStore::empty());
    gateway.base_url = None;
    let outcome = Twilio::new(gateway, nowhere, Provider::Twilio)
        .send(&sms(RECIPIENT))
        .await;
    assert_eq!(class_of(&outcome), Some(Class::SenderMisconfigured));
    assert_eq!(double.connections(), 0);
}

#[tokio::test]
async fn the_test_numbers_are_refused_by_their_class_without_a_word_of_the_recipient() {
    let double = TwilioDouble::start().await;
    for (from, to, code, class) in [
        (SENDER, "+15005550001", "21211", Class::RecipientInvalid),
        (SENDER, "+15005550002", "21612", Class::DestinationDisabled),
        (SENDER, "+15005550003", "21408", Class::DestinationDisabled),
        (SENDER, "+15005550004", "21610", Class::RecipientOptedOut),
        (SENDER, "+15005550009", "21614", Class::RecipientInvalid),
        ("+15005550001", RECIPIENT, "21212", Class::SenderMisconfigured),
        ("+15005550007", RECIPIENT, "21606", Class::SenderMisconfigured),
        ("+15005550008", RECIPIENT, "21611", Class::Throttled),
    ] {
        let account = account_with(&json!({ "phone_number": from }));
        let outcome = client_of(account, double.url()).send(&sms(to)).await;
        let expected = SendError::NotAccepted {
            class,
            retry_after: None,
            code: Some(code.to_owned()),
            detail: "No message from ••• to ••• is possible".to_owned(),
        };
        assert_eq!(outcome, Err(expected));
    }
    assert_eq!(double.violations(), [""; 0]);
}

#[tokio::test]
async fn neither_secrets_nor_the_recipient_nor_the_code_are_in_an_error() {
    let message: Sms = sms(RECIPIENT);
    let echo = format!("{AUTH_TOKEN} may not send {:?} to {RECIPIENT}", message.body);
    for status in [400, 500] {
        let outcome = outcome_of(Script::Reply(refusal(status, 21211, &echo))).await;
        let told = format!("{outcome:?} {}", outcome.as_ref().unwrap_err());
        for hidden in [AUTH_TOKEN, RECIPIENT.trim_start_matches('+'), "042042"] {
            assert!(!told.contains(hidden), "{told}");
        }
    }
}

#[tokio::test]
async fn wrong_credentials_are_the_accounts_fault() {
    let double = TwilioDouble::start().await;
    double.accept_only(ACCOUNT_SID, "another token");
    let outcome = client(double.url()).send(&sms(RECIPIENT)).await;
    assert_eq!(class_of(&outcome), Some(Class::Account));
    assert_eq!(double.violations(), [""; 0]);
}
