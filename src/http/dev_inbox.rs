//! `GET /dev/inbox`: what the console sender sent, for a person at work on this machine. It shows codes and recipients whole,
//! so it is mounted only where that sender exists, and only for this machine.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::json;

use super::docs::page;
use super::extract::Json;
use super::problem::Problem;
use crate::provider::console::{Inbox, InboxEntry};

/// The page for browsers.
const PAGE: &str = include_str!("../../config/templates/inbox.html.j2");

/// `GET /dev/inbox` over `inbox`.
pub fn router(inbox: Arc<Inbox>) -> Router {
    Router::new().route("/dev/inbox", get(show)).with_state(inbox)
}

async fn show(State(inbox): State<Arc<Inbox>>, headers: HeaderMap) -> Result<Response, Problem> {
    let entries = inbox.newest_first();
    if asks_for_html(&headers) {
        html(&entries).map(page).map_err(Problem::internal)
    } else {
        Ok(Json(json!({"data": entries, "next_cursor": null})).into_response())
    }
}

/// Browsers name `text/html`; what speaks to an API names JSON or anything.
fn asks_for_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| {
            let media_type = range.split(';').next().unwrap_or_default();
            media_type.trim().eq_ignore_ascii_case("text/html")
        })
}

/// The name decides that everything is escaped as HTML.
fn html(entries: &[InboxEntry]) -> Result<String, minijinja::Error> {
    let values = Serde(json!({"entries": entries}));
    Environment::new().render_named_str("inbox.html", PAGE, values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::MessageId;
    use crate::domain::message::Channel;
    use crate::domain::time::Timestamp;

    fn inbox() -> Arc<Inbox> {
        let inbox = Inbox::default();
        inbox.push(InboxEntry {
            message_id: MessageId(uuid::Uuid::nil()),
            channel: Channel::Email,
            to: "\"<script>\"@example.com".to_owned(),
            subject: Some("<b>".to_owned()),
            text: "042042 & </pre>".to_owned(),
            at: Timestamp::from_unix_micros(0).unwrap(),
        });
        Arc::new(inbox)
    }

    async fn answer(accept: &str) -> (HeaderMap, String) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        let response = show(State(inbox()), headers).await.unwrap();
        let headers = response.headers().clone();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        (headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_program_gets_json() {
        let (_, body) = answer("*/*").await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["data"][0]["text"], "042042 & </pre>");
        assert_eq!(body["data"][0]["channel"], "email");
    }

    #[tokio::test]
    async fn a_browser_gets_a_page_on_which_a_message_stays_text() {
        let (headers, body) = answer("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8").await;
        assert!(headers.contains_key("content-security-policy"));
        assert!(body.contains("042042 &amp; &lt;&#x2f;pre&gt;"));
        assert!(!body.contains("<script") && !body.contains("<b>"));
    }

    #[tokio::test]
    async fn a_message_is_laid_out_in_the_direction_of_its_language() {
        let (_, body) = answer("text/html").await;
        assert!(body.contains("<pre dir=\"auto\">042042"));
        assert!(body.contains("<p dir=\"auto\"><strong>&lt;b&gt;"));
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn text_can_be_read_on_its_ground_in_both_colour_schemes() {
        let colour = regex_lite::Regex::new("--(?:ground|text|minor):(#[0-9a-f]{6})").unwrap();
        let colours = colour.captures_iter(PAGE);
        let colours: Vec<&str> = colours.map(|found| found.get(1).unwrap().as_str()).collect();
        let schemes = colours.chunks_exact(3);
        assert_eq!(schemes.len(), 2);
        for scheme in schemes {
            let [ground, text, minor] = scheme else {
                unreachable!("three of them")
            };
            for colour in [text, minor] {
                let (one, other) = (luminance(ground), luminance(colour));
                let contrast = (one.max(other) + 0.05) / (one.min(other) + 0.05);
                // AA for text of any size is 4.5 (success criterion 1.4.3).
                assert!(contrast >= 4.5, "{colour} on {ground}: {contrast:.2}");
            }
        }
    }
}
