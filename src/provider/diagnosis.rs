//! What a failed attempt means for whoever fills in the settings: what is wrong, in a word, and what to do next.

use serde::Serialize;

use super::SendError;
use crate::domain::message::{Channel, Provider};
use crate::domain::named::named;

mod smtp;
mod twilio;

named! {
    /// What is wrong.
    DiagnosisCode {
        /// The number or address cannot receive it.
        RecipientRejected = "recipient_rejected",
        /// The recipient has opted out.
        RecipientOptedOut = "recipient_opted_out",
        /// A trial account may send to verified numbers only.
        RecipientNotVerified = "recipient_not_verified",
        /// There is no such Twilio account.
        AccountNotFound = "account_not_found",
        /// The credentials are wrong.
        AuthenticationFailed = "authentication_failed",
        /// The account is suspended, unpaid, or a test account.
        AccountNotUsable = "account_not_usable",
        /// There is no such Messaging Service in the account.
        MessagingServiceNotFound = "messaging_service_not_found",
        /// The Messaging Service has no sender, or none for this destination.
        MessagingServiceEmpty = "messaging_service_empty",
        /// The sender's number or address is not one that the account may use.
        SenderNotAllowed = "sender_not_allowed",
        /// The account is not enabled for the recipient's country.
        CountryNotEnabled = "country_not_enabled",
        /// This sender does not reach this destination.
        DestinationNotReachable = "destination_not_reachable",
        /// The provider takes it for fraud.
        FraudBlocked = "fraud_blocked",
        /// The text was filtered.
        ContentFiltered = "content_filtered",
        /// Too many messages.
        Throttled = "throttled",
        /// A passing fault of the provider's.
        Deferred = "deferred",
        /// No connection.
        Unreachable = "unreachable",
        /// The server offers no STARTTLS.
        StarttlsNotOffered = "starttls_not_offered",
        /// The certificate was made for another name.
        CertificateNameMismatch = "certificate_name_mismatch",
        /// The certificate has expired, or nobody trusted has signed it.
        CertificateNotTrusted = "certificate_not_trusted",
        /// Server and TLS mode do not go together.
        TlsFailed = "tls_failed",
        /// The server does not take the name that EHLO gives.
        HelloRefused = "hello_refused",
        /// The server offers no way to log in that we know.
        AuthenticationNotOffered = "authentication_not_offered",
        /// Any other refusal.
        Refused = "refused",
        /// The provider may have it.
        Unknown = "unknown",
    }
}

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = TestFailure)]
pub struct Diagnosis {
    /// What is wrong.
    pub code: DiagnosisCode,
    /// What the provider said, or what was seen, freed of recipients and secrets.
    pub detail: String,
    /// What to do next.
    pub hint: &'static str,
}

/// What an SMTP server replied, where it did.
#[must_use]
pub fn smtp_reply(error: &SendError) -> Option<String> {
    smtp::reply(error).map(str::to_owned)
}

/// What to make of `error` of an attempt through `provider`.
#[must_use]
pub fn diagnose(channel: Channel, provider: Provider, error: &SendError) -> Diagnosis {
    let (code, hint) = match (channel, error) {
        (_, SendError::Unknown { .. }) => (
            DiagnosisCode::Unknown,
            "It is not known whether the message was taken over: look whether it arrived before you try again.",
        ),
        (Channel::Sms, _) => twilio::diagnose(error),
        (Channel::Email, _) => smtp::diagnose(error),
    };
    let (SendError::NotAccepted {
        code: said, detail, ..
    }
    | SendError::Unknown { code: said, detail }) = error;
    let detail = match (channel, said) {
        (Channel::Sms, Some(said)) => format!("error {said}: {detail}"),
        _ => detail.clone(),
    };
    Diagnosis {
        code,
        detail,
        hint: match provider {
            Provider::Kinde if !is_of_the_recipient(code) => {
                "This came from the platform's sender, which the operator of this service configures: show it to them."
            }
            _ => hint,
        },
    }
}

/// Whether another recipient would do.
fn is_of_the_recipient(code: DiagnosisCode) -> bool {
    matches!(
        code,
        DiagnosisCode::RecipientRejected | DiagnosisCode::RecipientOptedOut | DiagnosisCode::Unknown
    )
}
