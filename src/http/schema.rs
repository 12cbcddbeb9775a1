//! How values of the domain look in the OpenAPI document. Told here, because the domain knows nothing of HTTP.

use std::borrow::Cow;

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::extract::{IdempotencyKey, Prefer};
use super::problem::Code;
use crate::domain::business::{AutofillDomain, BusinessName, BusinessUrl, MAX_NAME, MAX_URL};
use crate::domain::email::{EmailAddress, MAX_ADDRESS};
use crate::domain::id::{
    ApplicationId, AuditId, ConnectionId, EnvironmentId, KeyId, MessageId, NotificationId, VerificationId,
};
use crate::domain::locale::{LanguageTag, Locale, MAX_TAG};
use crate::domain::message::{Channel, FailureCode, MessageStatus, Provider};
use crate::domain::notification::{
    ActionUrl, MAX_PERSON_NAME, NotificationEvent, NotificationOutcome, NotificationSource, PersonName,
    SuppressionReason,
};
use crate::domain::phone::Country;
use crate::domain::purpose::MessagePurpose;
use crate::domain::settings::{OwnSmsProvider, Sentence, SmsSource, Tls};
use crate::domain::time::Timestamp;
use crate::domain::verification::{Purpose, Strategy, VerificationStatus};
use crate::service::test_message::DiagnosisCode;

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description.trim()))
}

/// What a type looks like.
macro_rules! schemas {
    ($($type:ty = $schema:expr;)*) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }
        impl ToSchema for $type {}
    )*};
}

/// Ids: a prefix and 32 hexadecimal digits.
macro_rules! ids {
    ($($id:ident: $description:literal;)*) => {
        schemas! {$(
            $id = text($description).pattern(Some(format!("^{}[0-9a-f]{{32}}$", Self::PREFIX)));
        )*}
    };
}

/// Closed sets of names, as the domain lists and explains them.
macro_rules! names {
    ($($type:ident)*) => {
        schemas! {$($type = text(Self::MEANING).enum_values(Some(Self::NAMES.iter().copied()));)*}
    };
}

ids! {
    EnvironmentId: "The id of an environment.";
    ApplicationId: "The id of an application.";
    KeyId: "The id of an API key's record, not the key.";
    ConnectionId: "The id of a connection. Assigned once, never changed.";
    VerificationId: "The id of a verification.";
    MessageId: "The id of a message.";
    NotificationId: "The id of a notification.";
    AuditId: "The id of an entry of the audit log.";
}

names! {
    Channel FailureCode Locale MessageStatus NotificationEvent NotificationOutcome NotificationSource OwnSmsProvider Provider
    Purpose Sentence SmsSource Strategy SuppressionReason Tls DiagnosisCode VerificationStatus
}

schemas! {
    Timestamp = text("A moment in UTC (RFC 3339).").format(Some(format("date-time")));
    Country = text("A country, as two letters (ISO 3166 alpha-2): any case is read, lower case is answered.")
        .pattern(Some("^[A-Za-z]{2}$"));
    LanguageTag = text("A language (BCP 47).").min_length(Some(2)).max_length(Some(MAX_TAG));
    EmailAddress = text("An email address, one mailbox.").format(Some(format("idn-email"))).max_length(Some(MAX_ADDRESS));
    BusinessName = text("The business, as messages name it: one line.").min_length(Some(1)).max_length(Some(MAX_NAME));
    BusinessUrl = text("The business's website: https, or http on this machine. Text messages name its host.")
        .format(Some(format("uri")))
        .max_length(Some(MAX_URL));
    AutofillDomain = text("The bare host name that browsers may fill a code into by themselves.").format(Some(format("idn-hostname")));
    PersonName = text("A person's name: one line.").min_length(Some(1)).max_length(Some(MAX_PERSON_NAME));
    ActionUrl = text("Where the button leads: https, on the environment's business host or a subdomain of it.")
        .format(Some(format("uri")))
        .max_length(Some(MAX_URL));
    MessagePurpose = text("What a message is for: the purpose of its code, or the event that it tells of.")
        .enum_values(Some(Purpose::NAMES.iter().chain(NotificationEvent::NAMES).copied()));
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        text("What went wrong, in a word to rely on; `/docs/problems` explains each.")
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        "ProblemCode".into()
    }
}

fn format(name: &str) -> SchemaFormat {
    SchemaFormat::Custom(name.to_owned())
}

fn header(name: &str, description: &str, value: ObjectBuilder) -> Vec<Parameter> {
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(value));
    vec![parameter.build()]
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "1 to 255 printable characters, quoted or bare. What the request makes is bound to the key: \
                           a repeat, the same body under the same key, makes nothing and is answered from it.";
        let key = ObjectBuilder::new().schema_type(Type::String);
        // Two more for the quotes.
        header(
            "Idempotency-Key",
            description,
            key.min_length(Some(1)).max_length(Some(257)),
        )
    }
}

impl IntoParams for Prefer {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description =
            "`respond-async` answers without waiting for the provider; `wait=N` waits at most N seconds.";
        header(
            "Prefer",
            description,
            ObjectBuilder::new().schema_type(Type::String),
        )
    }
}
