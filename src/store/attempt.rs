//! Attempts as both databases keep them: a JSON object for each on a line of its own, in the row of their message, so that a further one
//! is appended without a look at those before.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::id::AttemptId;
use crate::domain::message::{Attempt, Provider};
use crate::domain::time::Timestamp;

/// Times are microseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Line {
    id: Uuid,
    provider: Provider,
    outcome: String,
    started_at: i64,
    finished_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_message_id: Option<String>,
}

/// The line of an attempt.
pub(super) fn to_line(attempt: &Attempt) -> String {
    let Attempt {
        id,
        provider,
        started_at,
        finished_at,
        outcome,
        provider_code,
        detail,
        provider_message_id,
    } = attempt.clone();
    let line = Line {
        id: id.0,
        provider,
        outcome,
        started_at: started_at.unix_micros(),
        finished_at: finished_at.unix_micros(),
        provider_code,
        detail,
        provider_message_id,
    };
    let json = serde_json::to_string(&line).expect("an attempt holds nothing but texts and numbers");
    json + "\n"
}

/// All attempts of a message, oldest first; `None` for what `to_line` did not write.
pub(super) fn read_all(lines: &str) -> Option<Vec<Attempt>> {
    lines.lines().map(read).collect()
}

/// How many attempts a message has had.
pub(super) fn count(lines: &str) -> u16 {
    u16::try_from(lines.lines().count()).unwrap_or(u16::MAX)
}

fn read(line: &str) -> Option<Attempt> {
    let line: Line = serde_json::from_str(line).ok()?;
    Some(Attempt {
        id: AttemptId(line.id),
        provider: line.provider,
        started_at: Timestamp::from_unix_micros(line.started_at)?,
        finished_at: Timestamp::from_unix_micros(line.finished_at)?,
        outcome: line.outcome,
        provider_code: line.provider_code,
        detail: line.detail,
        provider_message_id: line.provider_message_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::OsRandom;

    #[test]
    fn attempts_are_read_as_they_were_written() {
        let at = Timestamp::from_unix_micros(1_795_338_000_000_001).unwrap();
        let bare = Attempt {
            id: AttemptId::time_ordered(&OsRandom, at),
            provider: Provider::Twilio,
            started_at: at,
            finished_at: at,
            outcome: "unknown".to_owned(),
            provider_code: None,
            detail: None,
            provider_message_id: None,
        };
        let whole = Attempt {
            provider_code: Some("30003".to_owned()),
            detail: Some("two\nlines, and \"quotes\"".to_owned()),
            provider_message_id: Some("SM1".to_owned()),
            ..bare.clone()
        };
        let lines = to_line(&bare) + &to_line(&whole);
        assert_eq!(read_all(&lines), Some(vec![bare, whole]));
        assert_eq!((count(&lines), count("")), (2, 0));
        assert_eq!(read_all("{}\n"), None);
        assert_eq!(read_all(""), Some(Vec::new()));
    }
}
