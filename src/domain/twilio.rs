//! The forms of Twilio's names: SIDs, senders and places, the same in the operator's configuration and in an environment's settings.

use super::parsed::texts;

texts! {
    /// An account's SID: `AC` and 32 hexadecimal digits.
    AccountSid = "ACffffffffffffffffffffffffffffffff", |text| sid(text, "AC")
        .ok_or("must be `AC` and 32 hexadecimal digits, as Twilio's console shows it");

    /// An API key's SID: `SK` and 32 hexadecimal digits.
    ApiKeySid = "SK00000000000000000000000000000000", |text| sid(text, "SK")
        .ok_or("must be `SK` and 32 hexadecimal digits, as Twilio's console shows it");

    /// A Messaging Service's SID: `MG` and 32 hexadecimal digits.
    MessagingServiceSid = "MG00000000000000000000000000000000", messaging_service_sid;

    /// What Twilio takes as `From`: a number in E.164, a short code of 3 to 8 digits, or a name of at most 11 letters, digits, spaces,
    /// `+`, `-`, `_` and `&` with at least one letter.
    Sender = "+15005550006", sender;

    /// An edge or a region of Twilio's network, such as `dublin` or `ie1`.
    NetworkLabel = "dublin", network_label;
}

fn sid(text: &str, prefix: &str) -> Option<String> {
    let digits = text.strip_prefix(prefix)?;
    let fits = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| text.to_owned())
}

fn messaging_service_sid(text: &str) -> Result<String, &'static str> {
    sid(text, "MG").ok_or(if text.starts_with("VA") {
        "must not be the SID of a Verify service (`VA…`): Verify makes and checks codes of its own, \
         otpost makes its own and needs a Messaging Service (`MG…`)"
    } else {
        "must be `MG` and 32 hexadecimal digits, as Twilio's console shows it"
    })
}

fn sender(text: &str) -> Result<String, &'static str> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .strip_prefix('+')
        .is_some_and(|rest| (7..=15).contains(&rest.len()) && digits(rest) && !rest.starts_with('0'));
    let short_code = (3..=8).contains(&text.len()) && digits(text);
    let of_a_name =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'+' | b'-' | b'_' | b'&');
    let name = text.len() <= 11
        && text.trim() == text
        && text.bytes().all(of_a_name)
        && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let fits = number || short_code || name;
    fits.then(|| text.to_owned()).ok_or(
        "must be a number such as +61466043123, a short code, or a sender name of at most 11 letters and digits",
    )
}

fn network_label(text: &str) -> Result<String, &'static str> {
    let of_a_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=32).contains(&text.len()) && text.bytes().all(of_a_label);
    fits.then(|| text.to_owned())
        .ok_or("must be a name of lower-case letters, digits and hyphens, such as \"dublin\" or \"ie1\"")
}
