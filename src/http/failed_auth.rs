//! How often an address may fail to authenticate: guessing keys is made slow, and calls with a valid key are never limited.
//! An IPv6 address counts as its /64, which is what one subscriber has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Failures an address may have in each [`WINDOW`].
pub const FAILURES: u32 = 100;

/// A minute, beginning with the first failure counted in it.
pub const WINDOW: Duration = Duration::from_mins(1);

/// Addresses that are counted apart. Beyond them all others share one count, so that memory stays bounded and
/// whoever has many addresses gains nothing by it.
const ADDRESSES: usize = 10_000;

/// Counts failures by address.
#[derive(Debug, Default)]
pub struct FailedAuthentications {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    by_address: HashMap<IpAddr, Window>,
    others: Option<Window>,
    swept_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends_at: Instant,
    failures: u32,
}

impl FailedAuthentications {
    /// Counts a failure of `address`, and says how long it has to wait where that was one of too many. Asked only after a key turned
    /// out not to be valid.
    pub fn record_failure(&self, address: IpAddr) -> Option<Duration> {
        let now = Instant::now();
        let fresh = Window {
            ends_at: now + WINDOW,
            failures: 0,
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let window = counts.window(subscriber(address), now, fresh);
        if window.ends_at <= now {
            *window = fresh;
        }
        window.failures = window.failures.saturating_add(1);
        (window.failures > FAILURES).then(|| window.ends_at - now)
    }
}

impl Counts {
    fn window(&mut self, address: IpAddr, now: Instant, fresh: Window) -> &mut Window {
        if !self.by_address.contains_key(&address) && self.by_address.len() >= ADDRESSES {
            // At most once a second, so that a flood of addresses does not pay for a sweep each.
            let due = |at: Instant| now.duration_since(at) >= Duration::from_secs(1);
            if self.swept_at.is_none_or(due) {
                self.by_address.retain(|_, window| window.ends_at > now);
                self.swept_at = Some(now);
            }
            if self.by_address.len() >= ADDRESSES {
                return self.others.get_or_insert(fresh);
            }
        }
        self.by_address.entry(address).or_insert(fresh)
    }
}

/// What one subscriber has: an IPv4 address, or the /64 of an IPv6 address.
pub(super) fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn fail(failed: &FailedAuthentications, address: &str, times: u32) -> Option<Duration> {
        let address = address.parse().unwrap();
        (0..times).map(|_| failed.record_failure(address)).last().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_may_fail_a_hundred_times_a_minute() {
        let failed = FailedAuthentications::default();
        assert_eq!(fail(&failed, "192.0.2.1", 100), None);
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(fail(&failed, "192.0.2.1", 1), Some(Duration::from_secs(40)));
        assert_eq!(fail(&failed, "192.0.2.2", 1), None);
        tokio::time::advance(Duration::from_secs(40)).await;
        assert_eq!(fail(&failed, "192.0.2.1", 100), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_subscriber_is_one_address_however_it_is_written() {
        let failed = FailedAuthentications::default();
        fail(&failed, "2001:db8:0:1::1", 100);
        assert_ne!(fail(&failed, "2001:db8:0:1:ffff::2", 1), None);
        assert_eq!(fail(&failed, "2001:db8:0:2::1", 1), None);
        fail(&failed, "192.0.2.1", 100);
        assert_ne!(fail(&failed, "::ffff:192.0.2.1", 1), None);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_many_addresses_gain_nothing() {
        let failed = FailedAuthentications::default();
        let address = |n: u32| IpAddr::V4(Ipv4Addr::from(n));
        for n in 0..20_000 {
            failed.record_failure(address(n));
        }
        assert_eq!(failed.counts.lock().unwrap().by_address.len(), ADDRESSES);
        assert_ne!(failed.record_failure(address(1 << 20)), None);

        tokio::time::advance(WINDOW).await;
        assert_eq!(failed.record_failure(address(1 << 21)), None);
        assert_eq!(failed.counts.lock().unwrap().by_address.len(), 1);
    }
}
