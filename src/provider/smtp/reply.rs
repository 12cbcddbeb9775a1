//! What went wrong, at which step, and what that means for the message: the table from SMTP replies to
//! [`SendError`].

use std::error::Error as _;
use std::fmt;
use std::io;

use crate::provider::{Class, SendError};

use super::redaction::Redaction;

/// The steps of an attempt, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// DNS, TCP, and TLS from the first byte.
    Connect,
    /// The greeting and `EHLO`.
    Hello,
    /// `STARTTLS` and the handshake.
    StartTls,
    /// `AUTH`.
    Auth,
    /// `RSET` on a connection that has carried a message before.
    Reset,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`, up to the leave to go on.
    Data,
    /// The message itself, up to its last line.
    Content,
    /// The final dot and the reply to it. From here on the server may have the message.
    EndOfData,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Reset => "RSET",
            Self::Mail => "MAIL FROM",
            Self::Rcpt => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "message",
            Self::EndOfData => "end of message",
        })
    }
}

/// Why an attempt ended without the message being accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server said no.
    Refused {
        /// To what.
        step: Step,
        /// The reply code, 400–599.
        code: u16,
        /// The text of the reply, as it came.
        text: String,
    },
    /// There was no reply, or none that makes sense.
    Broken {
        /// To what.
        step: Step,
        /// In our own words or the operating system's.
        detail: String,
    },
    /// The account's settings and the server do not go together; in our own words.
    Misconfigured {
        /// What does not fit.
        detail: String,
    },
}

impl Fault {
    /// A fault of the connection.
    pub(super) fn broken(step: Step, detail: impl fmt::Display) -> Self {
        Self::Broken {
            step,
            detail: detail.to_string(),
        }
    }

    /// A fault of the settings.
    pub(super) fn misconfigured(detail: impl Into<String>) -> Self {
        Self::Misconfigured {
            detail: detail.into(),
        }
    }

    /// What lettre met at `step`.
    pub(super) fn at(step: Step, error: &lettre::transport::smtp::Error) -> Self {
        let source = error.source();
        if let Some(code) = error.status() {
            return Self::Refused {
                step,
                code: code.into(),
                text: source.map(ToString::to_string).unwrap_or_default(),
            };
        }
        match source.and_then(|source| source.downcast_ref::<io::Error>()) {
            Some(error) => Self::broken(step, error),
            // What lettre says of a reply it cannot read repeats the reply, so it is not passed on.
            None => Self::broken(step, "the server's reply could not be read"),
        }
    }

    /// Whether the connection was at its end before the server can have had the message, as happens to one that
    /// has lain idle. A new connection may fare better at once.
    pub(super) fn is_of_the_connection(&self) -> bool {
        match self {
            Self::Refused { step, code, .. } => {
                *step < Step::EndOfData && (*code == 421 || *step == Step::Reset)
            }
            Self::Broken { step, .. } => *step < Step::EndOfData,
            Self::Misconfigured { .. } => false,
        }
    }

    /// Whether the dialogue may go on after it: a plain refusal, and not the one by which a server closes (421).
    pub(super) fn leaves_connection_usable(&self) -> bool {
        matches!(self, Self::Refused { step, code, .. } if *step >= Step::Mail && *code != 421)
    }

    /// Whether the server waits for the next command after it, though nothing can be sent.
    pub(super) fn leaves_dialogue_clean(&self) -> bool {
        match self {
            Self::Refused { code, .. } => *code != 421,
            Self::Misconfigured { .. } => true,
            Self::Broken { .. } => false,
        }
    }

    /// What it means for the message.
    pub(super) fn into_send_error(self, redaction: &Redaction<'_>) -> SendError {
        match self {
            Self::Refused { step, code, text } => SendError::NotAccepted {
                class: class(step, code, &text),
                retry_after: None,
                code: Some(code.to_string()),
                detail: format!("{step}: {}", redaction.clean(&format!("{code} {text}"))),
            },
            Self::Broken { step, detail } if step >= Step::EndOfData => {
                SendError::unknown(format!("{step}: {detail}"))
            }
            Self::Broken { step, detail } => {
                SendError::refused(Class::Unreachable, format!("{step}: {detail}"))
            }
            Self::Misconfigured { detail } => SendError::refused(Class::SenderMisconfigured, detail),
        }
    }
}

/// Whose fault a refusal is. RFC 5321 (4.2.1) for the first digit, RFC 3463 for the enhanced code, RFC 4954 (6)
/// for the replies about authentication.
fn class(step: Step, code: u16, text: &str) -> Class {
    match code {
        400..=499 => return Class::Deferred,
        530 | 534 | 535 | 538 => return Class::Account,
        _ => {}
    }
    let about = subject(text);
    match step {
        Step::Auth => Class::Account,
        Step::Rcpt => match about {
            Some(Subject::Recipient) => Class::RecipientInvalid,
            None if code / 10 == 55 && !text.to_ascii_lowercase().contains("relay") => {
                Class::RecipientInvalid
            }
            _ => Class::SenderMisconfigured,
        },
        Step::Content | Step::EndOfData => match about {
            Some(Subject::Recipient) => Class::RecipientInvalid,
            Some(Subject::SenderOrPolicy) => Class::SenderMisconfigured,
            Some(Subject::Other) | None => Class::ContentFiltered,
        },
        _ => Class::SenderMisconfigured,
    }
}

/// What an enhanced status code (RFC 3463) is about.
enum Subject {
    /// The recipient's address, mailbox or domain: 5.1.x, 5.2.x, 5.4.x.
    Recipient,
    /// The sender's address or the server's policy: 5.1.7, 5.1.8, 5.7.x.
    SenderOrPolicy,
    /// The server, the protocol or the content: 5.3.x, 5.5.x, 5.6.x.
    Other,
}

fn subject(text: &str) -> Option<Subject> {
    let mut parts = text.split_whitespace().next()?.splitn(3, '.');
    if parts.next() != Some("5") {
        return None;
    }
    let subject: u16 = parts.next()?.parse().ok()?;
    let detail: u16 = parts.next()?.parse().ok()?;
    Some(match (subject, detail) {
        (1, 7 | 8) | (7, _) => Subject::SenderOrPolicy,
        (1 | 2 | 4, _) => Subject::Recipient,
        _ => Subject::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_laid_at_the_right_door() {
        use Class::{Account, ContentFiltered, Deferred, RecipientInvalid, SenderMisconfigured};
        for (step, code, text, expected) in [
            (Step::Hello, 421, "too many connections", Deferred),
            (Step::Hello, 554, "no service for you", SenderMisconfigured),
            (Step::StartTls, 454, "TLS not available", Deferred),
            (Step::Auth, 535, "5.7.8 wrong", Account),
            (Step::Auth, 501, "malformed", Account),
            (Step::Auth, 454, "4.7.0 try later", Deferred),
            (Step::Mail, 530, "5.7.0 authenticate first", Account),
            (Step::Mail, 550, "5.1.0 sender refused", SenderMisconfigured),
            (Step::Rcpt, 450, "4.2.1 busy", Deferred),
            (Step::Rcpt, 452, "4.2.2 full", Deferred),
            (Step::Rcpt, 550, "5.1.1 no such user", RecipientInvalid),
            (Step::Rcpt, 550, "no such user", RecipientInvalid),
            (Step::Rcpt, 551, "user not local", RecipientInvalid),
            (Step::Rcpt, 552, "5.2.2 full", RecipientInvalid),
            (Step::Rcpt, 553, "not a mailbox", RecipientInvalid),
            (
                Step::Rcpt,
                550,
                "5.4.1 recipient address rejected",
                RecipientInvalid,
            ),
            (Step::Rcpt, 550, "5.7.1 blocked", SenderMisconfigured),
            (
                Step::Rcpt,
                550,
                "5.1.8 sender's domain unknown",
                SenderMisconfigured,
            ),
            (Step::Rcpt, 554, "Relay access denied", SenderMisconfigured),
            (Step::Rcpt, 503, "bad sequence", SenderMisconfigured),
            (Step::Data, 554, "no valid recipients", SenderMisconfigured),
            (Step::EndOfData, 451, "4.3.0 greylisted", Deferred),
            (Step::EndOfData, 554, "5.6.0 spam", ContentFiltered),
            (Step::EndOfData, 550, "spam", ContentFiltered),
            (
                Step::EndOfData,
                550,
                "5.7.26 unauthenticated",
                SenderMisconfigured,
            ),
            (Step::EndOfData, 550, "5.1.1 no such user", RecipientInvalid),
        ] {
            assert_eq!(class(step, code, text), expected, "{step} {code} {text}");
        }
    }

    #[test]
    fn only_what_follows_the_final_dot_is_ambiguous() {
        let fault = |step| Fault::broken(step, "reset");
        assert!(fault(Step::Content).is_of_the_connection());
        assert!(!fault(Step::EndOfData).is_of_the_connection());
    }
}
