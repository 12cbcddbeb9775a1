//! Prints messages to the terminal and keeps them in the development inbox, for a person at work on this machine.
//! It shows codes and recipients whole, so it exists only in development, and never writes through the log.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Receipt, SendError, Transport};
use crate::domain::message::{Channel, Email, Provider, Sms};
use crate::domain::time::Clock;

pub use inbox::{Inbox, InboxEntry};

mod inbox;

/// A sender that never fails.
pub struct Console {
    clock: Arc<dyn Clock>,
    inbox: Arc<Inbox>,
    terminal: Mutex<Box<dyn Write + Send>>,
}

impl Console {
    /// Prints to standard output.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, inbox: Arc<Inbox>) -> Self {
        Self::printing_to(clock, inbox, Box::new(io::stdout()))
    }

    /// Prints to `terminal`. A terminal that fails is left in peace: the inbox has the message.
    #[must_use]
    pub fn printing_to(clock: Arc<dyn Clock>, inbox: Arc<Inbox>, terminal: Box<dyn Write + Send>) -> Self {
        Self {
            clock,
            inbox,
            terminal: Mutex::new(terminal),
        }
    }

    fn show(&self, entry: InboxEntry) -> Receipt {
        let card = card(&entry);
        let receipt = Receipt {
            provider_message_id: Some(entry.message_id.to_string()),
            detail: None,
        };
        self.inbox.push(entry);
        let mut terminal = self.terminal.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = terminal
            .write_all(card.as_bytes())
            .and_then(|()| terminal.flush());
        receipt
    }
}

/// The message in a frame, in one piece so that lines of the log do not come between.
fn card(entry: &InboxEntry) -> String {
    let kind = match entry.channel {
        Channel::Sms => "SMS",
        Channel::Email => "Email",
    };
    let subject = entry.subject.iter().flat_map(|subject| [subject.as_str(), ""]);
    let lines: String = subject
        .chain(entry.text.lines())
        .map(|line| format!("│  {}", printable(line)).trim_end().to_owned() + "\n")
        .collect();
    format!(
        "\n┌─ {kind} to {}\n{lines}└─ {}\n\n",
        printable(&entry.to),
        entry.message_id
    )
}

/// Without control characters, which could drive the terminal.
fn printable(line: &str) -> String {
    line.chars().filter(|char| !char.is_control()).collect()
}

#[async_trait]
impl Transport<Sms> for Console {
    fn provider(&self) -> Provider {
        Provider::Console
    }

    async fn send(&self, message: &Sms) -> Result<Receipt, SendError> {
        Ok(self.show(InboxEntry {
            message_id: message.id,
            channel: Channel::Sms,
            to: message.to.e164().to_owned(),
            subject: None,
            text: message.body.clone(),
            at: self.clock.now(),
        }))
    }
}

#[async_trait]
impl Transport<Email> for Console {
    fn provider(&self) -> Provider {
        Provider::Console
    }

    async fn send(&self, message: &Email) -> Result<Receipt, SendError> {
        Ok(self.show(InboxEntry {
            message_id: message.id,
            channel: Channel::Email,
            to: message.to.as_str().to_owned(),
            subject: Some(message.subject.clone()),
            text: message.text.clone(),
            at: self.clock.now(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::EmailAddress;
    use crate::domain::id::MessageId;
    use crate::domain::phone::PhoneNumber;
    use crate::domain::time::{SystemClock, Timestamp};

    /// A terminal that can be read back.
    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A terminal that is gone.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    fn sms(body: &str) -> Sms {
        Sms {
            id: MessageId(uuid::Uuid::nil()),
            to: PhoneNumber::parse("+61466043123", None).unwrap(),
            body: body.to_owned(),
            expires_at: Timestamp::from_unix_micros(0).unwrap(),
        }
    }

    #[tokio::test]
    async fn a_person_at_the_terminal_sees_the_whole_message() {
        let (screen, inbox) = (Screen::default(), Arc::new(Inbox::default()));
        let console = Console::printing_to(Arc::new(SystemClock), inbox.clone(), Box::new(screen.clone()));
        let receipt = console
            .send(&sms("042042 is your code\n\n@a.example \u{1b}[2J#042042"))
            .await
            .unwrap();
        let email = Email {
            id: MessageId(uuid::Uuid::nil()),
            to: EmailAddress::parse("ada@example.com").unwrap(),
            from_name: "Acme".to_owned(),
            subject: "Your code".to_owned(),
            text: "042042".to_owned(),
            html: "<p>042042</p>".to_owned(),
            date: Timestamp::from_unix_micros(0).unwrap(),
            expires_at: None,
        };
        console.send(&email).await.unwrap();

        let id = "msg_00000000000000000000000000000000";
        let shown = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            shown,
            format!(
                "\n┌─ SMS to +61466043123\n│  042042 is your code\n│\n│  @a.example [2J#042042\n└─ {id}\n\n\
                 \n┌─ Email to ada@example.com\n│  Your code\n│\n│  042042\n└─ {id}\n\n"
            )
        );
        assert_eq!(receipt.provider_message_id.as_deref(), Some(id));
        let entries = inbox.newest_first();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].subject.as_deref(), Some("Your code"));
        assert_eq!(entries[1].to, "+61466043123");
    }

    #[tokio::test]
    async fn a_terminal_that_is_gone_fails_nothing() {
        let inbox = Arc::new(Inbox::default());
        let console = Console::printing_to(Arc::new(SystemClock), inbox.clone(), Box::new(Gone));
        assert!(console.send(&sms("042042")).await.is_ok());
        assert_eq!(inbox.newest_first().len(), 1);
    }
}
