//! What an email without a code is told to say: names that stand in its sentences, a time, and the one link it may have.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::domain::business::{BusinessUrl, breaks_a_line_or_its_order};
use crate::domain::id::NotificationId;
use crate::domain::keyring::{Generation, KeyRing, OpenError};
use crate::domain::parsed::{parsed, texts};
use crate::domain::random::Random;
use crate::domain::time::Timestamp;

/// The longest name, in characters.
pub const MAX_PERSON_NAME: usize = 100;

texts! {
    /// The name of a person, as an email's sentence has it: 1 to 100 characters, not counting space around it. Control characters,
    /// line breaks of every kind and marks that override the direction of writing are refused.
    PersonName = "Ada", |text| {
        let name = text.trim();
        let fits = (1..=MAX_PERSON_NAME).contains(&name.chars().count())
            && !text.chars().any(breaks_a_line_or_its_order);
        fits.then(|| name.to_owned())
            .ok_or("write the name in 1 to 100 characters on one line, without control characters")
    };
}

/// Where the button of an email leads. Such a link may let whoever has it in, so it is not shown.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct ActionUrl {
    given: String,
    url: String,
}

/// Not a page of the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an https:// URL on the host of the environment's business_url or on a subdomain of it, without a user, spaces or control characters, in at most 2048 characters"
)]
pub struct InvalidActionUrl;

impl ActionUrl {
    /// Reads an https URL. What other parsers might read as another host is refused, as it is in the business's own URL.
    /// Characters that would end a link in running text are escaped.
    pub fn parse(text: &str) -> Result<Self, InvalidActionUrl> {
        let is_clear = BusinessUrl::parse(text).is_ok();
        let url = Url::parse(text).ok();
        url.filter(|url| is_clear && url.scheme() == "https")
            .map(|url| Self {
                given: text.to_owned(),
                url: url.into(),
            })
            .ok_or(InvalidActionUrl)
    }

    /// Whether it leads to the host of `business` or below it, which every link that is sent has to.
    #[must_use]
    pub fn leads_to(&self, business: &BusinessUrl) -> bool {
        let below = |name: &str| {
            name.strip_suffix(business.host())
                .is_some_and(|labels| labels.ends_with('.'))
        };
        let url = Url::parse(&self.url).ok();
        match url.as_ref().and_then(Url::host) {
            Some(Host::Domain(name)) => name == business.host() || below(name),
            Some(address) => address.to_string() == business.host(),
            None => false,
        }
    }

    /// The URL in ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }
}

impl From<ActionUrl> for String {
    fn from(url: ActionUrl) -> Self {
        url.given
    }
}

impl fmt::Debug for ActionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActionUrl(•••)")
    }
}

parsed!(ActionUrl = "https://localhost");

/// What the messages say: one schema for every event, of which each takes what it has a place for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NotificationWords)]
pub struct NotificationData {
    /// Who invites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter_name: Option<PersonName>,
    /// Where the button leads; without it there is no button.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_url: Option<ActionUrl>,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<PersonName>,
    /// When it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
}

impl NotificationData {
    /// As it is kept: a JSON object, sealed and bound to its notification.
    #[must_use]
    pub fn seal(&self, keys: &Generation, random: &dyn Random, id: NotificationId) -> Vec<u8> {
        let json = serde_json::to_vec(self).unwrap_or_else(|_| b"{}".to_vec());
        keys.seal(random, &sealing_context(id), &json)
    }

    /// Takes back what `seal` gave.
    pub fn open(keys: &KeyRing, id: NotificationId, sealed: &[u8]) -> Result<Self, OpenError> {
        let json = keys.open(&sealing_context(id), sealed)?;
        serde_json::from_slice(&json).map_err(|_| OpenError::Form)
    }
}

