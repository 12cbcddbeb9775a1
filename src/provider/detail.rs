//! What a provider said, made fit to be kept: without recipients, codes, secrets and control characters.
//! Providers repeat the number they refuse, and some repeat the whole request.

use crate::domain::secret::Secret;

/// What stands where something was taken out.
const MASK: &str = "•••";

/// The longest detail that is kept, in characters.
const MAX_CHARS: usize = 300;

/// From this many digits on a number may be a recipient or a code: a short code has five, a code of ours six.
const TELLING_DIGITS: usize = 5;

/// `text` in one line, without `secrets` and without numbers of five or more digits, however they are grouped.
#[must_use]
pub fn redacted(text: &str, secrets: &[&Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.expose().is_empty()) {
        text = text.replace(secret.expose(), MASK);
    }
    let chars: Vec<char> = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    let masked = without_numbers(&chars);
    let masked = masked.trim();
    match masked.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &masked[..end]),
        None => masked.to_owned(),
    }
}

fn without_numbers(mut chars: &[char]) -> String {
    let mut kept = String::with_capacity(chars.len());
    while let Some(first) = chars.first() {
        let (length, digits) = number(chars);
        if digits >= TELLING_DIGITS {
            kept.push_str(MASK);
            chars = &chars[length..];
        } else if digits > 0 {
            kept.extend(&chars[..length]);
            chars = &chars[length..];
        } else {
            kept.push(*first);
            chars = &chars[1..];
        }
    }
    kept
}

/// How many characters and how many digits the number at the start of `chars` has; up to two separators, as in
/// `+1 (500) 555-0006`, do not end it.
fn number(chars: &[char]) -> (usize, usize) {
    let (mut length, mut digits, mut separators) = (0, 0, 0);
    for (at, char) in chars.iter().enumerate() {
        if char.is_numeric() {
            digits += 1;
            length = at + 1;
            separators = 0;
        } else if separators < 2 && (at == 0 && *char == '+' || digits > 0 && " -.()/".contains(*char)) {
            separators += 1;
        } else {
            break;
        }
    }
    (length, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_may_be_recipients_or_codes_are_taken_out_however_they_are_written() {
        for (said, kept) in [
            (
                "The 'To' number +15005550001 is not valid.",
                "The 'To' number ••• is not valid.",
            ),
            ("call +1 (500) 555-0001 now", "call ••• now"),
            ("0466 043 123, or 12.34.56", "•••, or •••"),
            ("To=%2B61466043123&Body=042042%20is", "To=%2B•••&Body=•••%20is"),
            ("٠١٢٣٤٥ is yours", "••• is yours"),
            (
                "HTTP 400 (os error 104), 3 of 10",
                "HTTP 400 (os error 104), 3 of 10",
            ),
            ("+ 1", "+ 1"),
        ] {
            assert_eq!(redacted(said, &[]), kept);
        }
    }

    #[test]
    fn a_secret_that_comes_back_in_an_answer_is_taken_out() {
        let token = Secret::new("f0e1d2c3b4");
        assert_eq!(redacted("bad token f0e1d2c3b4!", &[&token]), "bad token •••!");
        assert_eq!(redacted("fine", &[&Secret::new("")]), "fine");
    }

    #[test]
    fn a_detail_is_one_short_line() {
        assert_eq!(redacted(" a\r\n\u{1b}[31mb ", &[]), "a   [31mb");
        assert_eq!(redacted(&"é".repeat(10_000), &[]).chars().count(), MAX_CHARS + 1);
    }
}
