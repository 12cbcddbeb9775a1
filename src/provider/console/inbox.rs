//! The development inbox: the last messages of the console, in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::domain::id::MessageId;
use crate::domain::message::Channel;
use crate::domain::time::Timestamp;

/// How many messages are kept.
pub const CAPACITY: usize = 100;

/// One message, whole. It has no `Debug`, because it holds the code and the recipient.
#[derive(Clone, Serialize)]
pub struct InboxEntry {
    /// Our id of the message.
    pub message_id: MessageId,
    /// Whether it was an SMS or an email.
    pub channel: Channel,
    /// The number in E.164, or the address.
    pub to: String,
    /// The subject of an email.
    pub subject: Option<String>,
    /// The text of an SMS, or the plain text part of an email.
    pub text: String,
    /// When the console took it over.
    pub at: Timestamp,
}

/// The last 100 messages.
#[derive(Default)]
pub struct Inbox {
    entries: Mutex<VecDeque<InboxEntry>>,
}

impl Inbox {
    /// Keeps `entry`, and lets the oldest go when there is no place left.
    pub fn push(&self, entry: InboxEntry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push_front(entry);
        entries.truncate(CAPACITY);
    }

    /// All that is kept, the newest first.
    #[must_use]
    pub fn newest_first(&self) -> Vec<InboxEntry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_hundred_messages_are_kept_and_read_newest_first() {
        let inbox = Inbox::default();
        for number in 0..=CAPACITY {
            inbox.push(InboxEntry {
                message_id: MessageId(uuid::Uuid::nil()),
                channel: Channel::Sms,
                to: "+61466043123".to_owned(),
                subject: None,
                text: number.to_string(),
                at: Timestamp::from_unix_micros(0).unwrap(),
            });
        }
        let texts: Vec<String> = inbox.newest_first().into_iter().map(|entry| entry.text).collect();
        assert_eq!(texts.len(), CAPACITY);
        assert_eq!((texts[0].as_str(), texts[CAPACITY - 1].as_str()), ("100", "1"));
    }

    #[test]
    fn an_entry_is_plain_json() {
        let entry = InboxEntry {
            message_id: MessageId(uuid::Uuid::nil()),
            channel: Channel::Sms,
            to: "+61466043123".to_owned(),
            subject: None,
            text: "042042 is your code".to_owned(),
            at: Timestamp::from_unix_micros(0).unwrap(),
        };
        assert_eq!(
            serde_json::to_value(entry).unwrap(),
            serde_json::json!({
                "message_id": "msg_00000000000000000000000000000000",
                "channel": "sms",
                "to": "+61466043123",
                "subject": null,
                "text": "042042 is your code",
                "at": "1970-01-01T00:00:00Z",
            })
        );
    }
}
