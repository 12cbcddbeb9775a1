//! The forms of Twilio's names: SIDs and senders, the same in the operator's configuration and in an environment's settings.

/// `AC`, `MG` … and 32 hexadecimal digits.
fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// An account's SID: `AC` and 32 hexadecimal digits. The error says what it takes, without what was given.
pub fn parse_account_sid(text: &str) -> Result<String, &'static str> {
    if is_sid(text, "AC") {
        Ok(text.to_owned())
    } else {
        Err("must be `AC` and 32 hexadecimal digits, as Twilio's console shows it")
    }
}

/// An API key's SID: `SK` and 32 hexadecimal digits.
pub fn parse_api_key_sid(text: &str) -> Result<String, &'static str> {
    if is_sid(text, "SK") {
        Ok(text.to_owned())
    } else {
        Err("must be `SK` and 32 hexadecimal digits, as Twilio's console shows it")
    }
}

/// A Messaging Service's SID: `MG` and 32 hexadecimal digits.
pub fn parse_messaging_service_sid(text: &str) -> Result<String, &'static str> {
    if is_sid(text, "MG") {
        Ok(text.to_owned())
    } else if text.starts_with("VA") {
        Err(
            "must not be the SID of a Verify service (`VA…`): Verify makes and checks codes of its own, \
             otpost makes its own and needs a Messaging Service (`MG…`)",
        )
    } else {
        Err("must be `MG` and 32 hexadecimal digits, as Twilio's console shows it")
    }
}

/// What Twilio takes as `From`: a number in E.164, a short code of 3 to 8 digits, or a name of at most 11 letters,
/// digits, spaces, `+`, `-`, `_` and `&` with at least one letter.
pub fn parse_sender(text: &str) -> Result<String, &'static str> {
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
    if number || short_code || name {
        Ok(text.to_owned())
    } else {
        Err(
            "must be a number such as +61466043123, a short code, or a sender name of at most 11 letters and digits",
        )
    }
}
