//! What the tests of the SMS senders share: a clock that stands, an HTTP client, and a message.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use otpost::domain::id::MessageId;
use otpost::domain::message::Sms;
use otpost::domain::phone::PhoneNumber;
use otpost::domain::random::OsRandom;
use otpost::domain::time::{Clock, Timestamp};
use otpost::provider::SENDER_TIMEOUT;
use otpost::provider::http_client::{Timeouts, build};
use rustls::RootCertStore;
use tokio::time::sleep;

use super::wait::{in_time, let_pass, until};

/// Sun, 22 Nov 2026 09:00:00 GMT, for ever.
pub struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(1_795_338_000_000_000).expect("a year that can be written")
    }
}

/// The service's own client, which trusts nobody but `roots`.
pub fn http_client(roots: RootCertStore) -> reqwest::Client {
    build(Arc::new(roots), Timeouts::default()).expect("ring offers TLS 1.2 and 1.3")
}

/// The outcome of `attempt` at a double that falls silent (`silences` counts it) for longer than an attempt has, which passes
/// at once.
pub async fn in_silence<T>(attempt: impl Future<Output = T>, silences: impl Fn() -> usize) -> T {
    let silence = async {
        until("the double falls silent", async || silences() > 0).await;
        // The client reads what has come, on this thread, when this task rests.
        sleep(Duration::from_millis(50)).await;
        let_pass(SENDER_TIMEOUT).await;
    };
    join(in_time("the end of an attempt", attempt), silence).await.0
}

/// A message to `to` whose code lives another 599.5 seconds.
pub fn sms(to: &str) -> Sms {
    let now = StandingClock.now();
    Sms {
        id: MessageId::time_ordered(&OsRandom, now),
        to: PhoneNumber::parse(to, None).expect("a number in E.164"),
        body: "042042 is your one-time code to sign in to é.example #042042".to_owned(),
        expires_at: now + Duration::from_millis(599_500),
    }
}
