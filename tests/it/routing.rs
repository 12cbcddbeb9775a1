//! Who carries a text message: the rows of the routing table and of the classes, from a request to the wire.

use serde_json::{Value, json};

use crate::support::carriers::{
    ACCOUNT, AUTH_TOKEN, SERVICE, both, number, own_twilio, platform, quota_used, save_sms, send_for,
};
use crate::support::http_double::{Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::plain_http::Answer;
use crate::support::test_server::{ServerOptions, TestServer};
use crate::support::twilio_double::TwilioDouble;

fn carried_by(answer: &Answer) -> (String, bool) {
    assert_eq!(answer.status, 201, "{}", answer.body);
    let message = &answer.json()["message"];
    assert_eq!(message["status"], "accepted", "{message}");
    let provider = message["provider"].as_str().unwrap().to_owned();
    (provider, message["fallback"].as_bool().unwrap())
}

async fn with_own_twilio(changes: &Value) -> (TestServer, KindeDouble, TwilioDouble) {
    let (kinde, twilio) = (KindeDouble::start().await, TwilioDouble::start().await);
    let server = both(&kinde, &twilio).start().await;
    save_sms(&server, own_twilio(changes)).await;
    (server, kinde, twilio)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_account_sends_by_its_messaging_service() {
    let (kinde, twilio) = (KindeDouble::start().await, TwilioDouble::start().await);
    let server = both(&kinde, &twilio)
        .set("server.public_url", "https://otp.example.com")
        .start()
        .await;
    save_sms(&server, own_twilio(&json!({}))).await;
    twilio.accept_only(ACCOUNT, AUTH_TOKEN);
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(carried_by(&answer), ("twilio".to_owned(), false));
    let sent = &twilio.requests()[0];
    assert_eq!(sent.account_sid, ACCOUNT);
    assert_eq!(sent.parameter("To"), Some(number(1).as_str()));
    assert_eq!(sent.parameter("MessagingServiceSid"), Some(SERVICE));
    assert_eq!(sent.parameter("From"), None);
    assert_eq!(sent.parameter("ValidityPeriod"), Some("600"));
    // Though Twilio could reach us, and there is a token to check it with: nothing here takes a report yet.
    assert_eq!(sent.parameter("StatusCallback"), None);
    assert_eq!(twilio.violations(), Vec::<String>::new());
    assert_eq!((kinde.requests(), quota_used(&server).await), (0, 0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_account_sends_by_its_number_with_an_api_key() {
    let key = "SK0123456789abcdef0123456789abcdef";
    let account = json!({ "twilio": {
        "account_sid": ACCOUNT, "api_key_sid": key, "api_key_secret": "secret of the key",
        "source": "phone_number", "phone_number": "+15005550006", "messaging_service_sid": SERVICE,
        "discard_content": true, "obfuscate_address": true,
    } });
    let (server, _kinde, twilio) = with_own_twilio(&account).await;
    twilio.accept_only(key, "secret of the key");
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(carried_by(&answer), ("twilio".to_owned(), false));
    let sent = &twilio.requests()[0];
    assert_eq!(sent.parameter("From"), Some("+15005550006"));
    assert_eq!(sent.parameter("MessagingServiceSid"), None);
    assert_eq!(sent.parameter("ContentRetention"), Some("discard"));
    assert_eq!(sent.parameter("AddressRetention"), Some("obfuscate"));
    assert_eq!(twilio.violations(), Vec::<String>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mfa_goes_out_by_the_own_account_where_its_switch_is_on() {
    let (server, kinde, _twilio) = with_own_twilio(&json!({ "use_for_mfa": true })).await;
    let answer = send_for(&server, "mfa", &number(1)).await;
    assert_eq!(carried_by(&answer), ("twilio".to_owned(), false));
    assert_eq!((kinde.requests(), quota_used(&server).await), (0, 0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mfa_goes_out_by_the_platform_where_its_switch_is_off() {
    let (server, kinde, twilio) = with_own_twilio(&json!({ "use_for_mfa": false, "fallback": true })).await;
    let answer = send_for(&server, "mfa", &number(1)).await;
    assert_eq!(carried_by(&answer), ("kinde".to_owned(), false));
    assert_eq!(
        (
            twilio.requests().len(),
            kinde.requests(),
            quota_used(&server).await
        ),
        (0, 1, 1)
    );
    for purpose in ["sign_in", "sign_up", "password_reset", "verify"] {
        let answer = send_for(&server, purpose, &number(1)).await;
        assert_eq!(carried_by(&answer), ("twilio".to_owned(), false), "{purpose}");
    }
    assert_eq!(quota_used(&server).await, 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_own_account_the_platforms_endpoint_carries_everything_on_the_quota() {
    let kinde = KindeDouble::start().await;
    let server = platform(&kinde).start().await;
    for (index, purpose) in ["sign_in", "mfa"].into_iter().enumerate() {
        let answer = send_for(&server, purpose, &number(index)).await;
        assert_eq!(carried_by(&answer), ("kinde".to_owned(), false));
        let sent = kinde.messages().pop().unwrap();
        assert_eq!(sent.to, number(index));
        assert_eq!(sent.message_id, answer.json()["message"]["id"]);
    }
    assert_eq!(quota_used(&server).await, 2);
    assert_eq!(kinde.violations(), Vec::<String>::new());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platforms_twilio_account_is_called_kinde() {
    let twilio = TwilioDouble::start().await;
    let server = ServerOptions::default()
        .set("twilio.base_url", twilio.url())
        .set("platform.sms.provider", "twilio")
        .set("platform.sms.account_sid", ACCOUNT)
        .set("platform.sms.auth_token", AUTH_TOKEN)
        .set("platform.sms.source", "phone_number")
        .set("platform.sms.phone_number", "+15005550006")
        .start()
        .await;
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(carried_by(&answer), ("kinde".to_owned(), false));
    assert_eq!(twilio.requests()[0].parameter("From"), Some("+15005550006"));
    assert_eq!(quota_used(&server).await, 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_is_called_console_and_counts_nothing() {
    let server = TestServer::start().await;
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(carried_by(&answer), ("console".to_owned(), false));
    assert_eq!(quota_used(&server).await, 0);
    server.stop().await;
}

/// The codes of `contracts/twilio.md` when creating a message, by what becomes of the message.
const CARRIED_BY_THE_FALLBACK: &[(u16, u32)] = &[
    (400, 21408),
    (400, 21612),
    (400, 21703),
    (400, 60220),
    (400, 21212),
    (400, 21601),
    (400, 21603),
    (400, 21606),
    (400, 21659),
    (400, 21660),
    (400, 21701),
    (400, 21704),
    (400, 21705),
    (400, 21609),
    (400, 21617),
    (400, 21602),
    (400, 21619),
    (401, 20003),
    (403, 20005),
    (400, 10001),
    (404, 20404),
    (403, 20008),
    (400, 21608),
    (400, 20010),
    (429, 20429),
    (400, 21611),
    (400, 14107),
    (400, 63038),
    (400, 60203),
    (400, 20503),
    (400, 21730),
    (400, 21618),
];

const ENDED: &[(u16, u32, u16, &str)] = &[
    (400, 21211, 422, "recipient_rejected"),
    (400, 21214, 422, "recipient_rejected"),
    (400, 21217, 422, "recipient_rejected"),
    (400, 21614, 422, "recipient_rejected"),
    (400, 21635, 422, "recipient_rejected"),
    (400, 14101, 422, "recipient_rejected"),
    (400, 21610, 422, "recipient_opted_out"),
    (403, 60410, 502, "delivery_failed"),
    (400, 60605, 502, "delivery_failed"),
    (400, 60238, 502, "delivery_failed"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_fallback_carries_the_same_text_where_the_fault_is_not_the_recipients() {
    let (server, kinde, twilio) = with_own_twilio(&json!({ "fallback": true })).await;
    for (index, (status, code)) in CARRIED_BY_THE_FALLBACK.iter().enumerate() {
        // Saving closes the breaker that a fault of the account opens.
        save_sms(&server, own_twilio(&json!({ "fallback": true }))).await;
        twilio.refuse_with(*status, *code, "refused");
        let answer = server.send_sms(&number(index)).await;
        assert_eq!(carried_by(&answer), ("kinde".to_owned(), true), "{code}");
        let (first, second) = (twilio.requests().pop().unwrap(), kinde.messages().pop().unwrap());
        assert_eq!(first.parameter("Body"), Some(second.body.as_str()), "{code}");
        assert_eq!(second.to, number(index));
        assert_eq!(
            (twilio.requests().len(), kinde.requests()),
            (index + 1, index + 1)
        );
    }
    assert_eq!(quota_used(&server).await, 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fallback_follows_on_a_recipients_fault_or_fraud() {
    let (server, kinde, twilio) = with_own_twilio(&json!({ "fallback": true })).await;
    for (index, (status, code, answered, problem)) in ENDED.iter().enumerate() {
        twilio.refuse_with(*status, *code, "refused");
        let answer = server.send_sms(&number(index)).await;
        assert_eq!(answer.status, *answered, "{code}: {}", answer.body);
        assert_eq!(answer.json()["code"], *problem, "{code}");
        assert!(
            answer.json()["verification_id"]
                .as_str()
                .unwrap()
                .starts_with("ver_")
        );
        assert!(answer.json()["message_id"].as_str().unwrap().starts_with("msg_"));
    }
    assert_eq!((twilio.requests().len(), kinde.requests()), (ENDED.len(), 0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fallback_follows_on_an_outcome_that_is_not_known() {
    let (server, kinde, twilio) = with_own_twilio(&json!({ "fallback": true })).await;
    let page = Reply::text(502, "text/html", "<h1>Bad gateway</h1>");
    for (index, script) in [Script::Reset, Script::Reply(page)].into_iter().enumerate() {
        twilio.respond_with(script);
        let answer = server.send_sms(&number(index)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let message = &answer.json()["message"];
        assert_eq!(
            (&message["status"], &message["provider"]),
            (&json!("unknown"), &json!("twilio"))
        );
    }
    // Accepted, although the answer cannot be read: nobody else is asked either.
    twilio.respond_with(Script::Reply(Reply::text(201, "text/html", "<p>created</p>")));
    assert_eq!(
        carried_by(&server.send_sms(&number(9)).await),
        ("twilio".to_owned(), false)
    );
    assert_eq!(kinde.requests(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_switch_a_senders_fault_is_final() {
    let (server, kinde, twilio) = with_own_twilio(&json!({ "fallback": false })).await;
    twilio.refuse_with(400, 21606, "refused");
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (502, &json!("delivery_failed"))
    );
    assert_eq!(kinde.requests(), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fallback_ends_at_the_operators_cap_and_a_refused_one_takes_no_place() {
    let (kinde, twilio) = (KindeDouble::start().await, TwilioDouble::start().await);
    let options = both(&kinde, &twilio).set("platform.sms.monthly_fallback_cap", 1);
    let server = options.start().await;
    save_sms(&server, own_twilio(&json!({ "fallback": true }))).await;
    kinde.respond_with(Script::Reply(Reply::json(
        400,
        &json!({ "error": "recipient_rejected" }),
    )));
    let expected = [(422, 1), (201, 2), (502, 2)];
    for (index, (status, asked)) in expected.into_iter().enumerate() {
        twilio.refuse_with(400, 21606, "refused");
        let answer = server.send_sms(&number(index)).await;
        assert_eq!(
            (answer.status, kinde.requests()),
            (status, asked),
            "{}",
            answer.body
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_never_stands_in_for_an_own_account() {
    let twilio = TwilioDouble::start().await;
    let server = ServerOptions::default()
        .set("twilio.base_url", twilio.url())
        .start()
        .await;
    save_sms(&server, own_twilio(&json!({ "fallback": true }))).await;
    twilio.refuse_with(400, 21606, "refused");
    assert_eq!(server.send_sms(&number(1)).await.status, 502);
    assert!(server.inbox.as_ref().unwrap().newest_first().is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_public_address_the_console_counts_as_none() {
    let twilio = TwilioDouble::start().await;
    let options = ServerOptions::default().set("server.listen", "0.0.0.0:8080");
    let server = options.set("twilio.base_url", twilio.url()).start().await;
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (503, &json!("sms_not_configured"))
    );
    assert!(server.inbox.is_none());
    let made = server
        .admin("GET", "/environments/default/messages", Value::Null)
        .await;
    assert_eq!(made.json()["data"], json!([]));
    save_sms(&server, own_twilio(&json!({}))).await;
    let answer = server.send_sms(&number(1)).await;
    assert_eq!(carried_by(&answer), ("twilio".to_owned(), false));
    server.stop().await;
}
