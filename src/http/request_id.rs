//! The id of a request: 128 random bits of our own, told in `X-Request-Id`, in problems and in every line of the log.
//! What a caller sends under that name is ignored, so that nobody can choose what the log says.

use std::fmt;

use axum::http::HeaderValue;

use crate::domain::random::Random;

/// The id of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(u128);

impl RequestId {
    /// Draws a new one.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        Self(u128::from_be_bytes(bytes))
    }

    /// As the value of `X-Request-Id`.
    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static(""))
    }

    #[cfg(test)]
    pub(super) fn for_tests() -> Self {
        Self(0)
    }
}

impl fmt::Display for RequestId {
    /// 32 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
