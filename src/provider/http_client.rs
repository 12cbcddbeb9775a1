//! The one HTTP client that all HTTP senders share, and what its errors mean for a message: whether the request
//! certainly never left, or may have been read.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use rustls::{ClientConfig, RootCertStore};
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::detail::redacted;
use super::{CONNECT_TIMEOUT, Class, SENDER_TIMEOUT, SendError};
use crate::domain::time::Timestamp;

/// How much of an answer is read, in bytes. Twilio's are about 1 KiB.
pub const MAX_ANSWER: usize = 256 * 1024;

/// The longest wait that a provider's `Retry-After` can ask for: no code lives longer.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// An unused connection is closed after this time, well before load balancers close theirs (60 s at AWS): a request
/// written to a connection that the other side is just closing ends as unknown.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Unused connections that are kept for each host.
const MAX_IDLE_PER_HOST: usize = 64;

/// The date of `Retry-After` (RFC 9110, section 5.6.7, the form that senders must use).
const IMF_FIXDATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// How long one request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name lookup, TCP and TLS.
    pub connect: Duration,
    /// Everything, to the last byte of the answer.
    pub whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: CONNECT_TIMEOUT,
            whole: SENDER_TIMEOUT,
        }
    }
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The cryptography does not offer TLS 1.2 and 1.3.
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
    /// Anything else.
    #[error("the HTTP client could not be set up")]
    Client(#[from] reqwest::Error),
}

/// Makes the client: pooled HTTP/1.1, without redirects, proxies or retries of its own, trusting `roots` alone.
///
/// HTTP/1.1, because there a request that timed out takes its connection with it, where HTTP/2 would hand the same dead
/// connection to every following request.
pub fn build(roots: Arc<RootCertStore>, timeouts: Timeouts) -> Result<Client, BuildError> {
    let cryptography = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(cryptography)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.whole)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!("otpost/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(client)
}

/// The whole body, or `None` when it is longer than `cap` bytes, broke off or did not end in time.
pub async fn read_capped(mut response: Response, cap: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > cap {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

/// Whether the status says that the message was definitely not accepted: 4xx, and redirects, which are not followed,
/// except 303, with which a server may answer what it has processed.
#[must_use]
pub fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() || (status.is_redirection() && status != StatusCode::SEE_OTHER)
}

/// What it means that a request ended without the head of an answer. Only what failed before a connection stood is
/// certain not to have been read.
#[must_use]
pub fn failure(error: &reqwest::Error) -> SendError {
    if error.is_builder() {
        return SendError::refused(
            Class::SenderMisconfigured,
            "no request could be made of the URL and the credentials",
        );
    }
    let cause = redacted(&root_cause(error), &[]);
    if error.is_connect() {
        SendError::refused(Class::Unreachable, format!("no connection: {cause}"))
    } else if error.is_timeout() {
        SendError::unknown("no answer in time")
    } else {
        SendError::unknown(format!("no answer: {cause}"))
    }
}

/// The innermost error: the outer ones repeat the URL.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// How long the answer asks to wait: `Retry-After` in seconds or as a date, at most a day.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else {
        let date = PrimitiveDateTime::parse(value, IMF_FIXDATE).ok()?;
        now.until(Timestamp::new(date.assume_utc()))
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    #[test]
    fn retry_after_is_read_in_both_forms_and_never_exceeds_a_day() {
        let now = Timestamp::from_unix_micros(784_111_777_000_000).unwrap(); // Sun, 06 Nov 1994 08:49:37 GMT
        for (value, wait) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("Fri, 06 Nov 2094 08:49:37 GMT", Some(86_400)),
            ("18446744073709551615", Some(86_400)),
            ("99999999999999999999999", None),
            ("-1", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
            assert_eq!(
                retry_after(&headers, now),
                wait.map(Duration::from_secs),
                "{value}"
            );
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
