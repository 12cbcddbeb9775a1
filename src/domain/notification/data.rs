//! What an email without a code is told to say: names that stand in its sentences, a time, and the one link it may have.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::domain::business::{BusinessUrl, breaks_a_line_or_its_order};
use crate::domain::id::NotificationId;
use crate::domain::keyring::{Generation, KeyRing, OpenError};
use crate::domain::random::Random;
use crate::domain::time::Timestamp;

/// The longest name, in characters.
pub const MAX_PERSON_NAME: usize = 100;

/// The name of a person, as an email's sentence has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// Not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the name in 1 to 100 characters on one line, without control characters")]
pub struct InvalidPersonName;

impl PersonName {
    /// Reads a name of 1 to 100 characters, not counting space around it. Control characters, line breaks of every
    /// kind and marks that override the direction of writing are refused.
    pub fn parse(text: &str) -> Result<Self, InvalidPersonName> {
        if text.chars().any(breaks_a_line_or_its_order) {
            return Err(InvalidPersonName);
        }
        let name = text.trim();
        if (1..=MAX_PERSON_NAME).contains(&name.chars().count()) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidPersonName)
        }
    }

    /// The name, not escaped for anything.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where the button of an email leads: a page of the business. Such a link may let whoever has it in, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionUrl(String);

/// Not a page of the business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an https:// URL on the host of the environment's business_url or on a subdomain of it, without a user, spaces or control characters, in at most 2048 characters"
)]
pub struct InvalidActionUrl;

impl ActionUrl {
    /// Reads an https URL on the host of `business` or below it. What other parsers might read as another host is
    /// refused, as it is in the business's own URL. Characters that would end a link in running text are escaped.
    pub fn parse(text: &str, business: &BusinessUrl) -> Result<Self, InvalidActionUrl> {
        let host = BusinessUrl::parse(text).map_err(|_| InvalidActionUrl)?;
        let url = Url::parse(text).map_err(|_| InvalidActionUrl)?;
        let below = |name: &str| {
            name.strip_suffix(business.host())
                .is_some_and(|labels| labels.ends_with('.'))
        };
        let is_below = matches!(url.host(), Some(Host::Domain(name)) if below(name));
        if url.scheme() == "https" && (host.host() == business.host() || is_below) {
            Ok(Self(String::from(url)))
        } else {
            Err(InvalidActionUrl)
        }
    }

    /// The URL in ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ActionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActionUrl(•••)")
    }
}

/// What an email is told to say. Each email takes what it has a place for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotificationData {
    /// Who invites.
    pub inviter_name: Option<PersonName>,
    /// Where the button leads; without it there is no button.
    pub action_url: Option<ActionUrl>,
    /// Who did it.
    pub actor_name: Option<PersonName>,
    /// When it was asked for.
    pub requested_at: Option<Timestamp>,
}

/// The form that is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inviter_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    action_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requested_at: Option<String>,
}

impl NotificationData {
    /// The form that is kept: a JSON object.
    fn to_json(&self) -> String {
        let name = |name: &Option<PersonName>| name.as_ref().map(|name| name.0.clone());
        let kept = Kept {
            inviter_name: name(&self.inviter_name),
            action_url: self.action_url.as_ref().map(|url| url.0.clone()),
            actor_name: name(&self.actor_name),
            requested_at: self.requested_at.map(|at| at.to_string()),
        };
        serde_json::to_string(&kept).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Takes back what `to_json` gave; `None` for what it cannot have given.
    fn from_json(json: &[u8]) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(json).ok()?;
        let name = |name: Option<String>| name.map(|name| PersonName::parse(&name)).transpose();
        let time = |text: String| Timestamp::parse(&text);
        Some(Self {
            inviter_name: name(kept.inviter_name).ok()?,
            action_url: kept.action_url.map(ActionUrl),
            actor_name: name(kept.actor_name).ok()?,
            requested_at: kept.requested_at.map(time).transpose().ok()?,
        })
    }

    /// The form that is kept, sealed and bound to its notification.
    #[must_use]
    pub fn seal(&self, keys: &Generation, random: &dyn Random, id: NotificationId) -> Vec<u8> {
        keys.seal(random, &sealing_context(id), self.to_json().as_bytes())
    }

    /// Takes back what `seal` gave.
    pub fn open(keys: &KeyRing, id: NotificationId, sealed: &[u8]) -> Result<Self, OpenError> {
        Self::from_json(&keys.open(&sealing_context(id), sealed)?).ok_or(OpenError::Form)
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
        ActionUrl::parse(text, &business).ok().map(|url| url.0)
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
            assert_eq!(PersonName::parse(text), Err(InvalidPersonName), "{text:?}");
        }
    }

    #[test]
    fn what_is_kept_is_read_back_and_a_link_is_not_shown() {
        let business = BusinessUrl::parse("https://acme.example.com").unwrap();
        let data = NotificationData {
            inviter_name: PersonName::parse("Ada").ok(),
            action_url: ActionUrl::parse("https://acme.example.com/join/secret", &business).ok(),
            actor_name: None,
            requested_at: Timestamp::from_unix_micros(1_795_338_000_123_456),
        };
        assert_eq!(
            NotificationData::from_json(data.to_json().as_bytes()),
            Some(data.clone())
        );
        assert_eq!(
            NotificationData::from_json(b"{}"),
            Some(NotificationData::default())
        );
        assert_eq!(NotificationData::from_json(b"{\"inviter_name\": \"\"}"), None);
        assert!(!format!("{data:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parsers(text in any::<String>()) {
            let business = BusinessUrl::parse("https://acme.example.com").unwrap();
            let _ = PersonName::parse(&text);
            let _ = NotificationData::from_json(text.as_bytes());
            if let Ok(url) = ActionUrl::parse(&format!("https://{text}"), &business) {
                let host = Url::parse(url.as_str()).unwrap().host_str().unwrap().to_owned();
                prop_assert!(host == "acme.example.com" || host.ends_with(".acme.example.com"));
            }
        }
    }
}
