//! Bodies: JSON and nothing else, at most 64 KiB, read strictly.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::document::{self, Draft, Fault, Mistake, Value};
use crate::http::problem::{Code, FieldError, Problem};

/// The most bytes a body may have.
pub const BODY_LIMIT: usize = 64 * 1024;

/// A JSON body, in requests and in answers.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// A JSON body of the right form, whose values are judged further in, together with its bytes.
#[derive(Debug, Clone)]
pub struct Payload<T> {
    /// What was sent.
    pub value: Draft<T>,
    /// The bytes it was sent as.
    pub bytes: Bytes,
}

/// For operations without a body: refuses one that is there.
#[derive(Debug, Clone, Copy)]
pub struct NoBody;

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Ok(Self(document::read(&document(request).await?).finish()?))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Payload<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = json_bytes(request).await?;
        let value = document::read(&read_document(&bytes)?);
        match of_form(value.mistakes()) {
            Some(sentences) => Err(Problem::new(Code::InvalidRequest, sentences)),
            None => Ok(Self { value, bytes }),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        match body_bytes(request).await? {
            bytes if bytes.is_empty() => Ok(Self),
            _ => Err(Problem::new(
                Code::InvalidRequest,
                "This operation takes no body.",
            )),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

async fn json_bytes(request: Request) -> Result<Bytes, Problem> {
    let is_json = is_json(request.headers());
    // Looked at first, so that a forgotten header is not taken for a forgotten body.
    if !is_json && request.headers().contains_key(CONTENT_TYPE) {
        return Err(unsupported());
    }
    let bytes = body_bytes(request).await?;
    if bytes.is_empty() {
        let detail = "The body is empty; a JSON object is expected.";
        return Err(Problem::new(Code::InvalidRequest, detail));
    }
    if is_json { Ok(bytes) } else { Err(unsupported()) }
}

/// The body as a document, of whatever type.
pub(super) async fn document(request: Request) -> Result<Value, Problem> {
    read_document(&json_bytes(request).await?)
}

fn read_document(bytes: &[u8]) -> Result<Value, Problem> {
    let refused = |error: document::NotJson| Problem::new(Code::InvalidRequest, error.to_string());
    document::from_json(bytes).map_err(refused)
}

/// A body of the right form whose values cannot all be taken is told field by field; any other in sentences.
impl From<Vec<Mistake>> for Problem {
    fn from(mistakes: Vec<Mistake>) -> Self {
        if let Some(sentences) = of_form(&mistakes) {
            return Self::new(Code::InvalidRequest, sentences);
        }
        let errors = mistakes.iter();
        let errors = errors.map(|mistake| FieldError::new(mistake.place.pointer(), mistake.detail()));
        Self::validation(errors.collect())
    }
}

/// What is wrong with the form, in a few sentences.
pub(super) fn of_form(mistakes: &[Mistake]) -> Option<String> {
    let mut of_form: Vec<&Mistake> = mistakes
        .iter()
        .filter(|mistake| !matches!(mistake.fault, Fault::Refused(_)))
        .collect();
    of_form.sort_by_key(|mistake| &mistake.place);
    let sentences: Vec<_> = of_form.into_iter().map(Mistake::sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn unsupported() -> Problem {
    let detail = "Send uncompressed UTF-8 JSON with “Content-Type: application/json”.";
    Problem::new(Code::UnsupportedMediaType, detail)
}

/// Whether the body is declared as plain JSON: `application/json` or `application/…+json`, with no other
/// parameter than `charset=utf-8`, and not compressed.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(declared), None) = (types.next(), types.next()) else {
        return false;
    };
    let Ok(declared) = declared.to_str() else {
        return false;
    };
    let mut parts = declared.split(';').map(|part| part.trim().to_ascii_lowercase());
    let media_type = parts.next().unwrap_or_default();
    let json = media_type
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || (subtype.len() > 5 && subtype.ends_with("+json")));
    let utf8 = |part: String| matches!(part.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"");
    let plain = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    json && plain && parts.all(utf8)
}

/// The whole body, of any type. [`crate::http::layer`] has read it before; the limit is for a route that was left out there.
pub async fn body_bytes(request: Request) -> Result<Bytes, Problem> {
    let read = axum::body::to_bytes(request.into_body(), BODY_LIMIT).await;
    read.map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn json_is_known_by_its_media_type_and_nothing_else_passes() {
        let table = [
            ("application/json", true),
            ("Application/JSON; Charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/merge-patch+json", true),
            ("application/json; charset=latin1", false),
            ("application/jsonp", false),
            ("application/+json", false),
            ("text/json", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ];
        for (declared, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, declared.parse().unwrap());
            assert_eq!(is_json(&headers), expected, "{declared}");
        }
        let mut compressed = HeaderMap::new();
        compressed.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        compressed.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(!is_json(&compressed));
    }

    #[tokio::test]
    async fn a_payload_has_the_bytes_that_were_sent() {
        let request = Request::post("/")
            .header("content-type", "application/json")
            .body(Body::from("[ 1]"))
            .unwrap();
        let payload = Payload::<Vec<u8>>::from_request(request, &()).await.unwrap();
        assert_eq!(payload.value.finish().unwrap(), [1]);
        assert_eq!(payload.bytes, "[ 1]");
    }
}
