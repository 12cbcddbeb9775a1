//! Requests whose framing or addressee could be read in two ways, or in none: answered `400`, and their connection ends,
//! so that nothing that follows is taken for another request (RFC 9112, sections 3.2 and 6; RFC 9113, section 8.3.1).

use axum::extract::Request;
use axum::http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderValue, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::problem::{Code, Problem};

/// In place of a request that could not be read, with the status that this has in HTTP.
#[derive(Debug, Clone, Copy)]
pub struct Unreadable(pub StatusCode);

/// Lets a request pass whose framing is as it should be.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let Err(detail) = judge(&request) else {
        return next.run(request).await;
    };
    let mut response = Problem::new(Code::InvalidRequest, detail).into_response();
    // In HTTP/2 nothing follows on the same stream.
    if request.version() < Version::HTTP_2 {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

fn judge(request: &Request) -> Result<(), &'static str> {
    match request.extensions().get::<Unreadable>() {
        Some(Unreadable(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE | StatusCode::URI_TOO_LONG)) => {
            return Err("Send a request line and headers of at most 16 KiB in all, and at most 64 headers.");
        }
        Some(_) => return Err("Send a request line and headers of the form that RFC 9112 describes."),
        None => {}
    }
    if !transfer_encoding_is_clear(request) {
        return Err("Send a body with a Content-Length, or with “chunked” as its only Transfer-Encoding.");
    }
    if !host_is_clear(request) {
        return Err("Send exactly one Host header with the name or address that the request is for.");
    }
    Ok(())
}

/// hyper has seen that the last one is `chunked`. Another one before it nobody here would undo.
fn transfer_encoding_is_clear(request: &Request) -> bool {
    let mut encodings = request.headers().get_all(TRANSFER_ENCODING).iter();
    match (encodings.next(), encodings.next()) {
        (None, _) => true,
        (Some(only), None) => only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// One host, well-formed, and the same wherever it is named. HTTP/1.0 knows no Host, and HTTP/2 has `:authority` in its
/// place.
fn host_is_clear(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, more) = (hosts.next().map(HeaderValue::as_bytes), hosts.next());
    let target = request
        .uri()
        .authority()
        .map(|authority| authority.as_str().as_bytes());
    let needed = request.version() >= Version::HTTP_11;
    if more.is_some() {
        return false;
    }
    match (host, target) {
        (Some(host), Some(target)) => is_host(host) && host.eq_ignore_ascii_case(target),
        (Some(host), None) => is_host(host),
        (None, Some(target)) => is_host(target) && request.version() == Version::HTTP_2,
        (None, None) => !needed,
    }
}

/// `uri-host [":" port]` (RFC 9110, section 7.2) with names of the characters that names are made of: what else RFC 3986
/// lets pass as one, such as a comma, is a list of two to somebody else.
fn is_host(value: &[u8]) -> bool {
    let Ok(value) = std::str::from_utf8(value) else {
        return false;
    };
    let (host, port) = match value.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((literal, rest)) if literal.parse::<std::net::Ipv6Addr>().is_ok() => {
                ("", (!rest.is_empty()).then_some(rest))
            }
            _ => return false,
        },
        None => match value.find(':') {
            Some(colon) => (&value[..colon], Some(&value[colon..])),
            None => (value, None),
        },
    };
    let is_name = value.starts_with('[') || !host.is_empty() && host.bytes().all(is_of_a_name);
    is_name && port.is_none_or(is_port)
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `":" *DIGIT`.
fn is_port(written: &str) -> bool {
    let Some(digits) = written.strip_prefix(':') else {
        return false;
    };
    digits.is_empty() || digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for right in [
            "otp.example",
            "OTP.example:8080",
            "my_service:80",
            "localhost",
            "127.0.0.1:8080",
            "[::1]",
            "[2001:db8::1]:443",
            "otp.example:",
        ] {
            assert!(is_host(right.as_bytes()), "{right}");
        }
        for wrong in [
            "",
            ":80",
            "a b",
            "a,b",
            "user@otp.example",
            "otp.example:80:81",
            "otp.example:http",
            "otp.example:65536",
            "otp.example:+1",
            "otp.example/",
            "[::1",
            "[otp.example]",
            "[::1]80",
            "bücher.example",
            "%6ftp.example",
        ] {
            assert!(!is_host(wrong.as_bytes()), "{wrong}");
        }
        assert!(!is_host(b"\xff"));
    }
}
