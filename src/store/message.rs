//! Reading messages: lists for an administrator, and one with its timeline.

use async_trait::async_trait;
use uuid::Uuid;

use super::StoreError;
use crate::domain::id::{ApplicationId, EnvironmentId, MessageId, NotificationId, VerificationId};
use crate::domain::idempotency::KeyedHash;
use crate::domain::message::{Attempt, Channel, MessageStatus, MessageSummary};
use crate::domain::purpose::MessagePurpose;
use crate::domain::time::Timestamp;

/// Reading messages. A page has at most 101 of them: 100, and one that tells that there are more.
#[async_trait]
pub trait Messages: Send + Sync {
    /// At most `limit` messages of an environment, newest first, each page at the same cost, whatever the filter. Those that cannot
    /// be read are left out.
    async fn list_messages(
        &self,
        environment: EnvironmentId,
        filter: MessageFilter,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// At most `limit` messages to one recipient of an environment, newest first, older than `before`, each page at the same
    /// cost.
    async fn search_messages(
        &self,
        environment: EnvironmentId,
        recipient_key: KeyedHash,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// One message with what its timeline is made from; `None` for one of another environment.
    async fn find_message(
        &self,
        environment: EnvironmentId,
        id: MessageId,
    ) -> Result<Option<MessageHistory>, StoreError>;
}

/// Reads a page until it has `limit` messages or there are no more. One that this release cannot read is told to the log and left
/// out. `fetch` answers at most as many rows as it is asked for, older than the message given.
pub(super) async fn readable<Row, E, F>(
    limit: u32,
    mut before: Option<MessageId>,
    fetch: impl Fn(Option<MessageId>, u32) -> F,
    read: impl Fn(Row) -> (MessageId, Result<StoredMessage, StoreError>),
) -> Result<Vec<StoredMessage>, StoreError>
where
    F: Future<Output = Result<Vec<Row>, E>>,
    StoreError: From<E>,
{
    let mut messages = Vec::new();
    let mut wanted = limit;
    while wanted > 0 {
        let rows = fetch(before, wanted).await?;
        let is_last = rows.len() < usize::try_from(wanted).unwrap_or(usize::MAX);
        for row in rows {
            let (id, message) = read(row);
            before = Some(id);
            match message {
                Ok(message) => {
                    messages.push(message);
                    wanted -= 1;
                }
                Err(error) => {
                    tracing::error!(message.id = %id, %error, "a message cannot be read by this release and is not listed");
                }
            }
        }
        if is_last {
            break;
        }
    }
    Ok(messages)
}

/// The lowest id that a message made at `moment` can have: ids begin with their milliseconds (RFC 9562, 5.7).
pub(super) fn first_id_at(moment: Timestamp) -> Uuid {
    let millis = u64::try_from(moment.unix_micros() / 1_000).unwrap_or(0);
    Uuid::from_u128(u128::from(millis) << 80)
}

/// A hold on messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Tells this hold from any other; the fencing token.
    pub token: Uuid,
    /// When it ends, and others may take over.
    pub until: Timestamp,
}

/// Which messages are listed.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// Only with this status.
    pub status: Option<MessageStatus>,
    /// Only on this channel.
    pub channel: Option<Channel>,
    /// Only made at or after this.
    pub since: Option<Timestamp>,
    /// Only older than this message: the last one of the page before.
    pub before: Option<MessageId>,
}

impl MessageFilter {
    /// The ranges of the index that hold what it lets through: `None` is that of all common statuses.
    pub(super) fn rare_statuses(&self) -> Vec<Option<&'static str>> {
        let range = |status: MessageStatus| status.is_rare().then(|| status.as_str());
        if let Some(status) = self.status {
            return vec![range(status)];
        }
        let rare = MessageStatus::ALL.iter().copied().filter_map(range).map(Some);
        rare.chain([None]).collect()
    }

    /// The names of the channels it lets through.
    pub(super) fn channels(&self) -> Vec<&'static str> {
        match self.channel {
            Some(one) => vec![one.as_str()],
            None => Channel::NAMES.to_vec(),
        }
    }
}

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// What every caller sees.
    pub summary: MessageSummary,
    /// The verification it carries the code of; `None` for a notification's.
    pub verification_id: Option<VerificationId>,
    /// The notification it is of; `None` for one with a code.
    pub notification_id: Option<NotificationId>,
    /// The application that asked for it.
    pub application_id: ApplicationId,
    /// How it travels.
    pub channel: Channel,
    /// What for.
    pub purpose: MessagePurpose,
    /// Whom it goes to, masked.
    pub masked_recipient: String,
    /// The provider's name for it.
    pub provider_message_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last settled.
    pub updated_at: Timestamp,
}

/// A message and what happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageHistory {
    /// The message.
    pub message: StoredMessage,
    /// Why it took its route: the JSON object it was made with.
    pub decision: String,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// When its next try is due; `None` while somebody sends it, and once it is settled.
    pub due_at: Option<Timestamp>,
    /// When it was taken over from a process that died with it unsettled, so that it may have been sent twice.
    pub taken_over_at: Option<Timestamp>,
    /// When its verification was guessed at, oldest first; the right guess is the last one of a verified one.
    pub guessed_at: Vec<Timestamp>,
    /// When its verification succeeded.
    pub verified_at: Option<Timestamp>,
    /// When its verification was canceled.
    pub canceled_at: Option<Timestamp>,
    /// When its code dies, or the notification is no longer sent.
    pub expires_at: Timestamp,
}
