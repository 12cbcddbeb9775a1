//! Diagnosis on Twilio's refusals, by its error codes (Twilio's error dictionary); a code in no row is advised on by its class.

use super::DiagnosisCode;
use crate::provider::{Class, SendError};

const WRONG_TOKEN: &str = "Copy the Auth Token again from the first page of the Twilio console, and look that it is \
     the token of this very Account SID. With an API key, check its SID and secret, and that it was made in this \
     account; with a region, use that region's credentials.";
const WRONG_SID: &str = "Twilio knows no such account: copy the Account SID (AC…) again from the first page of the \
     Twilio console. With a region, use that region's account.";
const UNUSABLE: &str = "The Twilio account cannot send: look in the Twilio console whether it is suspended, closed \
     or out of balance, and whether these are its live and not its test credentials.";
const NO_SERVICE: &str = "The account has no such Messaging Service: copy its SID (MG…) again from Messaging > \
     Services in the Twilio console of this very account.";
const EMPTY_SERVICE: &str = "Add a sender that reaches this country to the Messaging Service's sender pool in the \
     Twilio console (Messaging > Services > Sender Pool); at present there is none.";
const WRONG_SENDER: &str = "Enter a number that this Twilio account owns and that can send SMS, in E.164 (+1…), or \
     a short code or alphanumeric sender that is enabled for it and for the recipient's country.";
const COUNTRY: &str =
    "Switch the recipient's country on in the Twilio console: Messaging > Settings > Geo permissions.";

/// What Twilio's codes say of the settings.
const ADVICE: &[(&[u32], DiagnosisCode, &str)] = &[
    (&[20003], DiagnosisCode::AuthenticationFailed, WRONG_TOKEN),
    (&[20404], DiagnosisCode::AccountNotFound, WRONG_SID),
    (
        &[20005, 20008, 20010, 10001],
        DiagnosisCode::AccountNotUsable,
        UNUSABLE,
    ),
    (
        &[21608],
        DiagnosisCode::RecipientNotVerified,
        "A Twilio trial account sends to verified numbers only: verify this number in the Twilio console, or upgrade \
         the account.",
    ),
    (
        &[21701, 21705],
        DiagnosisCode::MessagingServiceNotFound,
        NO_SERVICE,
    ),
    (
        &[21703, 21704],
        DiagnosisCode::MessagingServiceEmpty,
        EMPTY_SERVICE,
    ),
    (
        &[21212, 21601, 21603, 21606, 21659, 21660],
        DiagnosisCode::SenderNotAllowed,
        WRONG_SENDER,
    ),
    (&[21408], DiagnosisCode::CountryNotEnabled, COUNTRY),
    (
        &[21612, 60220],
        DiagnosisCode::DestinationNotReachable,
        "This sender does not reach this number: send from a number of the recipient's country, or from a Messaging \
         Service that has one.",
    ),
];

/// What is wrong, and what to do.
pub(super) fn diagnose(error: &SendError) -> (DiagnosisCode, &'static str) {
    let SendError::NotAccepted { class, code, .. } = error else {
        return (DiagnosisCode::Unknown, "");
    };
    let code = code.as_deref().and_then(|code| code.parse::<u32>().ok());
    let row = code.and_then(|code| ADVICE.iter().find(|(codes, ..)| codes.contains(&code)));
    match row {
        Some((_, code, hint)) => (*code, hint),
        None => by_class(*class),
    }
}

fn by_class(class: Class) -> (DiagnosisCode, &'static str) {
    match class {
        Class::RecipientInvalid => (
            DiagnosisCode::RecipientRejected,
            "This number cannot receive the message; test with another one, of a mobile phone.",
        ),
        Class::RecipientOptedOut => (
            DiagnosisCode::RecipientOptedOut,
            "This number has answered STOP to this sender; answer START from it, or test with another one.",
        ),
        Class::FraudBlocked => (
            DiagnosisCode::FraudBlocked,
            "Twilio blocks messages to this destination as fraud: look at Fraud Guard and SMS Pumping Protection in the \
             Twilio console.",
        ),
        Class::DestinationDisabled => (DiagnosisCode::CountryNotEnabled, COUNTRY),
        Class::Account => (DiagnosisCode::AuthenticationFailed, WRONG_TOKEN),
        Class::Throttled => (
            DiagnosisCode::Throttled,
            "The account sends too fast for its sender; wait a moment, then test again.",
        ),
        Class::ContentFiltered => (
            DiagnosisCode::ContentFiltered,
            "The text was filtered as unwanted: register the sender and this use of it with Twilio.",
        ),
        Class::Unreachable => (
            DiagnosisCode::Unreachable,
            "There was no connection to Twilio: check edge and region, and that this machine may reach the internet.",
        ),
        Class::Transient | Class::Deferred | Class::CircuitOpen => (
            DiagnosisCode::Deferred,
            "Twilio could not take the message just now; test again in a moment.",
        ),
        Class::SenderMisconfigured => (
            DiagnosisCode::Refused,
            "Twilio refused the message; look the error up under twilio.com/docs/api/errors and correct the settings.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::twilio::classes::WHEN_CREATING;

    #[test]
    fn each_mistake_in_the_settings_has_a_word_of_its_own_and_something_to_do() {
        for (twilio, code, named) in [
            (20404, DiagnosisCode::AccountNotFound, "Account SID"),
            (20003, DiagnosisCode::AuthenticationFailed, "Auth Token"),
            (21703, DiagnosisCode::MessagingServiceEmpty, "sender pool"),
            (21704, DiagnosisCode::MessagingServiceEmpty, "sender pool"),
            (21701, DiagnosisCode::MessagingServiceNotFound, "MG…"),
            (21408, DiagnosisCode::CountryNotEnabled, "Geo permissions"),
            (21606, DiagnosisCode::SenderNotAllowed, "E.164"),
            (21211, DiagnosisCode::RecipientRejected, "another one"),
            (21610, DiagnosisCode::RecipientOptedOut, "START"),
        ] {
            let (_, class) = WHEN_CREATING.iter().find(|row| row.0 == twilio).unwrap();
            let error = SendError::NotAccepted {
                class: *class,
                retry_after: None,
                code: Some(twilio.to_string()),
                detail: String::new(),
            };
            let (found, hint) = diagnose(&error);
            assert_eq!(found, code, "{twilio}");
            assert!(hint.contains(named), "{code}: {hint}");
        }
    }

    #[test]
    fn every_class_is_advised_on() {
        for &class in Class::ALL {
            let (_, hint) = diagnose(&SendError::refused(class, ""));
            assert!(hint.ends_with('.'), "{class}");
        }
    }
}
