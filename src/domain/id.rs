//! Prefixed ids: `ver_`, `msg_`, `conn_` … followed by 32 lower-case hexadecimal digits, the same form for all.
//! An id in any other form is an unknown id, so `parse` answers `None` and the caller a 404.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::parsed;
use super::random::{Random, time_ordered_id, unguessable_id};
use super::time::Timestamp;

fn parse_hex(text: &str, prefix: &str) -> Option<Uuid> {
    let digits = text.strip_prefix(prefix)?;
    let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != 32 || !digits.bytes().all(lower_hex) {
        return None;
    }
    Uuid::try_parse(digits).ok()
}

/// What all ids have in common: their wire form, and an order, which is that of their making where they are time-ordered.
pub trait Id: Copy + Ord + fmt::Display {
    /// Reads the wire form; `None` for any other.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the id begins with on the wire.
            pub const PREFIX: &str = $prefix;

            /// Reads the wire form; `None` for any other.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                parse_hex(text, $prefix).map(Self)
            }

            /// An id that sorts by its time of making (UUID v7).
            pub fn time_ordered(random: &dyn Random, now: Timestamp) -> Self {
                Self(time_ordered_id(random, now))
            }

            /// An id of 128 random bits.
            pub fn unguessable(random: &dyn Random) -> Self {
                Self(unguessable_id(random))
            }
        }

        impl Id for $name {
            fn parse(text: &str) -> Option<Self> {
                parse_hex(text, $prefix).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.as_simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                parsed::read(deserializer, concat!($prefix, "00000000000000000000000000000000"), |text: String| {
                    Self::parse(&text).ok_or(concat!("must be an id: ", $prefix, " and 32 digits"))
                })
            }
        }
    )*};
}

ids! {
    /// An environment: one business's isolated world.
    EnvironmentId = "env_";
    /// An application: a frontend of an environment.
    ApplicationId = "app_";
    /// An API key's record, not the key.
    KeyId = "key_";
    /// A connection: one authentication method of an environment. Assigned once, never changed.
    ConnectionId = "conn_";
    /// A verification. Always unguessable: who knows it may guess its code.
    VerificationId = "ver_";
    /// A message to one recipient.
    MessageId = "msg_";
    /// One try to hand a message to a provider.
    AttemptId = "att_";
    /// An entry of the audit log.
    AuditId = "aud_";
    /// A notification.
    NotificationId = "ntf_";
}

impl AuditId {
    /// The one behind it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(Uuid::from_u128(self.0.as_u128().wrapping_add(1)))
    }
}

impl MessageId {
    /// When the message was made, to the millisecond: the id says so itself.
    #[must_use]
    pub fn made_at(self) -> Option<Timestamp> {
        let (seconds, nanoseconds) = self.0.get_timestamp()?.to_unix();
        let micros = i64::try_from(seconds)
            .ok()?
            .checked_mul(1_000_000)?
            .checked_add(i64::from(nanoseconds / 1_000))?;
        Timestamp::from_unix_micros(micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::OsRandom;

    #[test]
    fn an_id_is_read_back_from_its_own_wire_form() {
        let id = VerificationId::unguessable(&OsRandom);
        assert_eq!(VerificationId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn any_other_form_is_unknown() {
        let id = ConnectionId::unguessable(&OsRandom).to_string();
        for text in [
            "",
            "conn_",
            &id.to_uppercase(),
            &id.replace("conn_", "ver_"),
            &id[..id.len() - 1],
            &format!("{id}0"),
            &format!("{id} "),
            "conn_0000000-0000-0000-0000-00000000000",
        ] {
            assert_eq!(ConnectionId::parse(text), None, "{text:?}");
        }
    }
}
