//! A monthly counter that cannot be read: whether somebody may carry the message is not known, so it waits.

use std::time::Duration;

use serde_json::{Value, json};

use super::{is_queued, throttled};
use crate::support::carriers::{
    both, events, message, message_id, message_when, number, own_twilio, quota_used, save_sms,
};
use crate::support::http_double::{Reply, Script};
use crate::support::kinde_double::KindeDouble;
use crate::support::plain_http::Answer;
use crate::support::test_server::TestServer;
use crate::support::twilio_double::TwilioDouble;

struct Scene {
    server: TestServer,
    kinde: KindeDouble,
    twilio: TwilioDouble,
    sent: Answer,
}

/// A message whose senders, the environment's own and then the platform's, have both asked for a later try.
async fn throttled_by_both() -> Scene {
    let (kinde, twilio) = (KindeDouble::start().await, TwilioDouble::start().await);
    let server = both(&kinde, &twilio).start().await;
    save_sms(&server, own_twilio(&json!({ "fallback": true }))).await;
    twilio.respond_with(Script::Reply(Reply::json(429, &json!({ "code": 20_429 }))));
    kinde.respond_with(throttled(None));
    let sent = server.send_sms(&number(1)).await;
    is_queued(&sent);
    Scene {
        server,
        kinde,
        twilio,
        sent,
    }
}

impl Scene {
    async fn rename_counters(&self, from: &str, to: &str) {
        let statement = format!("ALTER TABLE {from} RENAME TO {to}");
        self.server.place.database().run(statement).await.unwrap();
    }

    /// The next try, while no counter can be read.
    async fn next_try_without_counters(&self) {
        self.rename_counters("monthly_counters", "away").await;
        self.server.clock.advance(Duration::from_secs(6));
        assert_eq!(self.server.drain().await, 1);
        let waiting = message(&self.server, &message_id(&self.sent)).await;
        assert_eq!(waiting["status"], "queued");
        self.rename_counters("away", "monthly_counters").await;
        self.server.clock.advance(Duration::from_secs(16));
    }
}

/// Nobody let the message go without a word, so that another took it over when its lease was over.
fn was_given_up_in_order(read: &Value) {
    assert_eq!(events(read, "taken_over"), Vec::<Value>::new(), "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_at_the_fallbacks_cap_ends_no_message() {
    let scene = throttled_by_both().await;
    let refusal = || Script::Reply(Reply::json(401, &json!({ "code": 20_003 })));
    scene.twilio.respond_with(refusal());
    scene.next_try_without_counters().await;
    let read = message_when(&scene.server, &message_id(&scene.sent), "accepted").await;
    assert_eq!(
        (&read["provider"], &read["fallback"]),
        (&json!("kinde"), &json!(true))
    );
    assert_eq!(scene.kinde.requests(), 2);
    assert!(events(&read, "attempt").len() >= 4);
    was_given_up_in_order(&read);
    scene.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_at_a_test_quota_that_is_reserved_late_ends_no_message() {
    let scene = throttled_by_both().await;
    // From now on the platform's sender has it all, and a place must be had.
    save_sms(&scene.server, json!({})).await;
    scene.next_try_without_counters().await;
    let read = message_when(&scene.server, &message_id(&scene.sent), "accepted").await;
    assert_eq!(read["provider"], "kinde");
    was_given_up_in_order(&read);
    assert_eq!(quota_used(&scene.server).await, 1);
    scene.server.stop().await;
}
