//! One-time codes: drawn once, shown to nobody but the recipient.

use std::fmt::{self, Write};
use std::ops::RangeInclusive;

use zeroize::Zeroizing;

use super::id::VerificationId;
use super::keyring::{Generation, KeyRing, OpenError};
use super::random::{Random, below};

/// How many digits a code may have. Six are the least that NIST SP 800-63B rev. 4 (3.1.3.2) allows.
pub const DIGITS: RangeInclusive<u8> = 6..=10;

/// A code in decimal digits, leading zeros included. Reading it takes the word [`Code::expose`], which is easy to search
/// for; wiped when dropped.
pub struct Code(Zeroizing<String>);

impl Code {
    /// Draws a code, every one of that length equally likely.
    ///
    /// # Panics
    /// When `digits` lies outside of [`DIGITS`].
    pub fn draw(random: &dyn Random, digits: u8) -> Self {
        assert!(DIGITS.contains(&digits), "a code has 6 to 10 digits");
        let number = Zeroizing::new(below(random, 10_u64.pow(u32::from(digits))));
        let width = usize::from(digits);
        // Written into its final place, so that growing leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(width));
        write!(text, "{:0width$}", *number).expect("a String takes all that is written");
        Self(text)
    }

    /// Reads what a caller believes to be the code: 6 to 10 ASCII digits and nothing else. `None` is not a guess.
    #[must_use]
    pub fn parse_guess(text: &str) -> Option<Self> {
        let length = u8::try_from(text.len()).ok()?;
        let is_code = DIGITS.contains(&length) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// How many digits it has.
    #[must_use]
    pub fn digits(&self) -> u8 {
        u8::try_from(self.0.len()).unwrap_or(*DIGITS.end())
    }

    /// The digits themselves. Nothing made from them may be logged or answered.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The copy that a resend needs, sealed and bound to its verification.
    #[must_use]
    pub fn seal(&self, keys: &Generation, random: &dyn Random, verification: VerificationId) -> Vec<u8> {
        keys.seal(random, &sealing_context(verification), self.0.as_bytes())
    }

    /// The code of a verification from its sealed copy.
    pub fn open(keys: &KeyRing, verification: VerificationId, sealed: &[u8]) -> Result<Self, OpenError> {
        let plain = keys.open(&sealing_context(verification), sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| OpenError::Form)?;
        Self::parse_guess(text).ok_or(OpenError::Form)
    }
}

fn sealing_context(verification: VerificationId) -> Vec<u8> {
    [b"code:".as_slice(), verification.0.as_bytes()].concat()
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(•••)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::random::OsRandom;

    /// Answers every draw with the same number.
    struct Always(u64);

    impl Random for Always {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&self.0.to_le_bytes()[..bytes.len()]);
        }
    }

    #[test]
    fn leading_zeros_are_kept() {
        assert_eq!(Code::draw(&Always(42), 6).expose(), "000042");
        assert_eq!(Code::draw(&Always(0), 10).expose(), "0000000000");
        assert_eq!(Code::draw(&Always(9_999_999_999), 10).expose(), "9999999999");
    }

    #[test]
    fn a_code_has_as_many_digits_as_were_asked_for() {
        for digits in DIGITS {
            let code = Code::draw(&OsRandom, digits);
            assert_eq!(code.digits(), digits);
            assert!(Code::parse_guess(code.expose()).is_some());
        }
    }

    #[test]
    fn every_digit_is_equally_likely_in_every_place() {
        let mut seen = [[0_u32; 10]; 6];
        for _ in 0..50_000 {
            let code = Code::draw(&OsRandom, 6);
            for (place, digit) in code.expose().bytes().enumerate() {
                seen[place][usize::from(digit - b'0')] += 1;
            }
        }
        // Expected 5 000 each with a standard deviation of 67; seven of them never happen by chance.
        assert!(
            seen.iter().flatten().all(|&count| count.abs_diff(5_000) < 470),
            "{seen:?}"
        );
    }

    #[test]
    #[should_panic(expected = "6 to 10 digits")]
    fn a_code_of_five_digits_is_never_drawn() {
        let _ = Code::draw(&OsRandom, 5);
    }

    #[test]
    fn what_is_no_code_is_no_guess() {
        for text in [
            "",
            "12345",
            "12345678901",
            " 123456",
            "123 456",
            "12345a",
            "+12345",
            "１２３４５６",
            "١٢٣٤٥٦",
            "123456\n",
        ] {
            assert!(Code::parse_guess(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_code_is_not_shown() {
        assert_eq!(format!("{:?}", Code::draw(&Always(123_456), 6)), "Code(•••)");
    }

    proptest! {
        #[test]
        fn a_guess_is_read_exactly_as_written(text in any::<String>(), digits in "[0-9]{6,10}") {
            let _ = Code::parse_guess(&text);
            let code = Code::parse_guess(&digits).unwrap();
            prop_assert_eq!(code.expose(), digits);
        }
    }
}
