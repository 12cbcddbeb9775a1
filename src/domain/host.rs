//! Host names as they stand in addresses, URLs, greetings and the last line of a text message.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

use super::parsed::texts;

/// The host as lower-case A-labels (RFC 5890), at most 253 octets, labels of 1 to 63; `None` for anything else, IP
/// addresses in whatever notation included.
///
/// A character outside ASCII must stay outside of it: IDNA reads the Kelvin sign as `k` and a full-width letter as the
/// narrow one, so two names that a caller tells apart would reach one mailbox (CVE-2019-19844).
#[must_use]
pub fn to_a_labels(host: &str) -> Option<String> {
    // Five bytes of UTF-8 make at least one octet of an A-label, so longer input has no chance.
    if host.len() > 5 * 253 || host.chars().any(reads_as_ascii) {
        return None;
    }
    let host = Uts46::new()
        .to_ascii(
            host.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .ok()?;
    let last_label = host.rsplit('.').next().unwrap_or_default();
    (!is_number(last_label)).then(|| host.into_owned())
}

texts! {
    /// A server to connect to: a host name or an IP address, with brackets around it or without, and no port.
    ServerName = "smtp.example.com", |text| is_server(text)
        .then(|| text.to_owned())
        .ok_or("must be a host name or an IP address, without scheme, port or spaces");
    /// What a client says in EHLO: a full host name, or an address literal in brackets (RFC 5321, 4.1.2 and 4.1.3).
    HelloName = "otp.example.com", |text| hello_name(text).ok_or(
        "must be a full host name, such as otp.example.com, or an address literal, such as [192.0.2.1] or [IPv6:2001:db8::1]",
    );
}

fn is_server(text: &str) -> bool {
    without_brackets(text).parse::<IpAddr>().is_ok()
        || (text.len() <= 253 && matches!(url::Host::parse(text), Ok(url::Host::Domain(_))))
}

/// A server's name as it is looked up: an address without the brackets that it has in URLs and mail.
#[must_use]
pub fn without_brackets(server: &str) -> &str {
    let bare = server.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(server)
}

impl HelloName {
    /// The name of a host that others know: no address, not one label alone, and not this machine's own
    /// `localhost` (RFC 6761, 6.3).
    #[must_use]
    pub fn of_public_host(host: &str) -> Option<Self> {
        let name = Self::parse(host.strip_suffix('.').unwrap_or(host)).ok()?;
        let is_public = !name.0.starts_with('[') && !name.0.ends_with(".localhost");
        is_public.then_some(name)
    }
}

/// A full host name or an address literal. One label alone is refused, as servers refuse it.
fn hello_name(text: &str) -> Option<String> {
    let literal = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let Some(literal) = literal else {
        return to_a_labels(text).filter(|name| name.contains('.'));
    };
    let is_address = match literal.strip_prefix("IPv6:") {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => literal.parse::<Ipv4Addr>().is_ok(),
    };
    is_address.then(|| text.to_owned())
}

/// Whether the character lies outside ASCII and IDNA turns it into ASCII, or into nothing.
fn reads_as_ascii(character: char) -> bool {
    !character.is_ascii()
        && idna::domain_to_ascii(character.encode_utf8(&mut [0; 4]))
            .is_ok_and(|read| !read.starts_with("xn--"))
}

/// Whether a URL parser takes a host with this last label for an IPv4 address (WHATWG URL, "ends in a number").
fn is_number(label: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits(label) || label.strip_prefix("0x").is_some_and(hexadecimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_becomes_lower_case_a_labels() {
        for (written, read) in [
            ("acme.example.com", "acme.example.com"),
            ("ACME.Example.COM", "acme.example.com"),
            ("localhost", "localhost"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("bu\u{308}cher.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("r3---sn.example", "r3---sn.example"),
            ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
            ("1.example", "1.example"),
        ] {
            assert_eq!(to_a_labels(written).as_deref(), Some(read), "{written}");
        }
    }

    #[test]
    fn a_dotless_i_is_another_host() {
        let dotless = to_a_labels("g\u{131}thub.com").unwrap();
        assert!(dotless.starts_with("xn--"), "{dotless}");
    }

    #[test]
    fn what_is_no_host_or_reads_as_another_one_is_refused() {
        for written in [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a.com",
            "a-.com",
            "a_b.com",
            "a b.com",
            "a.com\n",
            "a.com:25",
            "a.com/x",
            "u@a.com",
            "a.com#1",
            "a%2ecom",
            "127.0.0.1",
            "[::1]",
            "::1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "\u{212a}inde.com",
            "\u{ff41}cme.com",
            "acme\u{3002}com",
            "acme\u{ff0e}com",
            "ac\u{ad}me.com",
            "\u{fb01}ne.com",
            "xn--a.com",
            "xn--.com",
        ] {
            assert_eq!(to_a_labels(written), None, "{written:?}");
        }
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert!(to_a_labels(&longest).is_some());
        assert_eq!(to_a_labels(&format!("{longest}a")), None);
        assert_eq!(to_a_labels(&format!("{label}a.com")), None);
        assert_eq!(to_a_labels(&"ü".repeat(10_000)), None);
    }

    #[test]
    fn a_server_is_a_name_or_an_address_with_brackets_or_without() {
        for text in [
            "smtp.example.com",
            "localhost",
            "mail",
            "192.0.2.1",
            "[192.0.2.1]",
            "2001:db8::1",
            "[2001:db8::1]",
            "::1",
            "[::1]",
        ] {
            assert!(is_server(text), "{text}");
        }
        for text in [
            "",
            "[]",
            "[smtp.example.com]",
            "[::1",
            "::1]",
            "[[::1]]",
            "[::1]:25",
            "[IPv6:::1]",
            "fe80::1%eth0",
            "smtp.example.com:25",
            "https://smtp.example.com",
            "user@smtp.example.com",
            "smtp example.com",
            "127.1",
        ] {
            assert!(!is_server(text), "{text}");
        }
        assert_eq!(without_brackets("[::1]"), "::1");
        assert_eq!(without_brackets("smtp.example.com"), "smtp.example.com");
    }

    #[test]
    fn a_hello_name_is_a_full_host_name_or_an_address_literal() {
        for (text, said) in [
            ("otp.example.com", "otp.example.com"),
            ("OTP.Example.com", "otp.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("[192.0.2.1]", "[192.0.2.1]"),
            ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
        ] {
            assert_eq!(HelloName::parse(text).unwrap().as_str(), said);
        }
        for text in [
            "",
            "localhost",
            "otp_1.example.com",
            "otp.example.com.",
            "192.0.2.1",
            "2001:db8::1",
            "[2001:db8::1]",
            "[IPv6:192.0.2.1]",
            "[IPv6:::1",
            "[localhost]",
            "otp.example.com\r\nMAIL FROM:<a@example.com>",
            "otp example.com",
        ] {
            assert!(HelloName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_public_url_gives_its_host_only_where_others_know_it() {
        let name = |host| HelloName::of_public_host(host).map(|name| name.as_str().to_owned());
        assert_eq!(name("otp.example.com").as_deref(), Some("otp.example.com"));
        assert_eq!(name("otp.example.com.").as_deref(), Some("otp.example.com"));
        for host in [
            "localhost",
            "otp",
            "otp.localhost",
            "127.0.0.1",
            "[::1]",
            "[192.0.2.1]",
            "a_b.example.com",
        ] {
            assert_eq!(name(host), None, "{host}");
        }
    }
}
