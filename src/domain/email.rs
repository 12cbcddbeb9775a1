//! Email addresses: one mailbox, kept as given for sending.

use std::fmt;

use serde::{Serialize, Serializer};

use super::host::to_a_labels;
use super::parsed::parsed;

/// Octets of a local part (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

/// Octets of a whole address: a path of 256 with its angle brackets (RFC 5321, 4.5.3.1.3).
pub const MAX_ADDRESS: usize = 254;

/// Not an email address that mail can be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmailAddress {
    /// There is no `@` between two parts.
    #[error("write one address as someone@example.com, without a name, brackets or spaces")]
    NotAnAddress,
    /// The part before the `@` is not a dot-atom of ASCII.
    #[error(
        "write the part before the @ in unaccented letters, digits, single dots and !#$%&'*+-/=?^_`{{|}}~ without quotes"
    )]
    LocalPart,
    /// The part behind the `@` is no host name.
    #[error("write the part behind the @ as the name of a mail domain, such as example.com")]
    Domain,
    /// A part or the whole is longer than mail servers take.
    #[error("write at most 64 characters before the @ and at most 254 in all")]
    TooLong,
}

/// A valid address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    address: String,
    at: usize,
}

impl EmailAddress {
    /// Reads one mailbox. The local part is a dot-atom of RFC 5321 in ASCII; quoted ones, those of SMTPUTF8 and domains
    /// that are IP addresses are refused. A domain of one label is allowed, for mail servers of a development machine.
    pub fn parse(input: &str) -> Result<Self, InvalidEmailAddress> {
        let (local_part, domain) = input.rsplit_once('@').ok_or(InvalidEmailAddress::NotAnAddress)?;
        let is_no_word = |character: char| character.is_control() || character.is_whitespace();
        if local_part.is_empty() || domain.is_empty() || input.contains(is_no_word) {
            return Err(InvalidEmailAddress::NotAnAddress);
        }
        if local_part.len() > MAX_LOCAL_PART {
            return Err(InvalidEmailAddress::TooLong);
        }
        if !is_dot_atom(local_part) {
            return Err(InvalidEmailAddress::LocalPart);
        }
        let domain = to_a_labels(domain).ok_or(InvalidEmailAddress::Domain)?;
        let address = format!("{local_part}@{domain}");
        if address.len() > MAX_ADDRESS {
            return Err(InvalidEmailAddress::TooLong);
        }
        Ok(Self {
            address,
            at: local_part.len(),
        })
    }

    /// The address as it is sent to: local part as given, domain as lower-case A-labels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// What stands before the `@`, as given.
    #[must_use]
    pub fn local_part(&self) -> &str {
        &self.address[..self.at]
    }

    /// What stands behind the `@`, as lower-case A-labels.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.address[self.at + 1..]
    }

    /// What limits are counted by: the address with the ASCII letters of its local part in lower case, and never more
    /// than those (CVE-2019-19844).
    #[must_use]
    pub fn key(&self) -> String {
        self.address.to_ascii_lowercase()
    }

    /// For logs and answers: the first character of the local part and the domain, `j•••@example.com`. A local part of a
    /// single character is not shown.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = if self.at > 1 { &self.address[..1] } else { "" };
        format!("{shown}•••@{}", self.domain())
    }
}

/// RFC 5321, 4.1.2: atoms with single dots between them.
fn is_dot_atom(local_part: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local_part
        .split('.')
        .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked())
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.address)
    }
}

