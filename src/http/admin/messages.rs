//! `/admin/v1/environments/{env}/messages`: what was sent, and why a user did not get a code.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::environment;
use crate::domain::id::{ApplicationId, MessageId, NotificationId, VerificationId};
use crate::domain::message::{Channel, MessageStatus};
use crate::domain::parsed;
use crate::domain::purpose::MessagePurpose;
use crate::domain::time::Timestamp;
use crate::http::auth::Administrator;
use crate::http::extract::{Json, Query, Segments};
use crate::http::page::{Cursor, Limit, Page, Window};
use crate::http::problem::Problem;
use crate::http::state::Services;
use crate::http::view::Message;
use crate::store::message::{MessageFilter, StoredMessage};

mod search;
mod timeline;

pub use search::{__path_search, search};

use timeline::TimelineEntry;

/// A message, its recipient masked.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SentMessage)]
pub struct MessageView {
    #[serde(flatten)]
    summary: Message,
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
    #[serde(default, deserialize_with = "status")]
    status: Option<MessageStatus>,
    /// Only over this channel.
    channel: Option<Channel>,
    /// Only made at or after this time.
    since: Option<Timestamp>,
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MessageStatus>, D::Error> {
    parsed::read(deserializer, "accepted", |name: String| {
        let known = MessageStatus::parse(&name).map(Some);
        known.ok_or("must be a status of a message, such as \"accepted\"")
    })
}

/// Lists messages, newest first.
///
/// Of codes and notifications alike. A page may end early, with a `next_cursor`, where few messages fit the filters.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/messages", tag = "messages",
    operation_id = "list_messages", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), MessageQuery),
    responses((status = 200, description = "A page", body = Page<MessageView>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed"]))))]
pub async fn list(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments(env): Segments<String>,
    Query(query): Query<MessageQuery>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let environment = environment(&services, &env).await?;
    let query = query.finish()?;
    let window = Window::new(query.limit, query.cursor);
    let filter = MessageFilter {
        status: query.status,
        channel: query.channel,
        since: query.since,
        before: window.after,
    };
    let found = services
        .store
        .list_messages(environment.id(), filter, window.to_fetch())
        .await?;
    Ok(Json(page(found, &window)))
}

fn page(found: Vec<StoredMessage>, window: &Window<MessageId>) -> Page<MessageView> {
    Page::fetched(found, window, |message| message.summary.id, MessageView::of)
}

/// Reads a message with its timeline.
///
/// The timeline tells what was decided, tried, answered and guessed, oldest first: enough to say why somebody did not get a
/// code.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/messages/{id}", tag = "messages",
    operation_id = "read_message", security(("administrator_key" = [])),
    params(("env" = String, Path, description = "The environment's id or code"), ("id" = MessageId, Path, description = "`msg_…`")),
    responses((status = 200, description = "The message", body = MessageWithTimeline)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read(
    State(services): State<Arc<Services>>,
    _: Administrator,
    Segments((env, id)): Segments<(String, MessageId)>,
) -> Result<Json<MessageWithTimeline>, Problem> {
    let environment = environment(&services, &env).await?;
    let history = services
        .store
        .find_message(environment.id(), id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let timeline = timeline::of(&history, services.clock.estimate());
    Ok(Json(MessageWithTimeline {
        message: MessageView::of(history.message),
        timeline,
    }))
}

impl MessageView {
    fn of(message: StoredMessage) -> Self {
        Self {
            summary: message.summary.into(),
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
