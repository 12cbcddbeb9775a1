//! Diagnosis on what an SMTP server refuses, and on connections that do not come about.

use super::DiagnosisCode;
use crate::provider::smtp::{CERTIFICATE_DOES_NOT_HOLD, NO_AUTH_MECHANISM, NO_STARTTLS, NOT_FOR_NAME};
use crate::provider::{Class, SendError};

/// The steps at which a server says whether it carries mail of this sender.
const ABOUT_THE_SENDER: [&str; 5] = [
    "MAIL FROM: ",
    "RCPT TO: ",
    "DATA: ",
    "message: ",
    "end of message: ",
];

/// The server's own words: a detail with a code has them behind the step they answered.
pub(super) fn reply(error: &SendError) -> Option<&str> {
    let (SendError::NotAccepted { code, detail, .. } | SendError::Unknown { code, detail }) = error;
    code.as_ref()?;
    detail.split_once(": ").map(|(_, reply)| reply)
}

/// What is wrong, and what to do.
pub(super) fn diagnose(error: &SendError) -> (DiagnosisCode, &'static str) {
    let SendError::NotAccepted {
        class, code, detail, ..
    } = error
    else {
        return (DiagnosisCode::Unknown, "");
    };
    if is_about_hello(code.as_deref(), detail) {
        return (
            DiagnosisCode::HelloRefused,
            "The server does not accept the name this service gives for itself in EHLO. The operator sets smtp.hello_name, or \
             server.public_url, to a full host name; best the one that the address it sends from resolves back to.",
        );
    }
    match class {
        Class::SenderMisconfigured if code.is_none() => of_the_connection(detail),
        Class::SenderMisconfigured if ABOUT_THE_SENDER.iter().any(|step| detail.starts_with(step)) => (
            DiagnosisCode::SenderNotAllowed,
            "The server does not send for this address: verify the sender's address or its domain with the provider, or \
             enter the address that this user may send as.",
        ),
        Class::Account => (
            DiagnosisCode::AuthenticationFailed,
            "Check username and password; many providers want an API key or an app password in place of the account's \
             own, and some switch SMTP off until it is asked for.",
        ),
        Class::RecipientInvalid | Class::RecipientOptedOut => (
            DiagnosisCode::RecipientRejected,
            "The server knows no such recipient; test with another address.",
        ),
        Class::ContentFiltered => (
            DiagnosisCode::ContentFiltered,
            "The server took the text for unwanted: set SPF and DKIM of the sender's domain up with the provider.",
        ),
        Class::Unreachable => (
            DiagnosisCode::Unreachable,
            "There was no answer: check the server's name and port, that TLS mode and port go together (implicit on 465, \
             starttls on 587), and that no firewall is between.",
        ),
        Class::Deferred | Class::Throttled | Class::Transient | Class::CircuitOpen => (
            DiagnosisCode::Deferred,
            "The server asks to come again later; wait some minutes, then test again.",
        ),
        Class::SenderMisconfigured | Class::FraudBlocked | Class::DestinationDisabled => (
            DiagnosisCode::Refused,
            "The server refused; ask its provider what the reply means.",
        ),
    }
}

/// Whether it is our own name that the server refuses: at EHLO itself, or only at RCPT, as Postfix does unless told otherwise
/// (`smtpd_delay_reject`).
fn is_about_hello(code: Option<&str>, detail: &str) -> bool {
    let Some(code) = code else { return false };
    // 501 and 504 say of an argument that it is malformed or not implemented (RFC 5321, 4.2.2).
    let at_hello = detail.starts_with("EHLO: ") && matches!(code, "501" | "504");
    let words = detail.to_ascii_lowercase();
    at_hello
        || words.contains("helo command rejected")
        || words.contains("invalid helo")
        || words.contains("bad helo")
}

/// What kept the connection from being one that anything may be sent over.
fn of_the_connection(detail: &str) -> (DiagnosisCode, &'static str) {
    if detail == NO_STARTTLS {
        return (
            DiagnosisCode::StarttlsNotOffered,
            "Use the port that the provider gives for STARTTLS, mostly 587, or the TLS mode implicit with port 465; \
             nothing is sent without TLS.",
        );
    }
    if detail.starts_with(CERTIFICATE_DOES_NOT_HOLD) {
        if NOT_FOR_NAME.iter().any(|words| detail.contains(words)) {
            return (
                DiagnosisCode::CertificateNameMismatch,
                "The certificate was made for another name: enter the server's name exactly as the provider writes it, \
                 not an alias or an IP address.",
            );
        }
        return (
            DiagnosisCode::CertificateNotTrusted,
            "The server must show a certificate that has not expired, with its whole chain, from an authority that this \
             machine trusts; the operator can add one by SSL_CERT_FILE.",
        );
    }
    if detail == NO_AUTH_MECHANISM {
        return (
            DiagnosisCode::AuthenticationNotOffered,
            "The server offers no login with a password: use the port for submission, mostly 587 or 465, or leave \
             username and password out.",
        );
    }
    (
        DiagnosisCode::TlsFailed,
        "Server and TLS mode do not go together: implicit is for port 465, starttls for 587.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_advised_on() {
        for &class in Class::ALL {
            let (_, hint) = diagnose(&SendError::refused(class, ""));
            assert!(hint.ends_with('.'), "{class}");
        }
    }

    #[test]
    fn a_servers_words_are_told_without_our_own() {
        let said = |code: Option<&str>, detail: &str| SendError::NotAccepted {
            class: Class::Account,
            retry_after: None,
            code: code.map(str::to_owned),
            detail: detail.to_owned(),
        };
        let error = said(Some("535"), "AUTH: 535 5.7.8 no: never");
        assert_eq!(reply(&error), Some("535 5.7.8 no: never"));
        assert_eq!(reply(&said(None, "connecting: refused")), None);
    }

    #[test]
    fn a_refused_name_is_told_at_whatever_step_and_with_whatever_code_it_is_refused() {
        let said = |class, code: &str, detail: &str| SendError::NotAccepted {
            class,
            retry_after: None,
            code: Some(code.to_owned()),
            detail: detail.to_owned(),
        };
        for (class, code, detail) in [
            (
                Class::SenderMisconfigured,
                "504",
                "EHLO: 504 5.5.2 need fully-qualified hostname",
            ),
            (
                Class::SenderMisconfigured,
                "501",
                "EHLO: 501 syntactically invalid argument",
            ),
            (
                Class::SenderMisconfigured,
                "504",
                "RCPT TO: 504 5.5.2 <otpost>: Helo command rejected: need fully-qualified hostname",
            ),
            (
                Class::Deferred,
                "450",
                "RCPT TO: 450 4.7.1 <otp.example.com>: Helo command rejected: Host not found",
            ),
        ] {
            assert_eq!(
                diagnose(&said(class, code, detail)).0,
                DiagnosisCode::HelloRefused,
                "{detail}"
            );
        }
        for (code, detail) in [
            ("554", "EHLO: 554 5.7.1 no service for you"),
            ("504", "RCPT TO: 504 5.5.4 not implemented"),
        ] {
            let (code, _) = diagnose(&said(Class::SenderMisconfigured, code, detail));
            assert_ne!(code, DiagnosisCode::HelloRefused, "{detail}");
        }
    }
}