parsed!(EmailAddress = "user@example.com");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(input: &str) -> EmailAddress {
        EmailAddress::parse(input).expect(input)
    }

    #[test]
    fn an_address_is_kept_as_given_with_its_domain_in_lower_case_a_labels() {
        for (input, sent_to) in [
            ("someone@example.com", "someone@example.com"),
            ("Some.One+tag@Example.COM", "Some.One+tag@example.com"),
            (
                "o'brien!#$%&*-/=?^_`{|}~@example.com",
                "o'brien!#$%&*-/=?^_`{|}~@example.com",
            ),
            ("jürgen@bücher.example", ""),
            ("j@BÜCHER.example", "j@xn--bcher-kva.example"),
            ("no-reply@localhost", "no-reply@localhost"),
        ] {
            let read =
                EmailAddress::parse(input).map_or_else(|_| String::new(), |read| read.as_str().to_owned());
            assert_eq!(read, sent_to, "{input}");
        }
    }

    #[test]
    fn the_key_folds_ascii_letters_and_no_others() {
        assert_eq!(address("Some.One@Example.COM").key(), "some.one@example.com");
        assert_ne!(
            address("mike@example.org").key(),
            address("mike@ex\u{131}mple.org").key()
        );
        assert_ne!(address("a+b@example.com").key(), address("a@example.com").key());
        // Each of these reads as ASCII in a mail server or a database somewhere.
        for input in [
            "m\u{131}ke@example.org",
            "mi\u{212a}e@example.org",
            "\u{ff4d}ike@example.org",
        ] {
            assert_eq!(
                EmailAddress::parse(input),
                Err(InvalidEmailAddress::LocalPart),
                "{input}"
            );
        }
        for input in [
            "mike@\u{212a}inde.com",
            "mike@\u{ff45}xample.org",
            "mike@example\u{3002}org",
        ] {
            assert_eq!(
                EmailAddress::parse(input),
                Err(InvalidEmailAddress::Domain),
                "{input}"
            );
        }
    }

    #[test]
    fn whatever_is_more_or_less_than_one_mailbox_is_refused() {
        for input in [
            "",
            "@",
            "a@",
            "@example.com",
            "example.com",
            "a@b@example.com",
            "a@example.com,b@example.com",
            "a@example.com;b@example.com",
            "a@example.com b@example.com",
            "A <a@example.com>",
            "<a@example.com>",
            "\"a b\"@example.com",
            "\"a\"@example.com",
            "a(c)@example.com",
            "a\\@example.com",
            ".a@example.com",
            "a.@example.com",
            "a..b@example.com",
            " a@example.com",
            "a@example.com ",
            "a@example.com\r\nBcc: b@example.com",
            "a\r\n@example.com",
            "a\0@example.com",
            "a\u{7f}@example.com",
            "a\u{2028}@example.com",
            "a@exa\u{a0}mple.com",
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
            "a@127.0.0.1",
            "a@2130706433",
            "a@example..com",
            "a@example.com.",
            "a@-example.com",
            "a@exa_mple.com",
            "mailto:a@example.com",
        ] {
            assert!(EmailAddress::parse(input).is_err(), "{input:?}");
        }
    }

    #[test]
    fn the_lengths_of_rfc_5321_are_the_limits() {
        let local_part = "a".repeat(64);
        assert!(EmailAddress::parse(&format!("{local_part}@example.com")).is_ok());
        assert_eq!(
            EmailAddress::parse(&format!("{local_part}a@example.com")),
            Err(InvalidEmailAddress::TooLong)
        );
        let label = "b".repeat(61);
        let domain = format!("{label}.{label}.{label}.com");
        assert_eq!(domain.len(), 189);
        assert!(EmailAddress::parse(&format!("{local_part}@{domain}")).is_ok());
        assert_eq!(
            EmailAddress::parse(&format!("{local_part}@c.{domain}")),
            Err(InvalidEmailAddress::TooLong)
        );
        assert!(EmailAddress::parse(&format!("a@{}", "a.".repeat(5_000))).is_err());
    }

    #[test]
    fn only_the_first_character_and_the_domain_are_shown() {
        assert_eq!(address("jane@example.com").masked(), "j•••@example.com");
        assert_eq!(address("j@example.com").masked(), "•••@example.com");
        assert_eq!(
            format!("{:?}", address("jane@example.com")),
            "EmailAddress(j•••@example.com)"
        );
    }

    #[test]
    fn an_error_says_what_to_do_and_does_not_repeat_the_input() {
        for input in [
            "secretive",
            "\"secretive\"@example.com",
            "secretive@a_b",
            &format!("{}@a.b", "secretive".repeat(9)),
        ] {
            let sentence = EmailAddress::parse(input).unwrap_err().to_string();
            assert!(
                sentence.starts_with("write ") && !sentence.contains("secretive"),
                "{sentence}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(input in any::<String>()) {
            let _ = EmailAddress::parse(&input);
            let _ = EmailAddress::parse(&format!("a@{input}"));
            let _ = EmailAddress::parse(&format!("{input}@example.com"));
        }

        #[test]
        fn what_was_parsed_parses_to_itself(input in "[A-Za-z0-9.+'-]{1,70}@[A-Za-zü0-9.-]{1,30}") {
            if let Ok(read) = EmailAddress::parse(&input) {
                prop_assert_eq!(EmailAddress::parse(read.as_str()), Ok(read.clone()));
                prop_assert_eq!(format!("{}@{}", read.local_part(), read.domain()), read.as_str());
            }
        }
    }
}
