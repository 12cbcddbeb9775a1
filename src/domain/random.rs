//! The one source of randomness. Codes, ids, keys and nonces are drawn from the operating system's generator,
//! afresh for each draw, so that a forked or restored process repeats nothing.

use rand::TryRng;
use rand::rngs::SysRng;
use uuid::Uuid;

use super::time::Timestamp;

/// A source of random bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes` with independent, uniformly distributed bits.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator (`getrandom`).
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness there is no safe way on: better no answer than a guessable code.
        SysRng
            .try_fill_bytes(bytes)
            .expect("the operating system's random source answers");
    }
}

/// A number in `0..bound`, every one equally likely: draws that would favour the low ones are thrown away.
///
/// # Panics
/// When `bound` is zero.
pub fn below(random: &dyn Random, bound: u64) -> u64 {
    assert!(bound > 0, "an empty range has no number to draw");
    let whole_multiples = u64::MAX - u64::MAX % bound;
    loop {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        let drawn = u64::from_le_bytes(bytes);
        if drawn < whole_multiples {
            return drawn % bound;
        }
    }
}

/// 128 random bits. OWASP ASVS 5 (11.5.1) asks this much of an id that must not be guessed, which a UUID v4
/// with its six fixed bits does not give.
pub fn unguessable_id(random: &dyn Random) -> Uuid {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    Uuid::from_bytes(bytes)
}

/// A UUID v7 (RFC 9562): 48 bits of milliseconds, 12 of their fraction (section 6.2, method 3), then 62 random bits. Sorts by
/// time of making, to the microsecond.
pub fn time_ordered_id(random: &dyn Random, now: Timestamp) -> Uuid {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let micros = u64::try_from(now.unix_micros()).unwrap_or(0);
    let [.., high, low] = ((micros % 1_000) * 4_096 / 1_000).to_be_bytes();
    (bytes[0], bytes[1]) = (high, low);
    uuid::Builder::from_unix_timestamp_millis(micros / 1_000, &bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_bound_are_spread_evenly() {
        let mut seen = [0_u32; 10];
        for _ in 0..100_000 {
            seen[usize::try_from(below(&OsRandom, 10)).unwrap()] += 1;
        }
        // Expected 10 000 each with a standard deviation of 95; seven of them never happen by chance.
        assert!(seen.iter().all(|&n| n.abs_diff(10_000) < 665), "{seen:?}");
    }

    #[test]
    fn time_ordered_ids_sort_by_their_time() {
        let early = Timestamp::from_unix_micros(1_700_000_000_000_000).unwrap();
        for micros in [1, 500, 999, 1_000, 1_001] {
            let late = Timestamp::from_unix_micros(1_700_000_000_000_000 + micros).unwrap();
            assert!(
                time_ordered_id(&OsRandom, early) < time_ordered_id(&OsRandom, late),
                "{micros}"
            );
        }
        assert_ne!(
            time_ordered_id(&OsRandom, early),
            time_ordered_id(&OsRandom, early)
        );
    }
}
