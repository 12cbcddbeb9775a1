//! Whom a message goes to, and the one-line form in which a sign-in page names them.

use std::fmt;

use super::country::Country;
use super::email::EmailAddress;
use super::id::{NotificationId, VerificationId};
use super::keyring::{Generation, KeyRing, OpenError};
use super::message::Channel;
use super::phone::PhoneNumber;
use super::random::Random;

/// Whom a message goes to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// By SMS.
    Phone(PhoneNumber),
    /// By email.
    Email(EmailAddress),
}

impl Recipient {
    /// Takes back what `address` gave before; `None` for what it cannot have given.
    #[must_use]
    pub fn from_stored(channel: Channel, address: &str) -> Option<Self> {
        match channel {
            Channel::Sms => PhoneNumber::from_stored(address).map(Self::Phone),
            Channel::Email => EmailAddress::parse(address).ok().map(Self::Email),
        }
    }

    /// How messages reach them.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Phone(_) => Channel::Sms,
            Self::Email(_) => Channel::Email,
        }
    }

    /// What is sent to: E.164, or the email address as it was given.
    #[must_use]
    pub fn address(&self) -> &str {
        match self {
            Self::Phone(number) => number.e164(),
            Self::Email(address) => address.as_str(),
        }
    }

    /// Where the number belongs to; `None` for an address.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        match self {
            Self::Phone(number) => number.country(),
            Self::Email(_) => None,
        }
    }

    /// What limits are counted by. A number and an address never share a key.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Phone(number) => number.e164().to_owned(),
            Self::Email(address) => address.key(),
        }
    }

    /// As it is kept: sealed, and bound to its row.
    #[must_use]
    pub fn seal(&self, keys: &Generation, random: &dyn Random, row: RecipientRow) -> Vec<u8> {
        keys.seal(random, &row.sealing_context(), self.address().as_bytes())
    }

    /// The recipient of a row from its sealed copy.
    ///
    /// # Errors
    /// Why it cannot be opened; [`OpenError::Form`] for what is no recipient of `channel`.
    pub fn open(
        keys: &KeyRing,
        channel: Channel,
        row: RecipientRow,
        sealed: &[u8],
    ) -> Result<Self, OpenError> {
        let plain = keys.open(&row.sealing_context(), sealed)?;
        let address = std::str::from_utf8(&plain).map_err(|_| OpenError::Form)?;
        Self::from_stored(channel, address).ok_or(OpenError::Form)
    }

    /// For logs and answers: `+61•••123`, `j•••@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Phone(number) => number.masked(),
            Self::Email(address) => address.masked(),
        }
    }
}

/// Which row a sealed recipient is of.
#[derive(Debug, Clone, Copy)]
pub enum RecipientRow {
    /// A verification's.
    Verification(VerificationId),
    /// The recipient of a notification with this number, from 1.
    Notification(NotificationId, u16),
}

impl RecipientRow {
    fn sealing_context(self) -> Vec<u8> {
        match self {
            Self::Verification(id) => {
                [b"verifications.sealed_recipient\0".as_slice(), id.0.as_bytes()].concat()
            }
            Self::Notification(id, number) => [
                b"notification_recipients.sealed_recipient\0".as_slice(),
                id.0.as_bytes(),
                &number.to_be_bytes(),
            ]
            .concat(),
        }
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.masked())
    }
}

/// A recipient as Kinde's sign-in pages name one. What it holds is still to be parsed, as the connection's strategy asks.
#[derive(Clone, PartialEq, Eq)]
pub enum LoginHint {
    /// `phone:+61466043123:au`, `phone:0466043123:au`, or `phone:+61466043123`.
    Phone {
        /// E.164 or national digits.
        number: String,
        /// ISO 3166 alpha-2; for national digits.
        country: Option<String>,
    },
    /// `someone@example.com`.
    Email(String),
}

/// Neither of the two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the login hint as someone@example.com, phone:+61466043123:au or phone:0466043123:au")]
pub struct InvalidLoginHint;

impl LoginHint {
    /// Tells the two forms apart. Any other kind of hint, such as `username:…`, is refused.
    pub fn parse(text: &str) -> Result<Self, InvalidLoginHint> {
        if let Some(phone) = text.strip_prefix("phone:") {
            let (number, country) = match phone.split_once(':') {
                Some((number, country)) => (number, Some(country)),
                None => (phone, None),
            };
            let filled = |part: &str| !part.is_empty() && !part.contains(':');
            if !filled(number) || !country.is_none_or(filled) {
                return Err(InvalidLoginHint);
            }
            return Ok(Self::Phone {
                number: number.to_owned(),
                country: country.map(str::to_owned),
            });
        }
        if text.contains('@') && !text.contains(':') {
            return Ok(Self::Email(text.to_owned()));
        }
        Err(InvalidLoginHint)
    }
}

impl fmt::Debug for LoginHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phone { .. } => "Phone(•••)",
            Self::Email(_) => "Email(•••)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(number: &str, country: Option<&str>) -> LoginHint {
        LoginHint::Phone {
            number: number.to_owned(),
            country: country.map(str::to_owned),
        }
    }

    #[test]
    fn a_recipient_survives_the_way_through_the_store() {
        for (channel, address, key, masked) in [
            (Channel::Sms, "+61466043123", "+61466043123", "+61•••123"),
            (
                Channel::Email,
                "Jane@example.com",
                "jane@example.com",
                "J•••@example.com",
            ),
        ] {
            let recipient = Recipient::from_stored(channel, address).unwrap();
            assert_eq!(recipient.channel(), channel);
            assert_eq!(recipient.address(), address);
            assert_eq!(recipient.key(), key);
            assert_eq!(format!("{recipient:?}"), format!("Recipient({masked})"));
        }
    }

    #[test]
    fn an_address_of_the_other_channel_is_not_taken_back() {
        assert_eq!(Recipient::from_stored(Channel::Sms, "jane@example.com"), None);
        assert_eq!(Recipient::from_stored(Channel::Email, "+61466043123"), None);
    }

    #[test]
    fn both_forms_of_a_login_hint_are_read() {
        let read = |text| LoginHint::parse(text).unwrap();
        assert_eq!(
            read("someone@example.com"),
            LoginHint::Email("someone@example.com".into())
        );
        assert_eq!(read("phone:+61466043123:au"), phone("+61466043123", Some("au")));
        assert_eq!(read("phone:0466043123:au"), phone("0466043123", Some("au")));
        assert_eq!(read("phone:+61466043123"), phone("+61466043123", None));
    }

    #[test]
    fn other_hints_are_refused() {
        for text in [
            "",
            "jane",
            "username:jane",
            "username:jane@example.com",
            "email:jane@example.com",
            "+61466043123",
            "phone:",
            "phone::au",
            "phone:0466043123:",
            "phone:0466043123:au:x",
            "Phone:0466043123:au",
        ] {
            assert_eq!(LoginHint::parse(text), Err(InvalidLoginHint), "{text:?}");
        }
    }

    #[test]
    fn a_login_hint_is_not_shown() {
        let shown = format!(
            "{:?} {:?}",
            phone("+61466043123", None),
            LoginHint::Email("jane@example.com".into())
        );
        assert_eq!(shown, "Phone(•••) Email(•••)");
    }
}
