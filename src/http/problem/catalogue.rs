//! Every code a caller can be answered with, once: its status, its title, and what to do next.
//! The page `/docs/problems` and the OpenAPI document are made from this table.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

/// Writes the enum, its readers and the list of all from one table.
macro_rules! catalogue {
    ($($variant:ident = $status:ident, $name:literal, $title:literal, $meaning:literal;)*) => {
        /// What went wrong, in a word that programs can rely on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $name)] $variant,)*
        }

        impl Code {
            /// All of them, in the order of their status.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Reads the word; `None` for any other.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($name => Some(Self::$variant),)* _ => None }
            }

            /// The status it is answered with.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// A short name for people, the same every time.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// What it means and what to do next, in a paragraph.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

catalogue! {
    InvalidRequest = BAD_REQUEST, "invalid_request", "Invalid request",
        "The request is not of the documented form: not JSON, a field that is unknown, missing, given twice or of another type, or an unknown query parameter. Correct the request; repeating it as it is will not help.";
    InvalidIdempotencyKey = BAD_REQUEST, "invalid_idempotency_key", "Invalid idempotency key",
        "The Idempotency-Key header is not a single key of 1 to 255 printable ASCII characters, bare or in double quotes. Send one such key, for example a UUID.";
    Unauthorized = UNAUTHORIZED, "unauthorized", "Unauthorized",
        "The request carries no valid API key. Send the key as “Authorization: Bearer otpost_sk_…”; keys are never accepted in the URL. A revoked key must be replaced.";
    Forbidden = FORBIDDEN, "forbidden", "Forbidden",
        "The key is valid, but of the wrong kind for this operation. Application keys send and verify; administrator keys serve everything under /admin.";
    ConnectionDisabled = FORBIDDEN, "connection_disabled", "Connection disabled",
        "The connection exists but is not switched on for the application of this key. An administrator can switch it on.";
    FactorDisabled = FORBIDDEN, "factor_disabled", "Factor disabled",
        "The environment does not allow this channel as a second factor. Offer the user another factor, or have an administrator allow it in the MFA settings.";
    CountryNotAllowed = FORBIDDEN, "country_not_allowed", "Country not allowed",
        "The environment does not send SMS to the country of this number. An administrator can extend the allowed countries in the SMS settings.";
    RecipientBlocked = FORBIDDEN, "recipient_blocked", "Recipient blocked",
        "The recipient receives no codes. With “reason” number_type the number is premium rate, shared cost, toll-free, a pager, a company's access number, voicemail, a personal number, or of no country; nothing was sent or counted. Ask the user for a mobile number.";
    InvalidSignature = FORBIDDEN, "invalid_signature", "Invalid signature",
        "The callback is not signed as expected, and was ignored. Check that the configured public URL is exactly the one the provider calls, and that the Auth Token is the current one.";
    NotFound = NOT_FOUND, "not_found", "Not found",
        "There is nothing here, or nothing that this key may see. Check the path and the id.";
    VerificationNotFound = NOT_FOUND, "verification_not_found", "Verification not found",
        "No verification has this id for this key, or it was made for another purpose or connection. Nothing was counted as a guess. Start a new verification.";
    ConnectionNotFound = NOT_FOUND, "connection_not_found", "Connection not found",
        "No connection has this id in the environment of this key. GET /v1/connections lists the ones there are.";
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed",
        "The path exists, but not with this method. The Allow header names the methods it has.";
    RequestTimeout = REQUEST_TIMEOUT, "request_timeout", "Request timeout",
        "The body of the request stopped coming, or came too slowly to be waited for; nothing was done with it. Send the whole request again on a new connection.";
    AlreadyVerified = CONFLICT, "already_verified", "Already verified",
        "The code of this verification has come back before, and proves nothing a second time. Start a new verification where a new proof is needed.";
    CustomSenderRequired = CONFLICT, "custom_sender_required", "Custom sender required",
        "Subject, body and disclaimer of emails can be edited only where the environment sends through its own SMTP server. Set a custom sender first.";
    Conflict = CONFLICT, "conflict", "Conflict",
        "The change contradicts what is there, such as a name that is taken or the last administrator key. Read the current state, then decide.";
    ExpiredCode = GONE, "expired_code", "Expired code",
        "The code has outlived its time. Start a new verification to send a new one.";
    VerificationCanceled = GONE, "verification_canceled", "Verification canceled",
        "This verification was canceled and takes no more guesses. Start a new one.";
    PreconditionFailed = PRECONDITION_FAILED, "precondition_failed", "Precondition failed",
        "The resource has changed since the version named in If-Match. Read it again, apply the change to what it is now, and send the new ETag.";
    PayloadTooLarge = PAYLOAD_TOO_LARGE, "payload_too_large", "Payload too large",
        "The body is larger than 64 KiB. No request of this API needs as much.";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type",
        "The body is not declared as uncompressed UTF-8 JSON. Send “Content-Type: application/json”.";
    ValidationFailed = UNPROCESSABLE_ENTITY, "validation_failed", "Validation failed",
        "The request is well formed, but some values are not acceptable. “errors” names each of them with a JSON pointer and says what is wrong; correct them all and send the request again.";
    InvalidPhoneNumber = UNPROCESSABLE_ENTITY, "invalid_phone_number", "Invalid phone number",
        "The number cannot be a phone number. “reason” says why: invalid_format, invalid_region or invalid_country_code. Ask the user to check it, with its country.";
    InvalidEmailAddress = UNPROCESSABLE_ENTITY, "invalid_email_address", "Invalid email address",
        "The address is not a single mailbox that mail can be sent to. Ask the user to check it.";
    ChannelMismatch = UNPROCESSABLE_ENTITY, "channel_mismatch", "Channel mismatch",
        "The recipient does not fit the connection: a phone number for an email connection, or the reverse. Use the connection whose strategy fits.";
    IncorrectCode = UNPROCESSABLE_ENTITY, "incorrect_code", "Incorrect code",
        "The code is not the one that was sent. “attempts_left” says how many guesses remain. Ask the user to look at the newest message and type it again.";
    IncorrectCodeLength = UNPROCESSABLE_ENTITY, "incorrect_code_length", "Incorrect code length",
        "The code is not made of as many ASCII digits as the one that was sent. It was not counted as a guess. Ask the user for the whole code.";
    RecipientRejected = UNPROCESSABLE_ENTITY, "recipient_rejected", "Recipient rejected",
        "The provider says that this recipient cannot receive the message. Ask the user for another number or address.";
    RecipientOptedOut = UNPROCESSABLE_ENTITY, "recipient_opted_out", "Recipient opted out",
        "The recipient has told the provider to receive nothing from this sender. Only the recipient can undo that, for SMS by answering START; offer another way.";
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY, "idempotency_key_reused", "Idempotency key reused",
        "Another request came with this idempotency key before, and made something. Use a new key for every new request, and the same one only to repeat it unchanged.";
    UnknownEvent = UNPROCESSABLE_ENTITY, "unknown_event", "Unknown event",
        "The event is none of those that authentication knows, and nothing else is ever sent. The API description lists them.";
    ResendRequestedTooSoon = TOO_MANY_REQUESTS, "resend_requested_too_soon", "Resend requested too soon",
        "The last message of this verification is too recent. Wait as long as Retry-After says, then ask again.";
    RateLimited = TOO_MANY_REQUESTS, "rate_limited", "Rate limited",
        "A limit is used up; RateLimit-Policy and RateLimit tell which where it can be told. Wait as long as Retry-After says.";
    SmsLimitReached = TOO_MANY_REQUESTS, "sms_limit_reached", "SMS limit reached",
        "The SMS that this environment may send through the platform are used up for this month. “limit” is the quota and “resets_at” when it begins anew. An own Twilio account has no such limit.";
    TooManyAttempts = TOO_MANY_REQUESTS, "too_many_attempts", "Too many attempts",
        "Too many wrong codes. With “scope” verification this verification is locked for good: start a new one. With “scope” recipient the recipient is locked until Retry-After has passed.";
    ResendLimitReached = TOO_MANY_REQUESTS, "resend_limit_reached", "Resend limit reached",
        "This verification has had all the messages it may have, and waiting does not help. Start a new verification.";
    InternalError = INTERNAL_SERVER_ERROR, "internal_error", "Internal error",
        "The service failed in a way it did not foresee. Try again, and give the operator the request id of “instance” when it happens again.";
    DeliveryFailed = BAD_GATEWAY, "delivery_failed", "Delivery failed",
        "Every sender refused the message for a reason that does not lie with the recipient. The verification stays pending and can be resent; the operator finds the reason in the timeline of “message_id”.";
    ServiceUnavailable = SERVICE_UNAVAILABLE, "service_unavailable", "Service unavailable",
        "The service cannot answer right now. Repeat the request after Retry-After, with the same idempotency key where it has one.";
    SmsNotConfigured = SERVICE_UNAVAILABLE, "sms_not_configured", "SMS not configured",
        "No sender of SMS is configured for this environment. An administrator sets one in the SMS settings, or the operator configures the platform's.";
}

impl Code {
    /// The code that says no more than `status` does; for answers made by the framework.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::ServiceUnavailable,
            other if other.is_client_error() => Self::InvalidRequest,
            _ => Self::InternalError,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_codes_share_a_word_and_each_is_explained() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(
                code.meaning().len() > 60 && code.meaning().ends_with('.'),
                "{code:?}"
            );
            assert!(code.status().is_client_error() || code.status().is_server_error());
        }
    }

    #[test]
    fn the_table_is_ordered_by_status() {
        assert!(Code::ALL.is_sorted_by_key(|code| code.status().as_u16()));
    }

    #[test]
    fn the_frameworks_own_answers_find_a_code_of_their_status() {
        for code in [404, 405, 408, 413, 415, 401, 403, 503, 500] {
            let status = StatusCode::from_u16(code).unwrap();
            assert_eq!(Code::of_status(status).status(), status);
        }
        assert_eq!(Code::of_status(StatusCode::IM_A_TEAPOT), Code::InvalidRequest);
    }
}
