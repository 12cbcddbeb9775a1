//! The timeline of a message: enough to answer "why did my user not get the code?".

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::message::MessageStatus;
use crate::domain::time::Timestamp;
use crate::store::message::MessageHistory;

/// Something that happened to a message or to its verification.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// When.
    at: Timestamp,
    event: TimelineEvent,
    /// What there is to say of it: the decision of `created`, the provider's answer to an `attempt`; `null` where there is nothing.
    #[schema(value_type = Option<Object>)]
    details: Value,
}

/// What happened.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineEvent {
    /// It was made, and a route was chosen.
    Created,
    /// A provider was asked.
    Attempt,
    /// Another process went on with it.
    TakenOver,
    /// It is tried again, not before a time.
    RetryScheduled,
    /// A code was given.
    Guess,
    /// The right code was given.
    Verified,
    /// Its caller gave the verification up.
    Canceled,
    /// Its code has died.
    Expired,
}

/// The timeline of `history` as of `now`, oldest first.
pub fn of(history: &MessageHistory, now: Timestamp) -> Vec<TimelineEntry> {
    let decision: Value = serde_json::from_str(&history.decision).unwrap_or_default();
    let mut entries = vec![entry(
        history.message.created_at,
        TimelineEvent::Created,
        decision,
    )];
    entries.extend(
        history
            .attempts
            .iter()
            .map(|attempt| entry(attempt.finished_at, TimelineEvent::Attempt, json!(attempt))),
    );
    entries.extend(history.taken_over_at.map(|at| {
        entry(
            at,
            TimelineEvent::TakenOver,
            json!({ "possible_duplicate": true }),
        )
    }));
    // One that waits for the end of its code's life is not tried again.
    if let Some(due_at) = history.due_at.filter(|due_at| *due_at < history.expires_at) {
        entries.push(entry(
            history.message.updated_at,
            TimelineEvent::RetryScheduled,
            json!({ "not_before": due_at }),
        ));
    }
    let guesses = history.guessed_at.len();
    entries.extend(history.guessed_at.iter().enumerate().map(|(index, at)| {
        let correct = history.verified_at.is_some() && index + 1 == guesses;
        entry(
            *at,
            TimelineEvent::Guess,
            json!({ "number": index + 1, "correct": correct }),
        )
    }));
    entries.extend(
        history
            .verified_at
            .map(|at| entry(at, TimelineEvent::Verified, Value::Null)),
    );
    entries.extend(
        history
            .canceled_at
            .map(|at| entry(at, TimelineEvent::Canceled, Value::Null)),
    );
    // A notification has no code that dies once it was sent.
    let lives_on =
        history.message.notification_id.is_some() && history.message.summary.status != MessageStatus::Expired;
    let ended = lives_on || history.verified_at.or(history.canceled_at).is_some();
    if !ended && history.expires_at <= now {
        entries.push(entry(history.expires_at, TimelineEvent::Expired, Value::Null));
    }
    entries.sort_by_key(|entry| entry.at);
    entries
}

fn entry(at: Timestamp, event: TimelineEvent, details: Value) -> TimelineEntry {
    TimelineEntry { at, event, details }
}
