//! What there is to read: the OpenAPI document, a page to read and try it, and a page that explains every problem.
//! Nothing on these pages comes from another host, and their policy forbids it.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use minijinja::HtmlEscape;

use super::problem::Code;
use super::static_file::StaticFile;

/// The OpenAPI document or a file of the page `/docs/`, as `build.rs` writes it down.
struct File {
    path: &'static str,
    media_type: &'static str,
    plain: &'static [u8],
    /// Where that is smaller.
    gzip: Option<&'static [u8]>,
    hash: &'static str,
}

const FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/docs.rs"));

const ICON: &str = "/docs/favicon-32x32.png";

const HTML: &str = "text/html; charset=utf-8";

/// For pages of ours: text and a style of their own.
pub(super) const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; \
                                      form-action 'none'; frame-ancestors 'none'";

/// For Swagger UI: scripts and requests of this host only. It styles its elements in place and draws with `data:` images.
const UI_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /openapi.json`, `/docs` and `/docs/problems`.
pub fn router() -> Router {
    let problems = StaticFile::written(HTML, problems_page());
    let mut router = Router::new()
        .route("/docs/problems", serve(problems, PAGE_POLICY))
        .route(
            "/docs",
            get(|| async { (StatusCode::SEE_OTHER, [(LOCATION, "docs/")]) }),
        );
    for file in FILES {
        let content = StaticFile::built_in(file.media_type, file.plain, file.gzip, file.hash);
        let served = serve(content, UI_POLICY);
        // Where browsers look for the icon of a page that names none.
        if file.path == ICON {
            router = router.route("/favicon.ico", served.clone());
        }
        router = router.route(file.path, served);
    }
    router
}

fn serve(file: StaticFile, policy: &'static str) -> MethodRouter {
    let file = Arc::new(file);
    get(async move |headers: HeaderMap| {
        let mut response = file.answer(&headers);
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    })
}

/// A page of ours.
pub(super) fn page(html: String) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(HTML)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, html).into_response()
}

/// Every code of the catalogue, with an anchor that the `type` of a problem leads to.
fn problems_page() -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>otpost: problems</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
         code{font-size:.95em}section:target{background:#fff3c4}h2{margin:1.5rem 0 0}\
         @media(prefers-color-scheme:dark){body{background:#16181c;color:#e4e6ea}section:target{background:#4a3f12}}\
         </style><h1>Problems</h1><p>Every answer that is not a success is a problem (RFC 9457). Rely on its \
         <code>code</code>; its <code>instance</code> names the request for the operator.</p>",
    );
    for code in Code::ALL {
        let (word, status) = (HtmlEscape(code.as_str()), code.status().as_u16());
        let (title, meaning) = (HtmlEscape(code.title()), HtmlEscape(code.meaning()));
        // Writing into a String does not fail.
        let _ = write!(
            page,
            "<section id=\"{word}\"><h2>{title}</h2><p><code>{word}</code>, status {status}</p><p>{meaning}</p></section>"
        );
    }
    page.push_str("</html>\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_its_anchor_title_and_meaning() {
        let page = problems_page();
        for code in Code::ALL {
            assert!(
                page.contains(&format!("<section id=\"{}\">", code.as_str())),
                "{code:?}"
            );
            assert!(page.contains(&HtmlEscape(code.meaning()).to_string()), "{code:?}");
        }
    }
}
