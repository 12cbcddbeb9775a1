//! Writes a message down: headers, `multipart/alternative`, both parts as quoted-printable. The same message gives the same
//! bytes each time, so that a server or mailbox can tell a retry by its `Message-ID`.

use std::time::SystemTime;

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, From, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Mailboxes, Message, MultiPart, SinglePart};

use super::quoted_printable;
use crate::domain::email::EmailAddress;
use crate::domain::message::Email;
use crate::provider::{Class, SendError};

/// A message as it travels.
pub(super) struct Letter {
    /// The sender's address, in `MAIL FROM`.
    pub(super) from: Address,
    /// The recipient's address, in `RCPT TO`.
    pub(super) to: Address,
    /// Headers and body, lines ended by CRLF, without the final dot.
    pub(super) content: Vec<u8>,
}

impl Letter {
    /// Writes `email` down as sent by `sender`.
    ///
    /// # Errors
    /// When lettre takes one of the addresses for none, whose fault that is.
    pub(super) fn write(sender: &EmailAddress, email: &Email) -> Result<Self, SendError> {
        let from: Address = sender.as_str().parse().map_err(|_| {
            SendError::refused(Class::SenderMisconfigured, "the sender's address is not valid")
        })?;
        let to: Address = email.to.as_str().parse().map_err(|_| {
            SendError::refused(Class::RecipientInvalid, "the recipient's address is not valid")
        })?;
        let message = compose(&from, &to, email)
            .map_err(|error| SendError::refused(Class::SenderMisconfigured, error.to_string()))?;
        Ok(Self {
            from,
            to,
            content: message.formatted(),
        })
    }
}

fn compose(from: &Address, to: &Address, email: &Email) -> Result<Message, lettre::error::Error> {
    // Quoted-printable has no bare equals sign, so that this boundary cannot occur in a part.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", email.id))
        .singlepart(part(ContentType::TEXT_PLAIN, &email.text))
        .singlepart(part(ContentType::TEXT_HTML, &email.html));
    let mut message = Message::builder()
        .from(Mailbox::new(None, from.clone()))
        .to(Mailbox::new(None, to.clone()))
        // lettre leaves ASCII as it is, which a reader would decode where it looks like an encoded word (RFC 2047).
        .subject(one_line(&email.subject).replace("=?", "= ?"))
        .date(SystemTime::from(email.date.to_offset_date_time()).max(SystemTime::UNIX_EPOCH))
        .message_id(Some(format!("<{}@{}>", email.id, from.domain())))
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .envelope(Envelope::new(Some(from.clone()), vec![to.clone()])?)
        .multipart(parts)?;
    // The builder reads `From` back from its own text, and trips over some names; set afterwards, it does not.
    let name = Some(one_line(&email.from_name)).filter(|name| !name.is_empty());
    message
        .headers_mut()
        .set(From::from(Mailboxes::from(Mailbox::new(name, from.clone()))));
    Ok(message)
}

fn part(content_type: ContentType, text: &str) -> SinglePart {
    let body = Body::dangerous_pre_encoded(
        quoted_printable::encode(text),
        ContentTransferEncoding::QuotedPrintable,
    );
    SinglePart::builder().content_type(content_type).body(body)
}

/// The domain refuses control characters in names and subjects; should one get here, it ends no header.
fn one_line(text: &str) -> String {
    text.replace(
        |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'),
        " ",
    )
    .trim()
    .to_owned()
}
