//! How the words of the domain look in the OpenAPI document. Written here, because the domain knows nothing of HTTP.

use std::borrow::Cow;

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{
    KnownFormat, Object, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Required};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::extract::{IdempotencyKey, Prefer};
use crate::domain::id::{
    ApplicationId, AttemptId, AuditId, ConnectionId, EnvironmentId, KeyId, MessageId, VerificationId,
};
use crate::domain::message::{
    Attempt, Channel, Failure, FailureCode, MessageStatus, MessageSummary, Provider,
};
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Strategy, VerificationStatus, VerificationView};

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
}

/// Ids: a prefix and 32 hexadecimal digits.
macro_rules! ids {
    ($($id:ident: $description:literal;)*) => {$(
        impl PartialSchema for $id {
            fn schema() -> RefOr<Schema> {
                let pattern = format!("^{}[0-9a-f]{{32}}$", Self::PREFIX);
                text($description).pattern(Some(pattern)).into()
            }
        }
        impl ToSchema for $id {}
    )*};
}

ids! {
    EnvironmentId: "An environment.";
    ApplicationId: "An application.";
    KeyId: "An API key's record, not the key.";
    ConnectionId: "A connection. Assigned once, never changed.";
    VerificationId: "A verification.";
    MessageId: "A message.";
    AttemptId: "One try to hand a message to a provider.";
    AuditId: "An entry of the audit log.";
}

/// Closed lists of words.
macro_rules! words {
    ($($type:ident: $description:literal;)*) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let words = Self::ALL.iter().map(|word| word.as_str());
                text($description).enum_values(Some(words)).into()
            }
        }
        impl ToSchema for $type {}
    )*};
}

words! {
    Channel: "How a message travels.";
    Provider: "What carries a message. The platform's own senders are called `kinde`.";
    MessageStatus: "What is known of a message. `unknown`: the provider may have it.";
    FailureCode: "Why a message was not accepted.";
    Purpose: "What the proof is asked for.";
    Strategy: "How a connection proves control.";
    VerificationStatus: "Where a verification stands.";
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        text("A moment in UTC (RFC 3339).")
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}
impl ToSchema for Timestamp {}

/// A reference to a type that is described under its own name.
fn named<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

/// That, or null.
fn optional<T: ToSchema>() -> RefOr<Schema> {
    let null = ObjectBuilder::new().schema_type(Type::Null);
    OneOfBuilder::new().item(null).item(named::<T>()).into()
}

fn count(description: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some(description))
        .minimum(Some(0))
        .build()
}

fn optional_text(description: &str) -> Object {
    let either = SchemaType::from_iter([Type::String, Type::Null]);
    text(description).schema_type(either).build()
}

/// An object whose members are always there.
fn object(
    description: &str,
    members: impl IntoIterator<Item = (&'static str, RefOr<Schema>)>,
) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description));
    for (name, schema) in members {
        object = object.property(name, schema).required(name);
    }
    object.into()
}

/// Registers what an object refers to.
macro_rules! refers_to {
    ($($type:ident),*) => {
        fn name() -> Cow<'static, str> {
            // The name of the type, without what the view or the summary of it is called in the code.
            let name = std::any::type_name::<Self>().rsplit("::").next().unwrap_or_default();
            Cow::Borrowed(name.trim_end_matches("View").trim_end_matches("Summary"))
        }

        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            $(
                schemas.push(($type::name().into_owned(), $type::schema()));
                <$type as ToSchema>::schemas(schemas);
            )*
        }
    };
}

impl PartialSchema for Failure {
    fn schema() -> RefOr<Schema> {
        object(
            "Why a message failed.",
            [
                ("code", named::<FailureCode>()),
                ("detail", text("What to do next.").into()),
            ],
        )
    }
}
impl ToSchema for Failure {
    refers_to!(FailureCode);
}

impl PartialSchema for MessageSummary {
    fn schema() -> RefOr<Schema> {
        let fallback = "Whether the platform sender stood in for the environment's own.";
        let fallback = ObjectBuilder::new()
            .schema_type(Type::Boolean)
            .description(Some(fallback));
        object(
            "One SMS or email to one recipient.",
            [
                ("id", named::<MessageId>()),
                ("status", named::<MessageStatus>()),
                ("provider", optional::<Provider>()),
                ("fallback", fallback.into()),
                ("error", optional::<Failure>()),
            ],
        )
    }
}
impl ToSchema for MessageSummary {
    refers_to!(MessageId, MessageStatus, Provider, Failure);
}

