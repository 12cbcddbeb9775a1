//! Examples of answers: what the service answers to the examples of requests, by operation. A test asks all of it and
//! holds the file against what comes back, so that no example tells of an answer that does not exist.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;

/// The examples as they were answered.
const ANSWERS: &str = include_str!("answers.json");

/// The examples by operation.
pub struct Answers(BTreeMap<String, Value>);

impl Answers {
    /// All of them; none where the file cannot be read, which the test of the examples tells.
    pub fn read() -> Self {
        Self(serde_json::from_str(ANSWERS).unwrap_or_default())
    }

    /// Puts the operation's example into its success.
    pub fn describe(&mut self, operation: &mut Operation) {
        let Some(answer) = operation.operation_id.as_ref().and_then(|id| self.0.remove(id)) else {
            return;
        };
        let responses = operation.responses.responses.iter_mut();
        let mut successes = responses.filter(|(status, _)| status.starts_with('2'));
        if let Some((_, RefOr::T(response))) = successes.next()
            && let Some(RefOr::T(content)) = response.content.get_mut("application/json")
        {
            content.example = Some(answer);
        }
    }
}
