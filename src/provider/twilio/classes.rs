//! What Twilio's error codes mean for a message. The tables are data: Twilio warns that meanings drift, so single codes
//! can be overridden, and a code in no table falls back to its HTTP status.

use std::collections::BTreeMap;

use crate::provider::Class;

/// The codes that Twilio answers a request to send with (Twilio's error dictionary).
pub const WHEN_CREATING: &[(u32, Class)] = &[
    (21211, Class::RecipientInvalid),
    (21214, Class::RecipientInvalid),
    (21217, Class::RecipientInvalid),
    (21614, Class::RecipientInvalid),
    (21635, Class::RecipientInvalid),
    (14101, Class::RecipientInvalid),
    (21610, Class::RecipientOptedOut),
    (60410, Class::FraudBlocked),
    (60605, Class::FraudBlocked),
    (60238, Class::FraudBlocked),
    (21408, Class::DestinationDisabled),
    (21612, Class::DestinationDisabled),
    (21703, Class::DestinationDisabled),
    (60220, Class::DestinationDisabled),
    (21212, Class::SenderMisconfigured),
    (21601, Class::SenderMisconfigured),
    (21603, Class::SenderMisconfigured),
    (21606, Class::SenderMisconfigured),
    (21659, Class::SenderMisconfigured),
    (21660, Class::SenderMisconfigured),
    (21701, Class::SenderMisconfigured),
    (21704, Class::SenderMisconfigured),
    (21705, Class::SenderMisconfigured),
    (21609, Class::SenderMisconfigured),
    (21617, Class::SenderMisconfigured),
    (21602, Class::SenderMisconfigured),
    (21619, Class::SenderMisconfigured),
    (20003, Class::Account),
    (20005, Class::Account),
    (10001, Class::Account),
    (20404, Class::Account),
    (20008, Class::Account),
    (21608, Class::Account),
    (20010, Class::Account),
    (20429, Class::Throttled),
    (21611, Class::Throttled),
    (14107, Class::Throttled),
    (63038, Class::Throttled),
    (60203, Class::Throttled),
    (20503, Class::Transient),
    (21730, Class::Transient),
    (21618, Class::ContentFiltered),
];

/// The codes that come later, in a status callback (Twilio's error dictionary).
pub const IN_CALLBACK: &[(u32, Class)] = &[
    (30005, Class::RecipientInvalid),
    (30006, Class::RecipientInvalid),
    (63003, Class::RecipientInvalid),
    (63024, Class::RecipientInvalid),
    (30004, Class::RecipientOptedOut),
    (30450, Class::FraudBlocked),
    (30453, Class::FraudBlocked),
    (30018, Class::DestinationDisabled),
    (30024, Class::DestinationDisabled),
    (30032, Class::SenderMisconfigured),
    (30033, Class::SenderMisconfigured),
    (30034, Class::SenderMisconfigured),
    (30035, Class::SenderMisconfigured),
    (30002, Class::Account),
    (30001, Class::Throttled),
    (30022, Class::Throttled),
    (30023, Class::Throttled),
    (30027, Class::Throttled),
    (30003, Class::Transient),
    (30008, Class::Transient),
    (30017, Class::Transient),
    (30410, Class::Transient),
    (30036, Class::Transient),
    (30007, Class::ContentFiltered),
];

/// The tables with an operator's changes.
#[derive(Debug, Clone, Default)]
pub struct Classes {
    overrides: BTreeMap<u32, Class>,
}

impl Classes {
    /// The tables, where `overrides` says nothing else.
    pub fn with_overrides(overrides: impl IntoIterator<Item = (u32, Class)>) -> Self {
        Self {
            overrides: overrides.into_iter().collect(),
        }
    }

    /// The class of a refusal: a request answered with the HTTP status `status` (400–499, or a redirect) and `code`.
    ///
    /// 401 and 429 say enough by themselves. A code in no table has the class of its status: 402 and 403 are the
    /// account's, 408 and 425 pass, and all others mean that the request was wrong, which is the sender's fault.
    #[must_use]
    pub fn when_creating(&self, status: u16, code: Option<u32>) -> Class {
        let by_status = match status {
            401 => return Class::Account,
            429 => return Class::Throttled,
            402 | 403 => Class::Account,
            408 | 425 => Class::Transient,
            _ => Class::SenderMisconfigured,
        };
        code.and_then(|code| self.find(code)).unwrap_or(by_status)
    }

    /// The class of a code in a status callback. A Messaging Service also reports there what a number refuses at once;
    /// a code in no table is taken for a passing fault of the network.
    #[must_use]
    pub fn in_callback(&self, code: u32) -> Class {
        self.find(code).unwrap_or(Class::Transient)
    }

    /// No code stands in both tables with two meanings, so the order does not matter.
    fn find(&self, code: u32) -> Option<Class> {
        self.overrides.get(&code).copied().or_else(|| {
            WHEN_CREATING
                .iter()
                .chain(IN_CALLBACK)
                .find_map(|(known, class)| (*known == code).then_some(*class))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_code_stands_in_the_tables_once() {
        let codes: BTreeSet<u32> = WHEN_CREATING.iter().chain(IN_CALLBACK).map(|row| row.0).collect();
        assert_eq!(codes.len(), WHEN_CREATING.len() + IN_CALLBACK.len());
    }

    #[test]
    fn every_row_is_found() {
        let classes = Classes::default();
        for &(code, class) in WHEN_CREATING {
            assert_eq!(classes.when_creating(400, Some(code)), class, "{code}");
        }
        for &(code, class) in IN_CALLBACK {
            assert_eq!(classes.in_callback(code), class, "{code}");
        }
    }

    #[test]
    fn an_unknown_code_has_the_class_of_its_status() {
        let classes = Classes::default();
        for (status, class) in [
            (307, Class::SenderMisconfigured),
            (400, Class::SenderMisconfigured),
            (401, Class::Account),
            (402, Class::Account),
            (403, Class::Account),
            (404, Class::SenderMisconfigured),
            (408, Class::Transient),
            (429, Class::Throttled),
        ] {
            assert_eq!(classes.when_creating(status, None), class, "{status}");
            assert_eq!(classes.when_creating(status, Some(99_999)), class, "{status}");
        }
        assert_eq!(classes.in_callback(99_999), Class::Transient);
    }

    #[test]
    fn an_override_wins_over_the_tables_but_not_over_401_and_429() {
        let classes = Classes::with_overrides([(21_211, Class::Transient), (99_999, Class::FraudBlocked)]);
        assert_eq!(classes.when_creating(400, Some(21_211)), Class::Transient);
        assert_eq!(classes.in_callback(99_999), Class::FraudBlocked);
        assert_eq!(classes.when_creating(401, Some(21_211)), Class::Account);
        assert_eq!(classes.when_creating(429, Some(21_211)), Class::Throttled);
    }
}
