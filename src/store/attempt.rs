//! Attempts as both databases keep them: a JSON array for each on a line of its own, in the row of their message, so that a further one
//! is appended without a look at those before. Names are left out, and so is what stands in the row already: the log holds each line
//! again for every update.

use uuid::Uuid;

use crate::domain::id::AttemptId;
use crate::domain::message::{Attempt, MessageStatus, Provider};
use crate::domain::time::Timestamp;

/// Id, provider, outcome, start and end in microseconds since 1970, the provider's code, detail.
type Line = (Uuid, Provider, String, i64, i64, Option<String>, Option<String>);

/// The line of an attempt.
pub(super) fn to_line(attempt: &Attempt) -> String {
    let line = (
        attempt.id.0,
        attempt.provider,
        &attempt.outcome,
        attempt.started_at.unix_micros(),
        attempt.finished_at.unix_micros(),
        &attempt.provider_code,
        &attempt.detail,
    );
    let json = serde_json::to_string(&line).expect("an attempt holds nothing but texts and numbers");
    json + "\n"
}

/// All attempts of a message, oldest first; `None` for what `to_line` did not write. `provider_message_id` is the message's, and belongs to
/// the one attempt that was accepted.
pub(super) fn read_all(lines: &str, provider_message_id: Option<&str>) -> Option<Vec<Attempt>> {
    lines
        .lines()
        .map(|line| read(line, provider_message_id))
        .collect()
}

/// How many attempts a message has had.
pub(super) fn count(lines: &str) -> u16 {
    u16::try_from(lines.lines().count()).unwrap_or(u16::MAX)
}

fn read(line: &str, provider_message_id: Option<&str>) -> Option<Attempt> {
    let (id, provider, outcome, started_at, finished_at, provider_code, detail): Line =
        serde_json::from_str(line).ok()?;
    Some(Attempt {
        id: AttemptId(id),
        provider,
        started_at: Timestamp::from_unix_micros(started_at)?,
        finished_at: Timestamp::from_unix_micros(finished_at)?,
        provider_message_id: provider_message_id
            .filter(|_| outcome == MessageStatus::Accepted.as_str())
            .map(str::to_owned),
        outcome,
        provider_code,
        detail,
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
            outcome: "accepted".to_owned(),
            provider_message_id: Some("SM1".to_owned()),
            ..bare.clone()
        };
        let lines = to_line(&bare) + &to_line(&whole);
        assert_eq!(read_all(&lines, Some("SM1")), Some(vec![bare, whole]));
        assert_eq!((count(&lines), count("")), (2, 0));
        assert_eq!(read_all("{}\n", None), None);
        assert_eq!(read_all("", None), Some(Vec::new()));
    }
}
