//! What a business says about itself and messages repeat: its name, its website, the host that autofill is bound to.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Serialize;
use url::{Host, Url};

use super::host::to_a_labels;
use super::parsed::{parsed, texts};

/// The longest URL, in bytes.
pub const MAX_URL: usize = 2048;

/// The longest name, in characters.
pub const MAX_NAME: usize = 300;

/// The website of a business: https, or http on the machine itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct BusinessUrl {
    url: String,
    host: String,
}

/// Not a website that messages may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the website as https:// and a host name, without a user, spaces or control characters, in at most 2048 characters"
)]
pub struct InvalidBusinessUrl;

impl BusinessUrl {
    /// Reads a URL. `http` is taken for `localhost`, `127.0.0.1` and `[::1]` only. A URL whose host other parsers might
    /// read as another one (percent signs, backslashes, numbers as IPv4 addresses) is refused.
    pub fn parse(text: &str) -> Result<Self, InvalidBusinessUrl> {
        let ambiguous =
            |character: char| character.is_control() || character.is_whitespace() || character == '\\';
        if text.len() > MAX_URL || text.chars().any(ambiguous) {
            return Err(InvalidBusinessUrl);
        }
        let url = Url::parse(text).map_err(|_| InvalidBusinessUrl)?;
        let host = url.host().ok_or(InvalidBusinessUrl)?;
        let scheme_fits = match url.scheme() {
            "https" => true,
            "http" => is_this_machine(&host),
            _ => false,
        };
        let written = written_host(text, url.scheme()).ok_or(InvalidBusinessUrl)?;
        if scheme_fits && names(&written, &host) {
            Ok(Self {
                url: text.to_owned(),
                host: host.to_string(),
            })
        } else {
            Err(InvalidBusinessUrl)
        }
    }

    /// The URL as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Its host as lower-case A-labels (or an IP address), without port: what text messages name.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// What stands there until somebody says it.
impl Default for BusinessUrl {
    fn default() -> Self {
        Self {
            url: "http://localhost".to_owned(),
            host: "localhost".to_owned(),
        }
    }
}

impl From<BusinessUrl> for String {
    fn from(url: BusinessUrl) -> Self {
        url.url
    }
}

parsed!(BusinessUrl = "https://example.com");

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(domain) => *domain == "localhost",
        Host::Ipv4(address) => *address == Ipv4Addr::LOCALHOST,
        Host::Ipv6(address) => *address == Ipv6Addr::LOCALHOST,
    }
}

