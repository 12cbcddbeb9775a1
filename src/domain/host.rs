//! Host names as they stand in addresses, URLs and the last line of a text message.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

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
}
