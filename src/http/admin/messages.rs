//! `/admin/v1/environments/{env}/messages`: what was sent, and why a user did not get a code.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::InEnvironment;
use crate::domain::email::EmailAddress;
use crate::domain::id::{ApplicationId, MessageId, NotificationId, VerificationId};
use crate::domain::message::{Channel, MessageStatus, MessageSummary};
use crate::domain::phone::{Country, PhoneNumber, PhoneNumberFault};
use crate::domain::purpose::MessagePurpose;
use crate::domain::recipient::Recipient;
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::extract::{Json, Payload, Query, Subject};
use crate::http::page::{Cursor, Limit, Page, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::store::message::{MessageFilter, StoredMessage};

mod timeline;

use timeline::TimelineEntry;

/// A message, its recipient masked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SentMessage)]
pub struct MessageView {
    #[serde(flatten)]
    summary: MessageSummary,
    /// The verification it carries the code of.
    #[schema(required)]
    verification_id: Option<VerificationId>,
    /// The notification it is of.
    #[schema(required)]
    notification_id: Option<NotificationId>,
    application_id: ApplicationId,
    channel: Channel,
    purpose: MessagePurpose,
    /// The recipient, masked.
    to: String,
    /// The provider's name for the message.
    provider_message_id: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A message with what happened to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageWithTimeline {
    #[serde(flatten)]
    message: MessageView,
    /// What happened, oldest first.
    timeline: Vec<TimelineEntry>,
}

/// Which messages.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessageQuery {
    /// How many, 1–100; 20 where it is left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<MessageId>>,
    /// Only with this status.
    status: Option<MessageStatus>,
    /// Only over this channel.
    channel: Option<Channel>,
    /// Only made at or after this time.
    since: Option<Timestamp>,
}

/// Lists messages, newest first.
///
/// Of codes and notifications alike. A page may end early, with a `next_cursor`, where few messages fit the filters.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/messages", tag = "messages",
    params(MessageQuery),
    responses((status = 200, description = "A page", body = Page<MessageView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list_messages(
    State(services): State<Arc<Services>>,
    _: Administrator,
    InEnvironment(held): InEnvironment,
    Query(query): Query<MessageQuery>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let window = Window::new(query.limit, query.cursor);
    let filter = MessageFilter {
        status: query.status,
        channel: query.channel,
        since: query.since,
        before: window.after,
    };
    let found = services
        .store
        .list_messages(held.id(), filter, window.to_fetch())
        .await?;
    Ok(page(found, &window))
}

/// Reads a message with its timeline.
///
/// The timeline tells what was decided, tried, answered and guessed, oldest first: enough to say why somebody did not get a
/// code.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/messages/{id}", tag = "messages",
    params(("id" = MessageId, Path, description = "`msg_…`")),
    responses((status = 200, description = "The message", body = MessageWithTimeline)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read_message(
    State(services): State<Arc<Services>>,
    _: Administrator,
    InEnvironment(held): InEnvironment,
    Subject(id): Subject<MessageId>,
) -> Result<Json<MessageWithTimeline>, Problem> {
    let history = services
        .store
        .find_message(held.id(), id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let timeline = timeline::of(&history, services.clock.estimate());
    Ok(Json(MessageWithTimeline {
        message: MessageView::of(history.message),
        timeline,
    }))
}

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
    request_body = MessageSearch,
    responses((status = 200, description = "A page", body = Page<MessageView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn search_messages(
    State(services): State<Arc<Services>>,
    _: Administrator,
    InEnvironment(held): InEnvironment,
    search: Payload<MessageSearch>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let default_country = held.environment.fields.default_country;
    let asked = search.value.check(|search, tell| {
        let recipient = search.recipient(default_country);
        let recipient = recipient.map_err(|(pointer, detail)| tell(pointer, &detail));
        (recipient.ok(), Window::new(search.limit, search.cursor))
    });
    let (Some(recipient), window) = asked.finish()? else {
        return Err(Problem::validation(Vec::new()));
    };
    let recipient_key = services.otp.recipient_key(held.id(), &recipient);
    let found = services
        .store
        .search_messages(held.id(), recipient_key, window.after, window.to_fetch())
        .await?;
    Ok(page(found, &window))
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

fn page(found: Vec<StoredMessage>, window: &Window<MessageId>) -> Json<Page<MessageView>> {
    let views = found.into_iter().map(MessageView::of);
    Json(Page::of(views, window, |view| view.summary.id))
}

impl MessageView {
    fn of(message: StoredMessage) -> Self {
        Self {
            summary: message.summary,
            verification_id: message.verification_id,
            notification_id: message.notification_id,
            application_id: message.application_id,
            channel: message.channel,
            purpose: message.purpose,
            to: message.masked_recipient,
            provider_message_id: message.provider_message_id,
            created_at: message.created_at,
            updated_at: message.updated_at,
        }
    }
}
