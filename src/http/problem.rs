//! Every answer that is not a success: RFC 9457 problem details, made from one catalogue of codes.
//! A handler says what is wrong; [`super::layer`] fills in where it is documented and which request it was.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

mod body;
mod catalogue;
mod rendering;

pub use body::{Body, FieldError, Reason, Scope};
pub use catalogue::Code;
pub use rendering::CONTENT_TYPE;
pub(super) use rendering::{chain, render};

/// A cause that only the log sees.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a request did not succeed. Made into a response by `?` in a handler.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    body: Body,
    retry_after: Option<Duration>,
    rate_limit: Option<RateLimit>,
    cause: Option<Cause>,
}

/// A limit that is used up, as draft-ietf-httpapi-ratelimit-headers writes it.
#[derive(Debug)]
struct RateLimit {
    policy: &'static str,
    quota: u32,
    window: Duration,
    reset: Duration,
}

impl Problem {
    /// A problem whose `detail` says what to do next, and never why in terms of our insides.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            body: Body::new(code, detail.into()),
            retry_after: None,
            rate_limit: None,
            cause: None,
        }))
    }

    /// Values that are not acceptable, all at once.
    #[must_use]
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self::new(Code::ValidationFailed, "Correct the values named in “errors”.")
            .with(|body| body.errors = Some(errors))
    }

    /// Something that was not foreseen. `cause` goes to the log, and nowhere else.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        let detail = "Try again. If it happens again, give the operator the request id.";
        Self::new(Code::InternalError, detail).caused_by(cause)
    }

    /// Something that passes. `cause` goes to the log, and nowhere else.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::overloaded().caused_by(cause)
    }

    /// Too much at once, or too slow.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::new(Code::ServiceUnavailable, "Try again in a moment.")
    }

    /// The one shape of every failed authentication.
    #[must_use]
    pub fn unauthorized() -> Self {
        let detail = "Send a valid API key in the header “Authorization: Bearer …”.";
        Self::new(Code::Unauthorized, detail)
    }

    /// The one shape of everything that is not there.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "Check the path and the id.")
    }

    /// For a path that is there and not for this method; the header `Allow` names those it is there for.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(Code::MethodNotAllowed, "Use a method that “Allow” names.")
    }

    /// Sets a member that not every problem has, such as `attempts_left`.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut Body)) -> Self {
        set(&mut self.0.body);
        self
    }

    /// Says when to come again: `Retry-After` in whole seconds, rounded up, at least one.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Names the limit that is used up: `quota` in each `window`, free again after `reset`, which is also
    /// the least that `Retry-After` says.
    #[must_use]
    pub fn rate_limit(mut self, policy: &'static str, quota: u32, window: Duration, reset: Duration) -> Self {
        let wait = self.0.retry_after.map_or(reset, |wait| wait.max(reset));
        self.0.retry_after = Some(wait);
        self.0.rate_limit = Some(RateLimit {
            policy,
            quota,
            window,
            reset,
        });
        self
    }

    /// Keeps what led to it for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.body.code
    }
}

/// Whole seconds, rounded up: nobody who waits that long comes too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A problem on its way out, before it is known where it is documented and which request it was.
#[derive(Clone)]
struct Unrendered(Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
        const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
        let code = self.code();
        let mut response = code.status().into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if code == Code::Unauthorized {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let at_once = (code == Code::ServiceUnavailable).then_some(Duration::ZERO);
        if let Some(wait) = self.0.retry_after.or(at_once) {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait).max(1)));
        }
        if let Some(limit) = &self.0.rate_limit {
            let (quota, window) = (limit.quota, whole_seconds(limit.window));
            let policy = format!("\"{}\";q={quota};w={window}", limit.policy);
            let now = format!("\"{}\";r=0;t={}", limit.policy, whole_seconds(limit.reset));
            // Only a policy name that no header can hold would be left out, and names are literals.
            for (name, text) in [(POLICY, policy), (LIMIT, now)] {
                if let Ok(value) = HeaderValue::try_from(text) {
                    headers.insert(name, value);
                }
            }
        }
        response.extensions_mut().insert(Unrendered(Arc::new(self)));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn waits_are_told_in_whole_seconds_rounded_up_and_never_as_none() {
        for (millis, told) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2"), (59_999, "60")] {
            let problem = Problem::new(Code::RateLimited, "Wait.").retry_after(Duration::from_millis(millis));
            assert_eq!(header(&problem.into_response(), "retry-after"), Some(told));
        }
    }

    #[test]
    fn a_used_up_limit_is_named_and_retry_after_is_not_earlier_than_its_reset() {
        let response = Problem::new(Code::RateLimited, "Wait.")
            .retry_after(Duration::from_secs(3))
            .rate_limit(
                "recipient",
                10,
                Duration::from_hours(1),
                Duration::from_millis(29_001),
            )
            .into_response();
        assert_eq!(
            header(&response, "ratelimit-policy"),
            Some("\"recipient\";q=10;w=3600")
        );
        assert_eq!(header(&response, "ratelimit"), Some("\"recipient\";r=0;t=30"));
        assert_eq!(header(&response, "retry-after"), Some("30"));
    }

    #[test]
    fn every_unavailable_answer_says_when_to_come_again_and_every_401_how_to_come_in() {
        assert_eq!(
            header(&Problem::overloaded().into_response(), "retry-after"),
            Some("1")
        );
        assert_eq!(
            header(&Problem::unauthorized().into_response(), "www-authenticate"),
            Some("Bearer")
        );
    }
}
