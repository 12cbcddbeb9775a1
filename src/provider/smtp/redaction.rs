//! Frees what a server says of what the operator's logs and the administrator's timeline must not hold: the
//! recipient, the code and the account's password. Servers do repeat what they were sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::message::Email;
use crate::domain::secret::Secret;

/// The longest text that is kept, in characters.
const LENGTH_LIMIT: usize = 200;

/// A word of the message shorter than this is not taken for a code.
const SHORTEST_CODE: usize = 4;

/// What must not be repeated from one attempt.
pub(super) struct Redaction<'a> {
    email: &'a Email,
    secrets: Vec<String>,
}

impl<'a> Redaction<'a> {
    /// For an attempt to send `email` as `credentials`.
    pub(super) fn new(email: &'a Email, credentials: Option<(&str, &Secret)>) -> Self {
        let secrets = credentials.map_or_else(Vec::new, |(username, password)| {
            let password = password.expose();
            vec![
                STANDARD.encode(format!("\0{username}\0{password}")),
                STANDARD.encode(password),
                password.to_owned(),
            ]
        });
        Self { email, secrets }
    }

    /// `text` without addresses, code, password and control characters, at most 200 characters long.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret.as_str(), "[secret]");
        }
        let text = replace_words(&text, is_in_address, |word| {
            word.contains('@').then_some("[address]")
        });
        let local = self
            .email
            .to
            .as_str()
            .rsplit_once('@')
            .map_or("", |(local, _)| local);
        let text = replace_word(&text, local, "[address]");
        let text = replace_words(&text, char::is_alphanumeric, |word| {
            self.is_of_the_message(word).then_some("[code]")
        });
        shorten(&text)
    }

    /// Whether `word` may be the message's code: it has a digit, some length, and stands in the message.
    fn is_of_the_message(&self, word: &str) -> bool {
        word.len() >= SHORTEST_CODE
            && word.contains(|c: char| c.is_ascii_digit())
            && [&self.email.text, &self.email.html, &self.email.subject]
                .iter()
                .any(|part| part.contains(word))
    }
}

fn is_in_address(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"<>()[]{}\"',;:".contains(c)
}

/// Replaces the longest runs of characters that `belongs` where `replacement` knows one for them.
fn replace_words(
    text: &str,
    belongs: impl Fn(char) -> bool,
    replacement: impl Fn(&str) -> Option<&'static str>,
) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = rest.find(|c| belongs(c) != belongs(next)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(length);
        let known = if belongs(next) { replacement(run) } else { None };
        replaced.push_str(known.unwrap_or(run));
        rest = tail;
    }
    replaced
}

/// Replaces `word` in any case, where it is not a part of a longer word.
fn replace_word(text: &str, word: &str, replacement: &str) -> String {
    if word.is_empty() {
        return text.to_owned();
    }
    // ASCII lower case keeps every byte in its place.
    let (low_text, low_word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let mut replaced = String::with_capacity(text.len());
    let mut from = 0;
    for (at, found) in low_text.match_indices(&low_word) {
        let end = at + found.len();
        let alone = !low_text[..at].ends_with(char::is_alphanumeric)
            && !low_text[end..].starts_with(char::is_alphanumeric);
        if alone {
            replaced.push_str(&text[from..at]);
            replaced.push_str(replacement);
            from = end;
        }
    }
    replaced.push_str(&text[from..]);
    replaced
}

/// One line of at most [`LENGTH_LIMIT`] characters.
fn shorten(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(LENGTH_LIMIT) {
        None => line,
        Some(_) => line.chars().take(LENGTH_LIMIT - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::EmailAddress;
    use crate::domain::id::MessageId;
    use crate::domain::secret::Secret;
    use crate::domain::time::Timestamp;

    fn clean(text: &str) -> String {
        let email = Email {
            id: MessageId(uuid::Uuid::nil()),
            to: EmailAddress::parse("Jane.Doe+x@example.com").unwrap(),
            from_name: "Acme".into(),
            subject: "Your code".into(),
            text: "481516 is your code".into(),
            html: "<b>481516</b>".into(),
            date: Timestamp::from_unix_micros(0).unwrap(),
            expires_at: None,
        };
        let password = Secret::new("hunter22");
        Redaction::new(&email, Some(("acme", &password))).clean(text)
    }

    #[test]
    fn the_recipient_is_removed_in_every_dress() {
        for text in [
            "550 5.1.1 <Jane.Doe+x@example.com>: no",
            "550 jane.doe+x@EXAMPLE.COM unknown",
            "550 RCPT TO:<jane.doe+x@example.com> refused",
            "550 user JANE.DOE+X not here",
            "550 bounces+jane.doe+x=example.com@relay.example refused",
            "550 'jane.doe+x@mail.example.com'",
        ] {
            let cleaned = clean(text);
            assert!(cleaned.contains("[address]"), "{cleaned}");
            assert!(!cleaned.to_lowercase().contains("jane"), "{cleaned}");
        }
    }

    #[test]
    fn the_code_and_the_password_are_removed() {
        assert_eq!(clean("554 spam: 481516 is your"), "554 spam: [code] is your");
        assert_eq!(clean("500 what is hunter22?"), "500 what is [secret]?");
        let plain = STANDARD.encode("\0acme\0hunter22");
        assert_eq!(
            clean(&format!("500 AUTH PLAIN {plain}")),
            "500 AUTH PLAIN [secret]"
        );
    }

    #[test]
    fn what_helps_an_operator_stays() {
        let text =
            "550 5.7.26 Unauthenticated mail from acme.example (id 4F2A1B), see https://help.example/a?b=1";
        assert_eq!(clean(text), text);
    }

    #[test]
    fn it_is_one_line_of_two_hundred_characters() {
        assert_eq!(clean("250 a\r\n\0\x1b[1m  b\t"), "250 a [1m b");
        assert_eq!(clean(&"é ".repeat(500)).chars().count(), LENGTH_LIMIT);
    }
}