impl PartialSchema for VerificationView {
    fn schema() -> RefOr<Schema> {
        object(
            "One request to prove control of a phone number or an email address.",
            [
                ("id", named::<VerificationId>()),
                ("connection_id", named::<ConnectionId>()),
                ("channel", named::<Channel>()),
                ("to", text("The recipient, masked.").into()),
                ("purpose", named::<Purpose>()),
                ("status", named::<VerificationStatus>()),
                ("created_at", named::<Timestamp>()),
                ("expires_at", named::<Timestamp>()),
                ("attempts_left", count("Wrong guesses it still takes.").into()),
                ("resends_left", count("Messages it may still have.").into()),
                ("resend_at", named::<Timestamp>()),
                ("verified_at", optional::<Timestamp>()),
                ("message", named::<MessageSummary>()),
            ],
        )
    }
}
impl ToSchema for VerificationView {
    refers_to!(
        VerificationId,
        ConnectionId,
        Channel,
        Purpose,
        VerificationStatus,
        Timestamp,
        MessageSummary
    );
}

impl PartialSchema for Attempt {
    fn schema() -> RefOr<Schema> {
        object(
            "One try to hand a message to a provider.",
            [
                ("id", named::<AttemptId>()),
                ("provider", named::<Provider>()),
                ("started_at", named::<Timestamp>()),
                ("finished_at", named::<Timestamp>()),
                (
                    "outcome",
                    text("`accepted`, `unknown`, or the class of the refusal.").into(),
                ),
                ("provider_code", optional_text("The provider's own code.").into()),
                (
                    "detail",
                    optional_text("What the provider said, freed of recipients.").into(),
                ),
                (
                    "provider_message_id",
                    optional_text("The provider's name for the message.").into(),
                ),
            ],
        )
    }
}
impl ToSchema for Attempt {
    refers_to!(AttemptId, Provider, Timestamp);
}

mod notification;

fn header(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "1 to 255 printable characters, quoted or bare. What the request makes is bound to the key: \
                           a repeat, the same body under the same key, makes nothing and is answered from it.";
        vec![header("Idempotency-Key", description)]
    }
}

impl IntoParams for Prefer {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description =
            "`respond-async` answers without waiting for the provider; `wait=N` waits at most N seconds.";
        vec![header("Prefer", description)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::NotificationId;
    use crate::domain::message::FailureCode;
    use crate::domain::notification::{
        NotificationEvent, NotificationOutcome, NotificationSource, NotificationView,
    };
    use serde::Serialize;
    use std::collections::BTreeSet;
    use uuid::Uuid;

    /// The members an answer has, and those its schema tells of.
    fn compare<T: Serialize + ToSchema>(example: &T) {
        let written = serde_json::to_value(example).unwrap();
        let schema = serde_json::to_value(T::schema()).unwrap();
        let keys = |value: &serde_json::Value| -> BTreeSet<String> {
            value.as_object().unwrap().keys().cloned().collect()
        };
        assert_eq!(keys(&written), keys(&schema["properties"]), "{}", T::name());
        assert_eq!(schema["required"].as_array().unwrap().len(), keys(&written).len());
    }

    fn moment() -> Timestamp {
        Timestamp::from_unix_micros(0).unwrap()
    }

    fn message() -> MessageSummary {
        MessageSummary {
            id: MessageId(Uuid::nil()),
            status: MessageStatus::Failed,
            provider: None,
            fallback: false,
            error: Some(failure()),
        }
    }

    fn failure() -> Failure {
        Failure {
            code: FailureCode::DeliveryFailed,
            detail: String::new(),
        }
    }

    #[test]
    fn what_is_written_is_what_is_described() {
        compare(&failure());
        compare(&message());
        compare(&VerificationView {
            id: VerificationId(Uuid::nil()),
            connection_id: ConnectionId(Uuid::nil()),
            channel: Channel::Sms,
            to: String::new(),
            purpose: Purpose::SignIn,
            status: VerificationStatus::Pending,
            created_at: moment(),
            expires_at: moment(),
            attempts_left: 5,
            resends_left: 4,
            resend_at: moment(),
            verified_at: None,
            message: message(),
        });
        compare(&NotificationView {
            id: NotificationId(Uuid::nil()),
            event: NotificationEvent::TeamMemberAdded,
            source: NotificationSource::Manual,
            outcome: NotificationOutcome::Sent,
            reason: None,
            messages: vec![message()],
        });
        compare(&Attempt {
            id: AttemptId(Uuid::nil()),
            provider: Provider::Twilio,
            started_at: moment(),
            finished_at: moment(),
            outcome: String::new(),
            provider_code: None,
            detail: None,
            provider_message_id: None,
        });
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let mut schemas = Vec::new();
        <VerificationView as ToSchema>::schemas(&mut schemas);
        <Attempt as ToSchema>::schemas(&mut schemas);
        let names: BTreeSet<_> = schemas.iter().map(|(name, _)| name.clone()).collect();
        let text = serde_json::to_string(&(schemas, VerificationView::schema(), Attempt::schema())).unwrap();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(names.contains(name), "{name}");
        }
        assert_eq!(VerificationView::name(), "Verification");
        assert_eq!(MessageSummary::name(), "Message");
    }
}
