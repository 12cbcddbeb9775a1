//! The body of a problem, and its line in the log. Both need what only the outermost layer knows.

use std::error::Error;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE as CONTENT_TYPE_HEADER};
use axum::response::{IntoResponse, Response};

use super::{Cause, Code, Problem, Unrendered};
use crate::http::request_id::RequestId;

/// The media type of every problem (RFC 9457).
pub const CONTENT_TYPE: &str = "application/problem+json";

/// Gives a problem its body and logs its cause; an error the framework answered by itself becomes a problem too.
/// Any other answer passes as it is.
pub(crate) fn render(mut response: Response, public_url: &str, request_id: RequestId) -> Response {
    if is_bare_error(&response) {
        response = as_problem(&response);
    }
    let Some(Unrendered(problem)) = response.extensions_mut().remove::<Unrendered>() else {
        return response;
    };
    if let Some(cause) = &problem.0.cause {
        log(problem.code(), cause);
    }
    let mut body = problem.0.body.clone();
    body.locate(public_url, request_id);
    let bytes = serde_json::to_vec(&body).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE_HEADER, HeaderValue::from_static(CONTENT_TYPE));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
    *response.body_mut() = Body::from(bytes);
    response
}

/// Whether the framework answered an error without a problem.
fn is_bare_error(response: &Response) -> bool {
    let status = response.status();
    let error = status.is_client_error() || status.is_server_error();
    error && response.extensions().get::<Unrendered>().is_none()
}

/// The problem that says what a bare error says, without its text.
fn as_problem(bare: &Response) -> Response {
    let code = Code::of_status(bare.status());
    let mut response = Problem::new(code, code.meaning()).into_response();
    if let Some(methods) = bare.headers().get(ALLOW) {
        response.headers_mut().insert(ALLOW, methods.clone());
    }
    response
}

/// The one place where a cause is written down, with all that led to it. The request id comes from the span.
fn log(code: Code, cause: &Cause) {
    let chain = chain(cause.as_ref());
    if code.status().is_server_error() {
        tracing::error!(problem.code = code.as_str(), error.chain = %chain, "a request failed");
    } else {
        tracing::debug!(problem.code = code.as_str(), error.chain = %chain, "a request was refused");
    }
}

/// An error with all that led to it, for the log alone.
pub(in crate::http) fn chain(cause: &(dyn Error + 'static)) -> String {
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;
    use http_body_util::BodyExt;
    use serde_json::Value;

    async fn body(response: Response) -> Value {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn a_problem_has_the_shape_of_the_contract_and_keeps_its_cause_to_itself() {
        let problem = Problem::new(Code::IncorrectCode, "Ask the user to type it again.")
            .with(|body| body.attempts_left = Some(4))
            .caused_by("CANARY");
        let response = render(
            problem.into_response(),
            "https://otp.example",
            RequestId::for_tests(),
        );
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        insta::assert_json_snapshot!(body(response).await, @r#"
        {
          "attempts_left": 4,
          "code": "incorrect_code",
          "detail": "Ask the user to type it again.",
          "instance": "urn:otpost:request:00000000000000000000000000000000",
          "status": 422,
          "title": "Incorrect code",
          "type": "https://otp.example/docs/problems#incorrect_code"
        }
        "#);
    }

    #[tokio::test]
    async fn an_error_answered_by_the_framework_becomes_a_problem_and_loses_its_text() {
        let bare = (StatusCode::UNPROCESSABLE_ENTITY, "CANARY").into_response();
        let response = render(bare, "https://otp.example", RequestId::for_tests());
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body = body(response).await;
        assert_eq!(body["code"], "invalid_request");
        assert!(!body.to_string().contains("CANARY"));
    }

    #[test]
    fn a_success_passes_as_it_is() {
        let response = render(
            StatusCode::NO_CONTENT.into_response(),
            "https://otp.example",
            RequestId::for_tests(),
        );
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert!(response.headers().is_empty());
    }
}
