//! `POST /v1/notifications`.

use std::collections::HashSet;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::business::BusinessUrl;
use crate::domain::email::EmailAddress;
use crate::domain::field::FieldError;
use crate::domain::idempotency::{KeyedRequest, Operation};
use crate::domain::locale::LanguageTag;
use crate::domain::notification::{
    ActionUrl, MAX_RECIPIENTS, NotificationData, NotificationEvent, NotificationSource, PersonName,
};
use crate::domain::time::Timestamp;
use crate::http::auth::Application;
use crate::http::extract::{IdempotencyKey, Json, Payload, Prefer};
use crate::http::otp::{created, keyed_request, max_wait};
use crate::http::problem::{Code, Problem};
use crate::http::state::Services;
use crate::http::view::Notification;
use crate::service::notification::Notify;

/// Something that has happened, and whom it concerns.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"event": "team_member.added", "source": "manual", "to": ["new@example.com"], "locale": "en",
    "data": {"inviter_name": "Ada", "action_url": "https://acme.example.com/join/4711"}}))]
pub struct NotificationRequest {
    /// What has happened.
    #[schema(value_type = NotificationEvent)]
    event: String,
    /// How it came about.
    #[schema(value_type = NotificationSource)]
    source: String,
    /// Email addresses. Each gets a message of its own; one that stands there twice gets one.
    #[schema(value_type = Vec<EmailAddress>, min_items = 1, max_items = 50)]
    to: Vec<String>,
    /// The language of the messages; the environment's where it is left out.
    #[schema(value_type = Option<LanguageTag>)]
    locale: Option<String>,
    /// What the messages say.
    data: Option<NotificationWords>,
}

/// What the messages say: one schema for every event, of which each takes what it has a place for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationWords {
    /// Who invites.
    #[schema(value_type = Option<PersonName>)]
    inviter_name: Option<String>,
    /// Where the button leads; without it there is no button.
    #[schema(value_type = Option<ActionUrl>)]
    action_url: Option<String>,
    /// Who asked for it.
    #[schema(value_type = Option<PersonName>)]
    actor_name: Option<String>,
    /// When it was asked for.
    #[schema(value_type = Option<Timestamp>)]
    requested_at: Option<String>,
}

/// Tells whom it concerns of an event.
///
/// Or records that nobody is told: which events are told by email, and which never are, is decided by event and source. All
/// recipients get their message, or none does.
#[utoipa::path(post, path = "/v1/notifications", tag = "notifications",
    operation_id = "notify", security(("application_key" = [])),
    request_body = NotificationRequest,
    params(Prefer, IdempotencyKey),
    responses((status = 201, description = "The messages are on their way, or it is suppressed", body = Notification,
        headers(("Location" = String, description = "The notification: `/v1/notifications/ntf_…`")))),
    extensions(("x-problems" = json!(["unknown_event", "validation_failed", "invalid_email_address", "rate_limited", "invalid_idempotency_key", "idempotency_key_reused"]))))]
pub async fn create(
    State(services): State<Services>,
    Application(caller): Application,
    prefer: Prefer,
    key: Option<IdempotencyKey>,
    payload: Payload<NotificationRequest>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Notification>), Problem> {
    let request = keyed_request(&services, &caller, Operation::Notify, key, &payload);
    let max_wait = max_wait(&services, prefer);
    let notifications = &services.notifications;
    let business = &caller.environment.environment.fields.business_url;
    let notification = match payload.value.read(business, request) {
        Ok(command) => notifications.notify(&caller, command, max_wait).await?,
        // The settings may have been others when it came first.
        Err(refused) => {
            let notified = notifications.find_notified(&caller, request, max_wait).await?;
            notified.ok_or(refused)?
        }
    };
    let location = format!("/v1/notifications/{}", notification.id);
    Ok(created(location, notification.into()))
}

impl NotificationRequest {
    /// Reads every field into what it stands for.
    fn read(self, business: &BusinessUrl, request: Option<KeyedRequest>) -> Result<Notify, Problem> {
        let event = NotificationEvent::parse(&self.event).ok_or_else(unknown_event)?;
        let mut errors = Vec::new();
        let source = NotificationSource::parse(&self.source);
        if source.is_none() {
            let names = "must be \"manual\", \"api\" or \"import\"";
            errors.push(FieldError::new("/source", names));
        }
        if !(1..=MAX_RECIPIENTS).contains(&self.to.len()) {
            errors.push(FieldError::new("/to", "must be 1 to 50 email addresses"));
        }
        let mut bad_addresses = Vec::new();
        let recipients = recipients(&self.to, &mut bad_addresses);
        let locale = read(self.locale, "/locale", &mut errors, LanguageTag::parse);
        let data = self.data.unwrap_or_default().read(business, &mut errors);
        match (source, errors.is_empty(), bad_addresses.is_empty()) {
            (Some(source), true, true) => Ok(Notify {
                event,
                source,
                recipients,
                locale,
                data,
                request,
            }),
            (Some(_), true, false) => Err(invalid_addresses(bad_addresses)),
            _ => {
                errors.extend(bad_addresses);
                Err(Problem::validation(errors))
            }
        }
    }
}

impl NotificationWords {
    fn read(self, business: &BusinessUrl, errors: &mut Vec<FieldError>) -> NotificationData {
        NotificationData {
            inviter_name: read(self.inviter_name, "/data/inviter_name", errors, PersonName::parse),
            action_url: read(self.action_url, "/data/action_url", errors, |url| {
                ActionUrl::parse(url, business)
            }),
            actor_name: read(self.actor_name, "/data/actor_name", errors, PersonName::parse),
            requested_at: read(self.requested_at, "/data/requested_at", errors, Timestamp::parse),
        }
    }
}

/// A field that may be left out; what is wrong with it goes to `errors`.
fn read<T, E: ToString>(
    text: Option<String>,
    pointer: &str,
    errors: &mut Vec<FieldError>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
    parse(text?.as_str())
        .map_err(|error| errors.push(FieldError::new(pointer, error.to_string())))
        .ok()
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
