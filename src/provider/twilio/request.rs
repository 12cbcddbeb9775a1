//! The parameters of a request to send one message.

use crate::domain::message::Sms;
use crate::domain::settings::{SmsSource, TwilioAccount};
use crate::domain::time::Timestamp;

/// The longest `ValidityPeriod` Twilio takes, in seconds: ten hours.
const MAX_VALIDITY: u64 = 36_000;

/// The form of the request, in no order that matters to Twilio. No `StatusCallback`: there is nothing here that takes one.
pub(super) fn parameters(account: &TwilioAccount, sms: &Sms, now: Timestamp) -> Vec<(&'static str, String)> {
    let source = match account.source {
        SmsSource::MessagingService => "MessagingServiceSid",
        SmsSource::PhoneNumber => "From",
    };
    let sender = account.sender().unwrap_or_default();
    let mut parameters = vec![
        ("To", sms.to.e164().to_owned()),
        ("Body", sms.body.clone()),
        (source, sender.to_owned()),
        ("ValidityPeriod", validity(sms, now).to_string()),
    ];
    if account.discard_content {
        parameters.push(("ContentRetention", "discard".to_owned()));
    }
    if account.obfuscate_address {
        parameters.push(("AddressRetention", "obfuscate".to_owned()));
    }
    parameters
}

/// The remaining life of the code, in whole seconds that Twilio takes.
fn validity(sms: &Sms, now: Timestamp) -> u64 {
    now.until(sms.expires_at).as_secs().clamp(1, MAX_VALIDITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::MessageId;
    use crate::domain::phone::PhoneNumber;
    use std::time::Duration;

    #[test]
    fn twilio_keeps_a_message_no_longer_than_its_code_lives() {
        let now = Timestamp::from_unix_micros(1_700_000_000_000_000).unwrap();
        for (left_ms, seconds) in [
            (0, 1),
            (900, 1),
            (1_999, 1),
            (600_000, 600),
            (599_999, 599),
            (86_400_000, 36_000),
        ] {
            let sms = Sms {
                id: MessageId(uuid::Uuid::nil()),
                to: PhoneNumber::parse("+61466043123", None).unwrap(),
                body: String::new(),
                expires_at: now + Duration::from_millis(left_ms),
            };
            assert_eq!(validity(&sms, now), seconds, "{left_ms} ms");
            assert_eq!(validity(&sms, now + Duration::from_hours(48)), 1);
        }
    }
}
