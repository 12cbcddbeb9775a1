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
    /// `created`, `taken_over`, `attempt`, `retry_scheduled`, `guess`, `verified`, `canceled` or `expired`.
    event: &'static str,
    /// What there is to say of it.
    details: Value,
}

/// The timeline of `history` as of `now`, oldest first.
pub fn of(history: &MessageHistory, now: Timestamp) -> Vec<TimelineEntry> {
    let decision: Value = serde_json::from_str(&history.decision).unwrap_or_default();
    let mut entries = vec![entry(history.message.created_at, "created", decision)];
    entries.extend(
        history
            .attempts
            .iter()
            .map(|attempt| entry(attempt.finished_at, "attempt", json!(attempt))),
    );
    entries.extend(
        history
            .taken_over_at
            .map(|at| entry(at, "taken_over", json!({ "possible_duplicate": true }))),
    );
    // One that waits for the end of its code's life is not tried again.
    if let Some(due_at) = history.due_at.filter(|due_at| *due_at < history.expires_at) {
        entries.push(entry(
            history.message.updated_at,
            "retry_scheduled",
            json!({ "not_before": due_at }),
        ));
    }
    let guesses = history.guessed_at.len();
    entries.extend(history.guessed_at.iter().enumerate().map(|(index, at)| {
        let correct = history.verified_at.is_some() && index + 1 == guesses;
        entry(*at, "guess", json!({ "number": index + 1, "correct": correct }))
    }));
    entries.extend(history.verified_at.map(|at| entry(at, "verified", Value::Null)));
    entries.extend(history.canceled_at.map(|at| entry(at, "canceled", Value::Null)));
    // A notification has no code that dies once it was sent.
    let lives_on =
        history.message.notification_id.is_some() && history.message.summary.status != MessageStatus::Expired;
    let ended = lives_on || history.verified_at.or(history.canceled_at).is_some();
    if !ended && history.expires_at <= now {
        entries.push(entry(history.expires_at, "expired", Value::Null));
    }
    entries.sort_by_key(|entry| entry.at);
    entries
}

fn entry(at: Timestamp, event: &'static str, details: Value) -> TimelineEntry {
    TimelineEntry { at, event, details }
}