/// The host as it stands in the text, without port; `None` where there is a user before it.
fn written_host(text: &str, scheme: &str) -> Option<String> {
    let (written_scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    if !written_scheme.eq_ignore_ascii_case(scheme) || authority.contains('@') {
        return None;
    }
    let host = match authority.rsplit_once(':') {
        Some((host, _port)) if !authority.ends_with(']') => host,
        _ => authority,
    };
    Some(host.to_ascii_lowercase())
}

/// Whether the host as written can only be the one that was parsed.
fn names(written: &str, parsed: &Host<&str>) -> bool {
    match parsed {
        Host::Domain(domain) => to_a_labels(written).is_some_and(|host| host == *domain),
        Host::Ipv4(_) | Host::Ipv6(_) => written == parsed.to_string(),
    }
}

texts! {
    /// What a business is called: 1 to 300 characters, not counting space around it, and not escaped for anything. Control
    /// characters, line breaks of every kind and marks that override the direction of writing are refused.
    BusinessName = "Example", |text| {
        let name = text.trim();
        let fits = (1..=MAX_NAME).contains(&name.chars().count())
            && !text.chars().any(breaks_a_line_or_its_order);
        fits.then(|| name.to_owned())
            .ok_or("must be 1 to 300 characters on one line, without control characters")
    };
    /// The host that browsers fill codes in on: a bare name of at least two labels, or `localhost`, as lower-case A-labels.
    AutofillDomain = "example.com", |text| to_a_labels(text)
        .filter(|host| host.contains('.') || host == "localhost")
        .ok_or("write the autofill domain as a bare host name such as login.example.com, without scheme, port or path");
}

/// What stands there until somebody says it.
impl Default for BusinessName {
    fn default() -> Self {
        Self("otpost".to_owned())
    }
}

/// Whether the character ends a line or turns the order of what follows around.
pub(super) fn breaks_a_line_or_its_order(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_website_has_the_host_that_is_written_in_it() {
        for (text, host) in [
            ("https://acme.example.com", "acme.example.com"),
            ("HTTPS://ACME.example.com:8443/path?q#f", "acme.example.com"),
            ("https://bücher.example/", "xn--bcher-kva.example"),
            ("https://BÜCHER.example/", "xn--bcher-kva.example"),
            ("https://192.0.2.1/", "192.0.2.1"),
            ("https://[2001:DB8::1]:443/", "[2001:db8::1]"),
            ("https://intranet/a@b", "intranet"),
            ("http://localhost:3000", "localhost"),
            ("http://127.0.0.1:3000/", "127.0.0.1"),
            ("http://[::1]:3000/", "[::1]"),
        ] {
            let url = BusinessUrl::parse(text).expect(text);
            assert_eq!((url.as_str(), url.host()), (text, host));
            assert_eq!(serde_json::to_value(&url).unwrap(), text);
        }
    }

    #[test]
    fn a_website_that_is_unsafe_or_ambiguous_is_refused() {
        for text in [
            "",
            "acme.example.com",
            "https://",
            "https:///acme.example.com",
            "https:acme.example.com",
            "https:/acme.example.com",
            "http://acme.example.com",
            "http://127.0.0.2",
            "ftp://acme.example.com",
            "javascript:alert(1)",
            "https://user@acme.example.com",
            "https://user:password@acme.example.com",
            "https://@acme.example.com",
            "https://acme.example.com\\@evil.example",
            "https://acme.example.com\n@evil.example #999999",
            "https://acme.example.com/\r\n",
            "https://acme.exa\tmple.com",
            " https://acme.example.com",
            "https://acme.example.com #999999",
            "https://acme.example.com\u{2028}",
            "https://%61cme.example.com",
            "https://\u{ff41}cme.example.com",
            "https://\u{212a}inde.com",
            "https://acme\u{3002}example\u{3002}com",
            "https://2130706433",
            "https://0x7f.1",
            "https://acme_.example.com",
            "https://acme.example.com:99999",
        ] {
            assert_eq!(BusinessUrl::parse(text), Err(InvalidBusinessUrl), "{text:?}");
        }
        let at_the_limit = format!("https://acme.example.com/{}", "a".repeat(2048 - 25));
        assert!(BusinessUrl::parse(&at_the_limit).is_ok());
        assert!(BusinessUrl::parse(&format!("{at_the_limit}a")).is_err());
    }

    #[test]
    fn a_name_is_any_line_of_300_characters() {
        for (text, name) in [
            ("Acme", "Acme"),
            ("  Acme & Söhne \"<b>\" ", "Acme & Söhne \"<b>\""),
            ("é", "é"),
            ("شركة", "شركة"),
            ("{{ code }}", "{{ code }}"),
        ] {
            assert_eq!(BusinessName::parse(text).expect(text).as_str(), name);
        }
        assert!(BusinessName::parse(&"é".repeat(300)).is_ok());
        for text in [
            "",
            "   ",
            "Acme\r\n",
            "\nAcme",
            "A\r\nBcc: b@example.com",
            "A\0",
            "A\u{85}",
            "A\u{2028}B",
            "\u{202e}emcA",
            &"é".repeat(301),
        ] {
            assert!(BusinessName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_autofill_domain_is_a_bare_host() {
        for (text, host) in [
            ("acme.example.com", "acme.example.com"),
            ("Login.Example.COM", "login.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(AutofillDomain::parse(text).expect(text).as_str(), host);
        }
        for text in [
            "",
            "com",
            "https://a.example",
            "a.example:443",
            "a.example/",
            "@a.example",
            "a.example #1",
            "a.example\n",
            "192.0.2.1",
            "*.example.com",
            "a.example.",
        ] {
            assert!(AutofillDomain::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parsers(text in any::<String>()) {
            let _ = BusinessUrl::parse(&text);
            let _ = BusinessUrl::parse(&format!("https://{text}"));
            let _ = BusinessName::parse(&text);
            let _ = AutofillDomain::parse(&text);
        }

        #[test]
        fn what_was_parsed_parses_to_itself(host in "[A-Za-z0-9ü.-]{1,20}") {
            if let Ok(domain) = AutofillDomain::parse(&host) {
                prop_assert_eq!(AutofillDomain::parse(domain.as_str()), Ok(domain.clone()));
            }
            if let Ok(url) = BusinessUrl::parse(&format!("https://{host}/")) {
                let again = BusinessUrl::parse(&format!("https://{}/", url.host())).unwrap();
                prop_assert_eq!(again.host(), url.host());
            }
        }
    }
}
