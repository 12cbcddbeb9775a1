//! `POST /v1/otp/send`.

use std::sync::Arc;

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{created, keyed_request, max_wait};
use crate::document::Draft;
use crate::domain::email::EmailAddress;
use crate::domain::environment::Connection;
use crate::domain::id::ConnectionId;
use crate::domain::idempotency::{KeyedRequest, Operation};
use crate::domain::locale::LanguageTag;
use crate::domain::message::Channel;
use crate::domain::parsed;
use crate::domain::phone::{Country, PhoneNumber};
use crate::domain::recipient::{LoginHint, Recipient};
use crate::domain::verification::Purpose;
use crate::http::auth::Application;
use crate::http::extract::{IdempotencyKey, Json, Named, Payload, Prefer};
use crate::http::problem::{Code, FieldError, Problem};
use crate::http::state::Services;
use crate::http::view::Verification;
use crate::service::otp::{Caller, Refused, SendOtp};

/// A request for a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"connection_id": "conn_0191c6f2a1b37c0e9d1b5d2c8f3e4a5b", "to": "+61466043123", "purpose": "sign_in"}))]
pub struct SendRequest {
    /// The connection: which channel, and whose.
    #[schema(value_type = ConnectionId)]
    connection_id: Named<ConnectionId>,
    /// A phone number (E.164, or national digits with `country`) or an email address.
    #[schema(min_length = 1, max_length = 254)]
    to: Option<String>,
    /// The country of a national number; the environment's default country where it is left out.
    #[schema(value_type = Option<Country>)]
    country: Option<String>,
    /// Instead of `to`, in Kinde's form: `someone@example.com`, `phone:+61466043123:au`.
    login_hint: Option<String>,
    /// What the proof is asked for; `sign_in` where it is left out.
    purpose: Option<Purpose>,
    /// The language of the message; the environment's where it is left out.
    locale: Option<LanguageTag>,
    /// The end user's IPv4 or IPv6 address, for limits.
    #[schema(value_type = Option<String>, max_length = 45, example = "203.0.113.7")]
    client_ip: Option<ClientIp>,
}

/// What an end user has: an IPv4 address, or the /64 of an IPv6 address.
#[derive(Debug)]
pub struct ClientIp(String);

impl<'de> Deserialize<'de> for ClientIp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed::read(deserializer, "203.0.113.7", |text: String| {
            let address = text.parse::<IpAddr>().map(|address| address.to_canonical());
            match address.map_err(|_| "must be one IPv4 or IPv6 address")? {
                IpAddr::V4(address) => Ok::<_, &str>(Self(address.to_string())),
                IpAddr::V6(address) => {
                    let [a, b, c, d, ..] = address.segments();
                    let network = Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0);
                    Ok(Self(format!("{network}/64")))
                }
            }
        })
    }
}

/// Sends a one-time code.
///
/// The answer waits a few seconds for the provider's word, unless it prefers not to; one that comes later is told by reading
/// the verification. A provider's refusal within that time is answered as a problem with `verification_id`, which can be
/// resent.
#[utoipa::path(post, path = "/v1/otp/send", tag = "one-time codes",
    request_body = SendRequest,
    params(Prefer, IdempotencyKey),
    responses((status = 201, description = "The code is on its way", body = Verification,
        headers(("Location" = String, description = "The verification: `/v1/otp/ver_…`")))),
    extensions(("x-problems" = json!(["connection_not_found", "connection_disabled", "factor_disabled", "country_not_allowed", "recipient_blocked", "validation_failed", "invalid_phone_number", "invalid_email_address", "channel_mismatch", "recipient_rejected", "recipient_opted_out", "sms_limit_reached", "too_many_attempts", "delivery_failed", "sms_not_configured", "invalid_idempotency_key", "idempotency_key_reused"]))))]
