//! A mail that the server has taken over, read with a parser that is not the sender's.

use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders};

/// A mail and its envelope.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The address in `MAIL FROM`.
    pub from: String,
    /// The addresses in `RCPT TO`.
    pub to: Vec<String>,
    /// Headers and body, with dot-stuffing undone.
    pub raw: Vec<u8>,
}

impl Mail {
    fn parsed(&self) -> Message<'_> {
        MessageParser::default()
            .parse(&self.raw)
            .expect("a readable mail")
    }

    /// The header `name` as it travelled, unfolded but not decoded.
    pub fn raw_header(&self, name: &str) -> Option<String> {
        let mail = self.parsed();
        let raw = mail.header_raw(name)?;
        Some(raw.replace("\r\n", "").trim().to_owned())
    }

    /// The header `name`, decoded; of an address header the display name.
    pub fn header(&self, name: &str) -> Option<String> {
        let mail = self.parsed();
        match mail.header(name)? {
            HeaderValue::Text(text) => Some(text.to_string()),
            HeaderValue::Address(address) => address.first()?.name().map(ToOwned::to_owned),
            _ => mail.header_raw(name).map(|raw| raw.trim().to_owned()),
        }
    }

    /// The address in the header `name`.
    pub fn header_address(&self, name: &str) -> Option<String> {
        let mail = self.parsed();
        let address = mail.header(name)?.as_address()?.first()?.address()?;
        Some(address.to_owned())
    }

    /// The content types of the parts, in their order, the whole first.
    pub fn content_types(&self) -> Vec<String> {
        let mail = self.parsed();
        let name = |part: &mail_parser::MessagePart<'_>| {
            let content_type = part.content_type().expect("a content type");
            let subtype = content_type.subtype().unwrap_or_default();
            format!("{}/{subtype}", content_type.ctype())
        };
        mail.parts.iter().map(name).collect()
    }

    /// The plain text part, decoded, with LF as line end.
    pub fn text_part(&self) -> String {
        self.part("plain")
    }

    /// The HTML part, decoded, with LF as line end.
    pub fn html_part(&self) -> String {
        self.part("html")
    }

    fn part(&self, subtype: &str) -> String {
        let mail = self.parsed();
        let is_it = |part: &&mail_parser::MessagePart<'_>| part.is_content_type("text", subtype);
        let part = mail.parts.iter().find(is_it).expect("the part");
        part.text_contents().expect("text").replace("\r\n", "\n")
    }
}
