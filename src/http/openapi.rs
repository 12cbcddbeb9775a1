//! The OpenAPI document: put together from what handlers say of themselves, and from the catalogue of problems.
//! A handler names the codes of its own under `x-problems`; those that any operation of its kind can answer are added here.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{OpenApi as OpenApiDerive, PartialSchema, ToSchema};

use super::problem::{Body, CONTENT_TYPE, Code};
use crate::domain::id::{ApplicationId, ConnectionId, KeyId};

mod answer;
mod schemas;

/// Under which operations name the codes they answer: `extensions(("x-problems" = json!(["incorrect_code"])))`.
pub const PROBLEMS: &str = "x-problems";

/// The security scheme of application keys, which open what is under `/v1`.
pub const APPLICATION_KEY: &str = "application_key";

/// The security scheme of administrator keys, which open what is under `/admin`.
pub const ADMINISTRATOR_KEY: &str = "administrator_key";

/// The whole document, of the `routes` of every module (`routes().into_openapi()`). Needs no running server.
pub fn document(routes: impl IntoIterator<Item = OpenApi>) -> OpenApi {
    let mut document = foundation();
    for part in routes {
        document.merge(part);
    }
    if let Some(components) = &mut document.components {
        components.schemas.values_mut().for_each(forget_null_defaults);
    }
    let mut answers = answer::Answers::read();
    for (path, item) in &mut document.paths.paths {
        describe_versions(item);
        for operation in operations(item) {
            operation.security = Some(keys(path));
            describe_path(path, operation);
            describe_problems(operation);
            answers.describe(operation);
        }
    }
    schemas::arrange(&mut document);
    document
}

/// What the document says beside its operations; the rest of `info` is the package's own.
#[derive(OpenApiDerive)]
#[openapi(
    info(
        description = "Sends and verifies one-time codes over SMS and email, for authentication frontends. Every answer that is not \
                       a success is a problem (RFC 9457), explained under /docs/problems.",
        contact(name = "The operator of this service"),
    ),
    servers((url = "/")),
    components(schemas(Body)),
    tags(
        (name = "one-time codes", description = "Send a code, verify it, send it again, give it up."),
        (name = "notifications", description = "Tell people of what concerns their access, by email and without a code."),
        (name = "environments", description = "Whom messages are sent for, and over what."),
        (name = "settings", description = "How an environment's messages travel, and the rules of its codes."),
        (name = "applications", description = "Who may send in an environment."),
        (name = "keys", description = "What applications and administrators call with."),
        (name = "messages", description = "What was sent, and how much may be."),
        (name = "audit log", description = "Who changed what, when and from where."),
        (name = "operations", description = "Whether the service lives and is ready."),
    )
)]
struct Foundation;

/// What callers come in with: the scheme's name, the form of its keys, and what they are for.
const KEYS: [(&str, &str, &str); 2] = [
    (
        APPLICATION_KEY,
        "otpost_sk_…",
        "Sends, verifies and reads what is its application's own.",
    ),
    (
        ADMINISTRATOR_KEY,
        "otpost_ak_…",
        "Administers environments, under /admin.",
    ),
];

fn foundation() -> OpenApi {
    let mut document = Foundation::openapi();
    let components = document.components.get_or_insert_default();
    for (name, form, text) in KEYS {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format(form)
            .description(Some(text))
            .build();
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Which key opens what is under this path. Said aloud: what needs none says so.
fn keys(path: &str) -> Vec<SecurityRequirement> {
    let key = match path.split('/').nth(1) {
        Some("v1") => APPLICATION_KEY,
        Some("admin") => ADMINISTRATOR_KEY,
        _ => return Vec::new(),
    };
    vec![SecurityRequirement::new(key, [""; 0])]
}

/// Explains what the path names, as far as it is the same wherever it is named; a handler explains its `{id}` itself.
fn describe_path(path: &str, operation: &mut Operation) {
    let names = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let parameters = names.filter_map(|name| {
        let (schema, text) = segment(name)?;
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(text))
            .schema(Some(schema));
        Some(parameter.build().into())
    });
    let parameters: Vec<_> = parameters.collect();
    if !parameters.is_empty() {
        operation
            .parameters
            .get_or_insert_default()
            .splice(..0, parameters);
    }
}

/// The form and the meaning of a part of paths.
fn segment(name: &str) -> Option<(RefOr<Schema>, &'static str)> {
    let id = |name| Ref::from_schema_name(name).into();
    match name {
        "env" => Some((String::schema(), "The environment's id or code")),
        "app" => Some((id(ApplicationId::name()), "`app_…`")),
        "key" => Some((id(KeyId::name()), "`key_…`")),
        "conn" => Some((id(ConnectionId::name()), "`conn_…`")),
        _ => None,
    }
}

/// A field that may be left out has no default `null`: where it counts, absent and `null` are two things.
fn forget_null_defaults(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else {
        return;
    };
    for property in object.properties.values_mut() {
        let default = match property {
            RefOr::T(Schema::Object(object)) => &mut object.default,
            RefOr::T(Schema::Array(array)) => &mut array.default,
            RefOr::T(Schema::OneOf(one_of)) => &mut one_of.default,
            _ => continue,
        };
        default.take_if(|value| value.is_null());
    }
}

/// A resource that can be changed on the condition of its version answers with that version, and takes it.
fn describe_versions(item: &mut PathItem) {
    let is_conditional =
        |operation: &Operation| names(operation).any(|word| word == Code::PreconditionFailed.as_str());
    if !operations(item).any(|operation| is_conditional(operation)) {
        return;
    }
    for operation in operations(item) {
        if is_conditional(operation) {
            let if_match = ParameterBuilder::new()
                .name("If-Match")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(
                    "The `ETag` that was read: the change is made only where it is still that.",
                ))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
            operation
                .parameters
                .get_or_insert_default()
                .push(if_match.build().into());
        }
        if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
            let etag = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .description(Some("The version of the resource, for `If-Match`."));
            response.headers.insert("ETag".to_owned(), RefOr::T(etag.build()));
        }
    }
}

