//! The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header): a structured-field string, or the bare
//! word that many clients send.

use axum::extract::OptionalFromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::http::problem::{Code, Problem};

/// 1 to 255 printable ASCII characters. Quoted and bare, the same characters are the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Its characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads it; `Ok(None)` where there is none.
    fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all("idempotency-key").iter();
        let key = match (values.next(), values.next()) {
            (None, _) => return Ok(None),
            (Some(value), None) => value.to_str().ok().and_then(parse),
            (Some(_), Some(_)) => None,
        };
        key.map(|key| Some(Self(key))).ok_or_else(invalid)
    }
}

fn parse(value: &str) -> Option<String> {
    let value = value.trim_matches(' ');
    let key = match value.strip_prefix('"') {
        Some(rest) => unquote(rest)?,
        None => value.to_owned(),
    };
    let printable = |byte: u8| (0x20..=0x7e).contains(&byte);
    ((1..=255).contains(&key.len()) && key.bytes().all(printable)).then_some(key)
}

/// What stands before the closing quote, which must be the last character (RFC 9651, section 4.2.5).
fn unquote(rest: &str) -> Option<String> {
    let mut key = String::with_capacity(rest.len());
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(key),
            '\\' => match chars.next()? {
                escaped @ ('"' | '\\') => key.push(escaped),
                _ => return None,
            },
            other => key.push(other),
        }
    }
}

fn invalid() -> Problem {
    let detail = "Send one key of 1 to 255 printable ASCII characters, bare or in double quotes.";
    Problem::new(Code::InvalidIdempotencyKey, detail)
}

impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Self::read(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_and_bare_keys_are_the_same_and_anything_else_is_refused() {
        let longest = "k".repeat(255);
        let too_long = "k".repeat(256);
        let quoted = format!("\"{longest}\"");
        let table = [
            ("abc", Some("abc")),
            ("\"abc\"", Some("abc")),
            (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
            (
                "8e03978e-40d5-43dd-bc93-6894a57f9324",
                Some("8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ),
            (longest.as_str(), Some(longest.as_str())),
            (quoted.as_str(), Some(longest.as_str())),
            (too_long.as_str(), None),
            ("", None),
            ("   ", None),
            ("\"\"", None),
            ("\"abc", None),
            ("\"abc\" x", None),
            ("\"a\", \"b\"", None),
            (r#""a\nb""#, None),
            ("a\tb", None),
        ];
        for (value, expected) in table {
            assert_eq!(parse(value).as_deref(), expected, "{value:?}");
        }
    }

    #[test]
    fn two_keys_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(IdempotencyKey::read(&headers).unwrap(), None);
        headers.append("idempotency-key", "a".parse().unwrap());
        assert!(IdempotencyKey::read(&headers).is_ok());
        headers.append("idempotency-key", "a".parse().unwrap());
        assert_eq!(
            IdempotencyKey::read(&headers).unwrap_err().code(),
            Code::InvalidIdempotencyKey
        );
    }

    #[test]
    fn bytes_beyond_ascii_are_no_key() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "idempotency-key",
            axum::http::HeaderValue::from_bytes(b"a\xffb").unwrap(),
        );
        assert!(IdempotencyKey::read(&headers).is_err());
    }
}
