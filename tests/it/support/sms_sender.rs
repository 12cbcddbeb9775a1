//! What the tests of the SMS senders share: a clock that stands, an impatient HTTP client, and a message.

use std::sync::Arc;
use std::time::Duration;

use otpost::domain::id::MessageId;
use otpost::domain::message::Sms;
use otpost::domain::phone::PhoneNumber;
use otpost::domain::random::OsRandom;
use otpost::domain::time::{Clock, Timestamp};
use otpost::provider::http_client::{Timeouts, build};
use rustls::RootCertStore;

/// Sun, 22 Nov 2026 09:00:00 GMT, for ever.
pub struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(1_795_338_000_000_000).expect("a year that can be written")
    }
}

/// Long enough for loopback, short enough to wait for.
pub const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(1),
    whole: Duration::from_millis(1_500),
};

/// A client with [`TIMEOUTS`] that trusts nobody but `roots`.
pub fn impatient_client(roots: RootCertStore) -> reqwest::Client {
    build(Arc::new(roots), TIMEOUTS).expect("ring offers TLS 1.2 and 1.3")
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
