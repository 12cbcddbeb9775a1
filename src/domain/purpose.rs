//! What a message is for.

use serde::Serialize;

use super::notification::NotificationEvent;
use super::verification::Purpose;

/// What a message is for: the purpose of its code, or the event that it tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessagePurpose {
    /// It carries a code.
    Code(Purpose),
    /// It is a notification.
    Notification(NotificationEvent),
}

impl MessagePurpose {
    /// The name on the wire and in the database. No purpose is called as an event.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code(purpose) => purpose.as_str(),
            Self::Notification(event) => event.as_str(),
        }
    }

    /// Reads the name; `None` for any other.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let event = || NotificationEvent::parse(name).map(Self::Notification);
        Purpose::parse(name).map(Self::Code).or_else(event)
    }
}

impl Serialize for MessagePurpose {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
