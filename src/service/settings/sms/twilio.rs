//! What a Twilio account in the SMS settings must look like.

use super::TwilioDocument;
use crate::domain::field::FieldError;
use crate::domain::secret::Secret;
use crate::domain::settings::{ApiKeyPair, SmsSource, TwilioAccount};
use crate::domain::twilio::{
    parse_account_sid, parse_api_key_sid, parse_messaging_service_sid, parse_sender,
};

impl TwilioDocument<Secret> {
    /// The account, or `None` with what is wrong added to `errors`.
    pub(super) fn validate(self, errors: &mut Vec<FieldError>) -> Option<TwilioAccount> {
        let already = errors.len();
        let mut wrong =
            |field: &str, detail: &str| errors.push(FieldError::new(format!("/twilio/{field}"), detail));
        if let Err(detail) = parse_account_sid(&self.account_sid) {
            wrong("account_sid", detail);
        }
        let blank = |secret: &Option<Secret>| secret.as_ref().is_some_and(|s| s.expose().trim().is_empty());
        if blank(&self.auth_token) {
            wrong("auth_token", "must not be empty");
        }
        let api_key = match (self.api_key_sid, self.api_key_secret) {
            (None, _) => None,
            (Some(sid), secret) => {
                if let Err(detail) = parse_api_key_sid(&sid) {
                    wrong("api_key_sid", detail);
                }
                if secret.as_ref().is_none_or(|s| s.expose().trim().is_empty()) {
                    wrong("api_key_secret", "is needed with an API key SID");
                }
                secret.map(|secret| ApiKeyPair { sid, secret })
            }
        };
        if self.auth_token.is_none() && api_key.is_none() {
            wrong(
                "auth_token",
                "is needed unless there is an API key with its secret",
            );
        }
        let source = source(
            &self.source,
            self.messaging_service_sid.as_deref(),
            self.phone_number.as_deref(),
            &mut wrong,
        );
        for (field, value) in [("edge", &self.edge), ("region", &self.region)] {
            let label = |v: &String| {
                (1..=32).contains(&v.len())
                    && v.bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            };
            if value.as_ref().is_some_and(|value| !label(value)) {
                wrong(
                    field,
                    "must be a name of lower-case letters, digits and hyphens, such as \"dublin\" or \"ie1\"",
                );
            }
        }
        if errors.len() > already {
            return None;
        }
        Some(TwilioAccount {
            account_sid: self.account_sid,
            auth_token: self.auth_token,
            api_key,
            source: source?,
            edge: self.edge,
            region: self.region,
            discard_content: self.discard_content,
            obfuscate_address: self.obfuscate_address,
        })
    }
}

/// The SMS source: only the field that belongs to the chosen source is taken; the other one may be there unused, as in
/// the form of a console where one switches between the two.
fn source(
    source: &str,
    messaging_service_sid: Option<&str>,
    phone_number: Option<&str>,
    wrong: &mut impl FnMut(&str, &str),
) -> Option<SmsSource> {
    let (field, read) = match source {
        "messaging_service" => (
            "messaging_service_sid",
            messaging_service_sid
                .ok_or("is needed with the source \"messaging_service\"")
                .and_then(parse_messaging_service_sid)
                .map(SmsSource::MessagingService),
        ),
        "phone_number" => (
            "phone_number",
            phone_number
                .ok_or("is needed with the source \"phone_number\"")
                .and_then(parse_sender)
                .map(SmsSource::PhoneNumber),
        ),
        _ => ("source", Err("must be \"messaging_service\" or \"phone_number\"")),
    };
    read.map_err(|detail| wrong(field, detail)).ok()
}