/// The codes that the operation names itself.
fn names(operation: &Operation) -> impl Iterator<Item = &str> {
    let named = operation.extensions.as_ref().and_then(|all| all.get(PROBLEMS));
    let words = named.and_then(|list| list.as_array()).into_iter().flatten();
    words.filter_map(|word| word.as_str())
}

/// Adds a response for each status that the operation's codes have, except where the handler describes one itself.
fn describe_problems(operation: &mut Operation) {
    let mut by_status = BTreeMap::<StatusCodeOrder, Vec<&'static str>>::new();
    for code in codes(operation) {
        by_status
            .entry(StatusCodeOrder(code.status()))
            .or_default()
            .push(code.as_str());
    }
    for (StatusCodeOrder(status), words) in by_status {
        let response = problems(status, &words);
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.as_str().to_owned())
            .or_insert(RefOr::T(response));
    }
}

/// The response of one status, with the headers that it may have.
fn problems(status: StatusCode, words: &[&str]) -> Response {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let mut response = ResponseBuilder::new().description(quoted.join(", ")).content(
        CONTENT_TYPE,
        Content::new(Some(Ref::from_schema_name(Body::name()))),
    );
    for (name, of, text, form) in HEADERS {
        if of.iter().any(|of| *of == status.as_str() || words.contains(of)) {
            let value = ObjectBuilder::new().schema_type(form.clone());
            let header = HeaderBuilder::new().description(Some(*text)).schema(Some(value));
            response = response.header(*name, header.build());
        }
    }
    response.build()
}

/// Headers of problems, and the statuses and codes that have them.
const HEADERS: &[(&str, &[&str], &str, Type)] = &[
    (
        "WWW-Authenticate",
        &["401"],
        "How to come in: `Bearer`.",
        Type::String,
    ),
    (
        "Retry-After",
        &["429", "503"],
        "Seconds to wait before the next try; absent where waiting does not help.",
        Type::Integer,
    ),
    (
        "RateLimit-Policy",
        &["rate_limited"],
        "The limit that is used up: its name, quota `q` and window `w` in seconds.",
        Type::String,
    ),
    (
        "RateLimit",
        &["rate_limited"],
        "What is left of it: `r`, and the seconds until it begins anew: `t`.",
        Type::String,
    ),
];

/// A status in the order of its number.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct StatusCodeOrder(StatusCode);

/// The codes the operation names itself, and those its kind brings with it.
fn codes(operation: &Operation) -> Vec<Code> {
    let mut codes: Vec<Code> = names(operation).filter_map(Code::parse).collect();
    // A request may always be malformed before it is anything else.
    codes.push(Code::InvalidRequest);
    if operation.security.as_ref().is_some_and(|keys| !keys.is_empty()) {
        codes.extend([Code::Unauthorized, Code::Forbidden, Code::RateLimited]);
        codes.extend([Code::InternalError, Code::ServiceUnavailable]);
    }
    if operation.request_body.is_some() {
        codes.extend([
            Code::RequestTimeout,
            Code::PayloadTooLarge,
            Code::UnsupportedMediaType,
        ]);
    }
    codes.sort_by_key(|code| Code::ALL.iter().position(|other| other == code));
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::health;

    #[test]
    fn the_document_stands_without_a_server_and_names_everything_shared() {
        let document = serde_json::to_value(document([health::routes().into_openapi()])).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let schemes = &document["components"]["securitySchemes"];
        assert_eq!(schemes[APPLICATION_KEY]["scheme"], "bearer");
        assert_eq!(schemes[ADMINISTRATOR_KEY]["scheme"], "bearer");
        let codes = &document["components"]["schemas"]["ProblemCode"]["enum"];
        assert_eq!(codes.as_array().unwrap().len(), Code::ALL.len());
        let unready = &document["paths"]["/readyz"]["get"]["responses"]["503"];
        assert_eq!(unready["description"], "`service_unavailable`");
        assert_eq!(
            unready["content"]["application/problem+json"]["schema"]["$ref"],
            "#/components/schemas/Problem"
        );
    }

    #[test]
    fn an_operation_with_a_key_and_a_body_can_fail_in_their_ways_and_its_own() {
        #[utoipa::path(
            post,
            path = "/v1/x",
            request_body = String,
            responses((status = 200, description = "Done.")),
            extensions(("x-problems" = json!(["incorrect_code", "incorrect_code_length", "expired_code"]))),
        )]
        async fn operation() {}

        let routes =
            utoipa_axum::router::OpenApiRouter::<()>::default().routes(utoipa_axum::routes!(operation));
        let document = serde_json::to_value(document([routes.into_openapi()])).unwrap();
        let responses = document["paths"]["/v1/x"]["post"]["responses"]
            .as_object()
            .unwrap();
        let statuses: Vec<_> = responses.keys().map(String::as_str).collect();
        assert_eq!(
            statuses,
            [
                "200", "400", "401", "403", "408", "410", "413", "415", "422", "429", "500", "503"
            ]
        );
        assert_eq!(
            responses["422"]["description"],
            "`incorrect_code`, `incorrect_code_length`"
        );
    }
}
