//! The `Prefer` header (RFC 7240): a wish, so what is not understood is ignored.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// What the caller prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prefer {
    /// `respond-async`: an answer without waiting for the provider.
    pub respond_async: bool,
    /// `wait=N`: how long to wait at most, in whole seconds.
    pub wait: Option<Duration>,
}

impl Prefer {
    fn read(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        let lines = headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok());
        for preference in lines.flat_map(|line| line.split(',')) {
            // What follows a semicolon are parameters, and none of these two has any.
            let preference = preference.split(';').next().unwrap_or_default().trim();
            match preference.split_once('=') {
                None if preference.eq_ignore_ascii_case("respond-async") => prefer.respond_async = true,
                // The first of several counts (RFC 7240, section 2).
                Some((name, seconds))
                    if name.trim().eq_ignore_ascii_case("wait") && prefer.wait.is_none() =>
                {
                    let seconds = seconds.trim().trim_matches('"');
                    prefer.wait = seconds.parse::<u32>().ok().map(|s| Duration::from_secs(s.into()));
                }
                _ => {}
            }
        }
        prefer
    }
}

impl<S: Sync> FromRequestParts<S> for Prefer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> (bool, Option<u64>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("prefer", line.parse().unwrap());
        }
        let prefer = Prefer::read(&headers);
        (prefer.respond_async, prefer.wait.map(|wait| wait.as_secs()))
    }

    #[test]
    fn known_preferences_are_found_wherever_they_stand_and_others_ignored() {
        assert_eq!(read(&[]), (false, None));
        assert_eq!(read(&["Respond-Async"]), (true, None));
        assert_eq!(
            read(&["return=minimal; foo=bar, wait=2;x=y", "respond-async"]),
            (true, Some(2))
        );
        assert_eq!(read(&["wait=2, wait=9"]), (false, Some(2)));
        assert_eq!(read(&["wait=soon, respond-asynchronously"]), (false, None));
    }
}