pub async fn send_code(
    State(services): State<Arc<Services>>,
    Application(caller): Application,
    prefer: Prefer,
    key: Option<IdempotencyKey>,
    payload: Payload<SendRequest>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Verification>), Problem> {
    let request = keyed_request(&services, &caller, Operation::Send, key, &payload);
    let max_wait = max_wait(&services, prefer);
    let verification = match SendRequest::read(payload.value, &caller, request) {
        Ok(command) => services.otp.send(&caller, command, max_wait).await?,
        // The settings may have been others when it came first.
        Err(refused) => {
            let sent = services.otp.find_sent(&caller, request, max_wait).await?;
            sent.ok_or(refused)?
        }
    };
    let location = format!("/v1/otp/{}", verification.id);
    let view = Verification::of(verification, services.clock.estimate());
    Ok(created(location, view))
}

impl SendRequest {
    /// What is asked for, or what is wrong with it: with the connection, then with the values, then with the recipient.
    fn read(given: Draft<Self>, caller: &Caller, request: Option<KeyedRequest>) -> Result<SendOtp, Problem> {
        let environment = &caller.environment;
        let mut connection = None;
        let given = given.check(|given, tell| {
            connection = given.connection_id.0.and_then(|id| environment.connection(id));
            if given.to.is_some() && given.login_hint.is_some() {
                tell("/login_hint", "give either \"to\" or \"login_hint\", not both");
            }
            given
        });
        let connection = connection.ok_or_else(connection_not_found)?;
        if !caller.application.connections.contains(&connection.id) {
            return Err(Refused::ConnectionDisabled.into());
        }
        let given = given.finish()?;
        Ok(SendOtp {
            connection: connection.clone(),
            recipient: given.recipient(connection, environment.environment.fields.default_country)?,
            purpose: given.purpose.unwrap_or(Purpose::SignIn),
            locale: given.locale,
            client_ip: given.client_ip.map(|ClientIp(address)| address),
            request,
        })
    }

    fn recipient(&self, connection: &Connection, default: Option<Country>) -> Result<Recipient, Problem> {
        let (to, country) = match (&self.to, &self.login_hint) {
            (Some(to), _) => (to.clone(), self.country.clone()),
            (None, Some(hint)) => match LoginHint::parse(hint) {
                Ok(LoginHint::Phone { number, country }) if connection.channel() == Channel::Sms => {
                    (number, country.or_else(|| self.country.clone()))
                }
                Ok(LoginHint::Email(address)) if connection.channel() == Channel::Email => (address, None),
                Ok(_) => return Err(channel_mismatch(connection.channel())),
                Err(error) => {
                    return Err(Problem::validation(vec![FieldError::new(
                        "/login_hint",
                        error.to_string(),
                    )]));
                }
            },
            (None, None) => {
                let detail =
                    "\"to\" is missing: a phone number or an email address, or \"login_hint\" instead.";
                return Err(Problem::new(Code::InvalidRequest, detail));
            }
        };
        match connection.channel() {
            Channel::Email if looks_like_a_number(&to) => Err(channel_mismatch(Channel::Email)),
            Channel::Email => EmailAddress::parse(&to)
                .map(Recipient::Email)
                .map_err(|error| Problem::new(Code::InvalidEmailAddress, sentence(&error))),
            Channel::Sms if to.contains('@') => Err(channel_mismatch(Channel::Sms)),
            Channel::Sms => PhoneNumber::parse_in(&to, country.as_deref(), default)
                .map(Recipient::Phone)
                .map_err(|error| {
                    Problem::new(Code::InvalidPhoneNumber, sentence(&error))
                        .with(|body| body.reason = Some(error.reason.into()))
                }),
        }
    }
}

/// What an error says, as the details of problems are written.
fn sentence(error: &impl std::error::Error) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| format!("{}{}.", first.to_uppercase(), characters.as_str()))
        .unwrap_or_default()
}

fn looks_like_a_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 5
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.() ".contains(&byte))
}

fn connection_not_found() -> Problem {
    Problem::new(
        Code::ConnectionNotFound,
        "There is no such connection in this environment; /v1/connections lists those that can be used.",
    )
}

fn channel_mismatch(channel: Channel) -> Problem {
    let detail = match channel {
        Channel::Sms => "This connection sends to phone numbers; use the email connection for an address.",
        Channel::Email => "This connection sends to email addresses; use the phone connection for a number.",
    };
    Problem::new(Code::ChannelMismatch, detail)
}