fn sealing_context(id: NotificationId) -> Vec<u8> {
    [b"notification:".as_slice(), id.0.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, business: &str) -> Option<String> {
        let business = BusinessUrl::parse(business).unwrap();
        let url = ActionUrl::parse(text).ok();
        url.filter(|url| url.leads_to(&business)).map(|url| url.url)
    }

    #[test]
    fn a_link_leads_to_the_business_and_its_subdomains_by_https_alone() {
        let business = "https://acme.example.com/login";
        for text in [
            "https://acme.example.com/join/1?a=b&c#d",
            "https://acme.example.com:8443/join",
            "https://app.acme.example.com/join",
            "https://a.b.acme.example.com/",
        ] {
            assert_eq!(read(text, business).as_deref(), Some(text));
        }
        assert_eq!(
            read("https://ACME.example.com", business).as_deref(),
            Some("https://acme.example.com/")
        );
        for text in [
            "",
            "/join",
            "http://acme.example.com/join",
            "ftp://acme.example.com/join",
            "javascript:alert(1)",
            "https://example.com/join",
            "https://evilacme.example.com/",
            "https://acme.example.com.evil.example/",
            "https://evil.example/?acme.example.com",
            "https://evil.example/.acme.example.com",
            "https://evil.example#.acme.example.com",
            "https://evil.example\\.acme.example.com",
            "https://acme.example.com@evil.example/",
            "https://ada@acme.example.com/",
            "https://ada:secret@acme.example.com/",
            "https://acme.example.com/a b",
            "https://acme.example.com/\r\nBcc: x",
            "https://.acme.example.com/",
            "https://%61cme.example.com/",
        ] {
            assert_eq!(read(text, business), None, "{text:?}");
        }
        assert_eq!(
            read(
                &format!("https://acme.example.com/{}", "a".repeat(2048)),
                business
            ),
            None
        );
    }

    #[test]
    fn a_host_that_is_an_address_has_no_subdomains_and_the_machine_itself_takes_https_too() {
        assert!(read("https://192.0.2.1/join", "https://192.0.2.1").is_some());
        assert!(read("https://1.192.0.2.1/join", "https://192.0.2.1").is_none());
        assert!(read("https://localhost:3000/join", "http://localhost").is_some());
        assert!(read("http://localhost:3000/join", "http://localhost").is_none());
        assert!(read("https://bücher.example/", "https://xn--bcher-kva.example").is_some());
    }

    #[test]
    fn what_would_end_a_link_in_running_text_is_escaped() {
        let url = read(
            "https://acme.example.com/<\"é>?q=<\"é>",
            "https://acme.example.com",
        )
        .unwrap();
        assert!(url.is_ascii() && !url.contains(['<', '>', '"']), "{url}");
    }

    #[test]
    fn a_name_is_one_line_of_100_characters() {
        for text in ["Ada", "شركة", "<b>\"O'Neil\"</b>", "{{ code }}", &"é".repeat(100)] {
            assert_eq!(PersonName::parse(text).expect(text).as_str(), text);
        }
        assert_eq!(PersonName::parse(" Ada ").unwrap().as_str(), "Ada");
        for text in [
            "",
            " ",
            "A\nB",
            "A\r\nBcc: b@example.com",
            "A\0",
            "A\u{2028}B",
            "\u{202e}adA",
            &"é".repeat(101),
        ] {
            assert!(PersonName::parse(text).is_err(), "{text:?}");
        }
    }

    fn kept(json: &str) -> Option<NotificationData> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn what_is_kept_is_read_back_and_a_link_is_not_shown() {
        // Three times as long in ASCII: what was taken once is taken again.
        let long = format!("https://acme.example.com/secret/{}", "é".repeat(1_000));
        let data = NotificationData {
            inviter_name: PersonName::parse("Ada").ok(),
            action_url: ActionUrl::parse(&long).ok(),
            actor_name: None,
            requested_at: Timestamp::from_unix_micros(1_795_338_000_123_456),
        };
        assert!(data.action_url.as_ref().unwrap().as_str().len() > 6_000);
        assert_eq!(kept(&serde_json::to_string(&data).unwrap()), Some(data.clone()));
        assert_eq!(kept("{}"), Some(NotificationData::default()));
        assert_eq!(kept("{\"inviter_name\": \"\"}"), None);
        assert!(!format!("{data:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parsers(text in any::<String>()) {
            let business = BusinessUrl::parse("https://acme.example.com").unwrap();
            let _ = PersonName::parse(&text);
            let _ = kept(&text);
            let url = ActionUrl::parse(&format!("https://{text}"));
            if let Some(url) = url.ok().filter(|url| url.leads_to(&business)) {
                let host = Url::parse(url.as_str()).unwrap().host_str().unwrap().to_owned();
                prop_assert!(host == "acme.example.com" || host.ends_with(".acme.example.com"));
            }
        }
    }
}
