//! How the words of notifications look in the OpenAPI document.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{named, object, optional, text};
use crate::domain::id::NotificationId;
use crate::domain::message::{MessagePurpose, MessageSummary};
use crate::domain::notification::{
    NotificationEvent, NotificationOutcome, NotificationSource, NotificationView, SuppressionReason,
};
use crate::domain::verification::Purpose;

ids! {
    NotificationId: "A notification.";
}

words! {
    NotificationEvent: "What has happened.";
    NotificationSource: "How it came about: by a person's hand, by a program, as one of many brought over.";
    NotificationOutcome: "Whether each recipient gets a message, or nobody does.";
    SuppressionReason: "Why nobody gets a message.";
}

impl PartialSchema for MessagePurpose {
    fn schema() -> RefOr<Schema> {
        let purposes = Purpose::ALL.iter().map(|purpose| purpose.as_str());
        let events = NotificationEvent::ALL.iter().map(|event| event.as_str());
        text("What a message is for: the purpose of its code, or the event that it tells of.")
            .enum_values(Some(purposes.chain(events)))
            .into()
    }
}
impl ToSchema for MessagePurpose {}

impl PartialSchema for NotificationView {
    fn schema() -> RefOr<Schema> {
        let messages = ArrayBuilder::new()
            .items(named::<MessageSummary>())
            .description(Some("A message for each recipient, in the order of the request."));
        object(
            "Something that has happened, and what was decided on telling of it.",
            [
                ("id", named::<NotificationId>()),
                ("event", named::<NotificationEvent>()),
                ("source", named::<NotificationSource>()),
                ("outcome", named::<NotificationOutcome>()),
                ("reason", optional::<SuppressionReason>()),
                ("messages", messages.into()),
            ],
        )
    }
}
impl ToSchema for NotificationView {
    refers_to!(
        NotificationId,
        NotificationEvent,
        NotificationSource,
        NotificationOutcome,
        SuppressionReason,
        MessageSummary
    );
}
