//! The endpoints of notifications: `POST /v1/notifications` and `GET /v1/notifications/{id}`.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Application;
use super::extract::{IdempotencyKey, Json, Named, Payload, Prefer, Subject};
use super::otp::{created, keyed_request, max_wait};
use super::problem::{Code, FieldError, Problem};
use super::state::Services;
use crate::document::Draft;
use crate::domain::business::BusinessUrl;
use crate::domain::email::EmailAddress;
use crate::domain::id::NotificationId;
use crate::domain::idempotency::{KeyedRequest, Operation};
use crate::domain::locale::LanguageTag;
use crate::domain::notification::{
    InvalidActionUrl, MAX_RECIPIENTS, NotificationData, NotificationEvent, NotificationSource,
    NotificationView,
};
use crate::service::notification::Notify;

/// The routes under `/v1/notifications`.
pub fn routes() -> OpenApiRouter<Arc<Services>> {
    OpenApiRouter::new()
        .routes(routes!(notify))
        .routes(routes!(read_notification))
}

/// Something that has happened, and whom it concerns.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"event": "team_member.added", "source": "manual", "to": ["new@example.com"], "locale": "en",
    "data": {"inviter_name": "Ada", "action_url": "https://acme.example.com/join/4711"}}))]
pub struct NotificationRequest {
    /// What has happened.
    #[schema(value_type = NotificationEvent)]
    event: Named<NotificationEvent>,
    /// How it came about.
    source: NotificationSource,
    /// Email addresses. Each gets a message of its own; one that stands there twice gets one.
    #[schema(value_type = Vec<EmailAddress>, min_items = 1, max_items = 50)]
    to: Vec<String>,
    /// The language of the messages; the environment's where it is left out.
    locale: Option<LanguageTag>,
    /// What the messages say.
    data: Option<NotificationData>,
}

/// Tells whom it concerns of an event.
///
/// Or records that nobody is told: which events are told by email, and which never are, is decided by event and source. All
/// recipients get their message, or none does.
#[utoipa::path(post, path = "/v1/notifications", tag = "notifications",
    request_body = NotificationRequest,
    params(Prefer, IdempotencyKey),
    responses((status = 201, description = "The messages are on their way, or it is suppressed", body = NotificationView,
        headers(("Location" = String, description = "The notification: `/v1/notifications/ntf_…`")))),
    extensions(("x-problems" = json!(["unknown_event", "validation_failed", "invalid_email_address", "rate_limited", "invalid_idempotency_key", "idempotency_key_reused"]))))]
pub async fn notify(
    State(services): State<Arc<Services>>,
    Application(caller): Application,
    prefer: Prefer,
    key: Option<IdempotencyKey>,
    payload: Payload<NotificationRequest>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<NotificationView>), Problem> {
    let request = keyed_request(&services, &caller, Operation::Notify, key, &payload);
    let max_wait = max_wait(&services, prefer);
    let notifications = &services.notifications;
    let business = &caller.environment.environment.fields.business_url;
    let notification = match read(payload.value, business, request) {
        Ok(command) => notifications.notify(&caller, command, max_wait).await?,
        // The settings may have been others when it came first.
        Err(refused) => {
            let notified = notifications.find_notified(&caller, request, max_wait).await?;
            notified.ok_or(refused)?
        }
    };
    let location = format!("/v1/notifications/{}", notification.id);
    Ok(created(location, notification))
}

/// Reads a notification.
///
/// With what is known of each of its messages by now.
#[utoipa::path(get, path = "/v1/notifications/{id}", tag = "notifications",
    params(("id" = NotificationId, Path, description = "`ntf_…`")),
    responses((status = 200, description = "The notification", body = NotificationView)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read_notification(
    State(services): State<Arc<Services>>,
    Application(caller): Application,
    Subject(id): Subject<NotificationId>,
) -> Result<Json<NotificationView>, Problem> {
    let found = services.notifications.read(&caller, id).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// What is to be told, or all that is wrong with it. An event that is unknown is told before anything else, and addresses
/// have a code of their own where nothing else is wrong.
fn read(
    given: Draft<NotificationRequest>,
    business: &BusinessUrl,
    request: Option<KeyedRequest>,
) -> Result<Notify, Problem> {
    let (mut event, mut bad_addresses) = (None, Vec::new());
    let given = given.check(|given, tell| {
        event = given.event.0;
        if !(1..=MAX_RECIPIENTS).contains(&given.to.len()) {
            tell("/to", "must be 1 to 50 email addresses");
        }
        let recipients = recipients(&given.to, &mut bad_addresses);
        let data = given.data.unwrap_or_default();
        if data
            .action_url
            .as_ref()
            .is_some_and(|url| !url.leads_to(business))
        {
            tell("/data/action_url", &InvalidActionUrl.to_string());
        }
        (given.source, recipients, given.locale, data)
    });
    let event = event.ok_or_else(unknown_event)?;
    match given.finish() {
        Ok((source, recipients, locale, data)) if bad_addresses.is_empty() => Ok(Notify {
            event,
            source,
            recipients,
            locale,
            data,
            request,
        }),
        Ok(_) => Err(invalid_addresses(bad_addresses)),
        Err(mistakes) => Err(Problem::from(mistakes)
            .with(|body| body.errors.get_or_insert_default().append(&mut bad_addresses))),
    }
}

/// Each address once, as it stands there first.
fn recipients(to: &[String], errors: &mut Vec<FieldError>) -> Vec<EmailAddress> {
    let mut seen = HashSet::new();
    let mut recipients = Vec::with_capacity(to.len());
    // More than are taken are one mistake, and not one for each.
    for (index, address) in to.iter().enumerate().take(MAX_RECIPIENTS) {
        match EmailAddress::parse(address) {
            Ok(address) if seen.insert(address.key()) => recipients.push(address),
            Ok(_) => {}
            Err(error) => errors.push(FieldError::new(format!("/to/{index}"), error.to_string())),
        }
    }
    recipients
}

fn unknown_event() -> Problem {
    let known: Vec<&str> = NotificationEvent::ALL
        .iter()
        .map(|event| event.as_str())
        .collect();
    let detail = format!("Known events are {}; nothing else is sent.", known.join(", "));
    Problem::new(Code::UnknownEvent, detail)
}

/// Where nothing but addresses is wrong, the code says so.
fn invalid_addresses(errors: Vec<FieldError>) -> Problem {
    let detail = "Notifications go to email addresses only; correct those named in “errors”.";
    Problem::new(Code::InvalidEmailAddress, detail).with(|body| body.errors = Some(errors))
}
