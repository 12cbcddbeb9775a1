//! `/admin/v1/environments/{env}/settings/…`: how messages travel, the rules of codes, and the texts of emails.

use std::sync::Arc;

use axum::extract::State;

use super::{InEnvironment, environment};
use crate::domain::content::EmailContent;
use crate::domain::policy::OtpPolicy;
use crate::domain::settings::{EmailSettings, MfaSettings, SmsSettings};
use crate::http::auth::Administrator;
use crate::http::etag::{IfMatch, Tagged};
use crate::http::extract::{Draft, Json, Patch};
use crate::http::problem::{Code, Problem};
use crate::http::state::Services;
use crate::service::administration::{Preview, PreviewRequest};
use crate::service::directory::{EnvironmentSnapshot, Versioned};
use crate::service::settings::{GivenSecret, SecretHint, hint};

/// Reads the SMS settings.
///
/// Secrets are told as hints. What was read can be sent back as it is, and changes nothing.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/sms", tag = "settings",
    responses((status = 200, description = "The settings", body = SmsSettings<SecretHint>)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read_sms_settings(
    _: Administrator,
    InEnvironment(held): InEnvironment,
) -> Tagged<SmsSettings<SecretHint>> {
    sms(&held)
}

/// Replaces the SMS settings.
///
/// An absent field takes its default. An absent secret stays, unless its account is another one now; `null` drops it.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/settings/sms", tag = "settings",
    request_body(content = SmsSettings<GivenSecret>, example = json!({"provider": "twilio", "twilio": {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": "secret", "source": "messaging_service", "messaging_service_sid": "MG0123456789abcdef0123456789abcdef"}, "fallback": true, "allowed_countries": ["au", "nz"]})),
    responses((status = 200, description = "The settings", body = SmsSettings<SecretHint>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn replace_sms_settings(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(before): InEnvironment,
    IfMatch(expected): IfMatch,
    Draft(given): Draft<SmsSettings<GivenSecret>>,
) -> Result<Tagged<SmsSettings<SecretHint>>, Problem> {
    services
        .administration
        .put_sms(&actor, before.id(), &given, &expected)
        .await?;
    Ok(sms(&*environment(&services, before.id())?))
}

fn sms(held: &EnvironmentSnapshot) -> Tagged<SmsSettings<SecretHint>> {
    tagged(&held.sms, hint)
}

/// Reads the email settings.
///
/// Secrets are told as hints. What was read can be sent back as it is, and changes nothing.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/email", tag = "settings",
    responses((status = 200, description = "The settings", body = EmailSettings<SecretHint>)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read_email_settings(
    _: Administrator,
    InEnvironment(held): InEnvironment,
) -> Tagged<EmailSettings<SecretHint>> {
    email(&held)
}

/// Replaces the email settings.
///
/// An absent field takes its default. An absent password stays, unless server, port or user are others now; `null` drops it.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/settings/email", tag = "settings",
    request_body(content = EmailSettings<GivenSecret>, example = json!({"sender_name": "Acme", "custom_sender": {"email": "auth@acme.example.com", "server": "smtp.acme.example.com", "port": 587, "username": "otpost", "password": "secret", "tls": "starttls"}})),
    responses((status = 200, description = "The settings", body = EmailSettings<SecretHint>)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn replace_email_settings(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(before): InEnvironment,
    IfMatch(expected): IfMatch,
    Draft(given): Draft<EmailSettings<GivenSecret>>,
) -> Result<Tagged<EmailSettings<SecretHint>>, Problem> {
    services
        .administration
        .put_email(&actor, before.id(), &given, &expected)
        .await?;
    Ok(email(&*environment(&services, before.id())?))
}

fn email(held: &EnvironmentSnapshot) -> Tagged<EmailSettings<SecretHint>> {
    tagged(&held.email, hint)
}

/// Reads which factors may be a second one.
///
/// Codes with the purpose `mfa` are sent over these alone.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/mfa", tag = "settings",
    responses((status = 200, description = "The factors", body = MfaSettings)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read_mfa_settings(_: Administrator, InEnvironment(held): InEnvironment) -> Tagged<MfaSettings> {
    mfa(&held)
}

/// Replaces which factors may be a second one.
///
/// Codes with the purpose `mfa` are sent over these alone. A factor that is left out is on.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/settings/mfa", tag = "settings",
    request_body = MfaSettings,
    responses((status = 200, description = "The factors", body = MfaSettings)),
    extensions(("x-problems" = json!(["not_found", "precondition_failed"]))))]
pub async fn replace_mfa_settings(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(before): InEnvironment,
    IfMatch(expected): IfMatch,
    Json(settings): Json<MfaSettings>,
) -> Result<Tagged<MfaSettings>, Problem> {
    services
        .administration
        .put_mfa(&actor, before.id(), settings, &expected)
        .await?;
    Ok(mfa(&*environment(&services, before.id())?))
}

fn mfa(held: &EnvironmentSnapshot) -> Tagged<MfaSettings> {
    tagged(&held.mfa, |settings| settings)
}

/// What changes.
pub type OtpPolicyPatch = Patch<OtpPolicy>;

/// Reads the rules of codes.
///
/// How long codes are and live, and how many may be sent and guessed.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/otp", tag = "settings",
    responses((status = 200, description = "The rules", body = OtpPolicy)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub async fn read_otp_settings(_: Administrator, InEnvironment(held): InEnvironment) -> Tagged<OtpPolicy> {
    otp(&held)
}

/// Changes the rules of codes.
///
/// A rule that is absent stays as it is. Verifications that are already made keep the rules they were made under.
#[utoipa::path(patch, path = "/admin/v1/environments/{env}/settings/otp", tag = "settings",
    request_body(content = OtpPolicyPatch, example = json!({"life_seconds": 300, "max_sends": 3})),
    responses((status = 200, description = "The rules", body = OtpPolicy)),
    extensions(("x-problems" = json!(["not_found", "validation_failed", "precondition_failed"]))))]
pub async fn update_otp_settings(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(before): InEnvironment,
    IfMatch(expected): IfMatch,
    Patch(patch): OtpPolicyPatch,
) -> Result<Tagged<OtpPolicy>, Problem> {
    services
        .administration
        .patch_otp(&actor, before.id(), &patch, &expected)
        .await?;
    Ok(otp(&*environment(&services, before.id())?))
}

fn otp(held: &EnvironmentSnapshot) -> Tagged<OtpPolicy> {
    tagged(&held.otp, |policy| policy)
}

/// Reads the environment's own texts of emails with codes.
///
/// There are some only where the environment sends through an SMTP server of its own.
#[utoipa::path(get, path = "/admin/v1/environments/{env}/settings/email/content", tag = "settings",
    responses((status = 200, description = "The texts", body = EmailContent)),
    extensions(("x-problems" = json!(["not_found", "custom_sender_required"]))))]
pub async fn read_email_content(
    _: Administrator,
    InEnvironment(held): InEnvironment,
) -> Result<Tagged<EmailContent>, Problem> {
    content(&held)
}

/// Replaces the environment's own texts of emails with codes.
///
/// What is not among them is sent as otpost writes it, so `{}` removes them all. Needs an SMTP server of the environment's own.
#[utoipa::path(put, path = "/admin/v1/environments/{env}/settings/email/content", tag = "settings",
    request_body = EmailContent,
    responses((status = 200, description = "The texts", body = EmailContent)),
    extensions(("x-problems" = json!(["not_found", "custom_sender_required", "validation_failed", "precondition_failed"]))))]
pub async fn replace_email_content(
    State(services): State<Arc<Services>>,
    Administrator(actor): Administrator,
    InEnvironment(before): InEnvironment,
    IfMatch(expected): IfMatch,
    Json(given): Json<EmailContent>,
) -> Result<Tagged<EmailContent>, Problem> {
    services
        .administration
        .put_content(&actor, before.id(), &given, &expected)
        .await?;
    content(&*environment(&services, before.id())?)
}

/// Shows an email with a code as it would be sent.
///
/// With texts that are not saved, or the saved ones, or those that otpost writes. Nothing is sent.
#[utoipa::path(post, path = "/admin/v1/environments/{env}/settings/email/content/preview", tag = "settings",
    request_body = PreviewRequest,
    responses((status = 200, description = "The email", body = Preview)),
    extensions(("x-problems" = json!(["not_found", "custom_sender_required", "validation_failed"]))))]
pub async fn preview_email_content(
    State(services): State<Arc<Services>>,
    _: Administrator,
    InEnvironment(held): InEnvironment,
    Json(request): Json<PreviewRequest>,
) -> Result<Json<Preview>, Problem> {
    Ok(Json(services.administration.preview(&held, &request)?))
}

/// The texts of an environment that has a server of its own.
fn content(held: &EnvironmentSnapshot) -> Result<Tagged<EmailContent>, Problem> {
    match held.email.row.custom_sender {
        Some(_) => Ok(tagged(&held.content, |texts| texts)),
        None => Err(custom_sender_required()),
    }
}

/// Texts can be edited only where the environment sends through a server of its own.
pub(super) fn custom_sender_required() -> Problem {
    Problem::new(
        Code::CustomSenderRequired,
        "Enter a custom sender in the email settings first; without one emails have the texts that otpost writes.",
    )
}

fn tagged<T: Clone, V>(held: &Versioned<T>, view: impl FnOnce(T) -> V) -> Tagged<V> {
    Tagged {
        version: held.version,
        body: view(held.row.clone()),
    }
}
