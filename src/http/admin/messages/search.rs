//! `POST /admin/v1/environments/{env}/messages/search`: what one recipient was sent. A `POST`, because a number or an address
//! belongs in no path and no query.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MessageView, environment, page};
use crate::domain::email::EmailAddress;
use crate::domain::id::MessageId;
use crate::domain::phone::{Country, PhoneNumber, PhoneNumberFault};
use crate::domain::recipient::Recipient;
use crate::http::auth::Administrator;
use crate::http::extract::{Json, Payload, Segments};
use crate::http::page::{Cursor, Limit, Page, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;

/// Whose messages.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "+61466043123"}))]
pub struct MessageSearch {
    /// A phone number (E.164, or national digits with `country`) or an email address.
    to: String,
    /// ISO 3166 alpha-2, for national numbers; the environment's default country where it is left out.
    country: Option<String>,
    /// How many, 1–100; 20 where it is left out.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[schema(value_type = Option<String>)]
    cursor: Option<Cursor<MessageId>>,
}

/// Finds the messages to one recipient, newest first.
///
/// A `POST`, because a number or an address belongs in no path and no query.
#[utoipa::path(post, path = "/admin/v1/environments/{env}/messages/search", tag = "messages",
    operation_id = "search_messages", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code")),
    request_body = MessageSearch,
    responses((status = 200, description = "A page", body = Page<MessageView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn search(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
    search: Payload<MessageSearch>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let environment = environment(&services, &env).await?;
    let default_country = environment.environment.fields.default_country;
    let asked = search.value.check(|search, tell| {
        let recipient = search.recipient(default_country);
        let recipient = recipient.map_err(|(pointer, detail)| tell(pointer, &detail));
        (recipient.ok(), Window::new(search.limit, search.cursor))
    });
    let (Some(recipient), window) = asked.finish()? else {
        return Err(Problem::validation(Vec::new()));
    };
    let recipient_key = services.otp.recipient_key(environment.id(), &recipient);
    let found = services
        .store
        .search_messages(environment.id(), recipient_key, window.after, window.to_fetch())
        .await?;
    Ok(Json(page(found, &window)))
}

impl MessageSearch {
    fn recipient(&self, default: Option<Country>) -> Result<Recipient, (&'static str, String)> {
        if self.to.contains('@') {
            return EmailAddress::parse(&self.to)
                .map(Recipient::Email)
                .map_err(|error| ("/to", error.to_string()));
        }
        PhoneNumber::parse_in(&self.to, self.country.as_deref(), default)
            .map(Recipient::Phone)
            .map_err(|error| {
                let by_country = error.reason == PhoneNumberFault::InvalidRegion && self.country.is_some();
                let pointer = if by_country { "/country" } else { "/to" };
                (pointer, error.to_string())
            })
    }
}
