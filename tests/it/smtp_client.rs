//! Emails through SMTP: what travels, what a refusal means, what a failure leaves unknown.

use futures_util::future::join;
use otpost::domain::email::EmailAddress;
use otpost::domain::id::MessageId;
use otpost::domain::message::{Email, Provider};
use otpost::domain::settings::SmtpAccount;
use otpost::domain::time::Timestamp;
use otpost::provider::smtp::{Closer, Smtp};
use otpost::provider::{Class, Receipt, SENDER_TIMEOUT, SendError, Transport};

use crate::support::smtp_server::SmtpServer;
use crate::support::wait::{in_time, let_pass};

mod ambiguity;
mod closing;
mod hello;
mod letter;
mod protection;
mod refusal;
mod reuse;

fn client(server: &SmtpServer) -> Smtp {
    client_of(server.account(), server)
}

fn client_of(account: SmtpAccount, server: &SmtpServer) -> Smtp {
    Smtp::new(account, Provider::Smtp, server.roots(), &Closer::default())
}

/// Sends to a server that leaves its client hanging, and lets the time pass that an attempt has.
async fn send_into_silence(smtp: &Smtp, email: &Email, server: &SmtpServer) -> Result<Receipt, SendError> {
    let silence = async {
        server.hangs().await;
        let_pass(SENDER_TIMEOUT).await;
    };
    let (outcome, ()) = join(in_time("the end of an attempt", smtp.send(email)), silence).await;
    outcome
}

fn email() -> Email {
    Email {
        id: MessageId::parse("msg_0190163d8694739a8db3c4f0d9f0a1b2").unwrap(),
        to: EmailAddress::parse("Jane.Doe@example.com").unwrap(),
        from_name: "Acme".to_owned(),
        subject: "Your sign-in code".to_owned(),
        text: "Your code:\n\n481516\n".to_owned(),
        html: "<p>Your code:</p>\n<p>481516</p>\n".to_owned(),
        date: Timestamp::from_unix_micros(1_795_338_000_000_000).unwrap(),
        expires_at: None,
    }
}

/// The class, the reply code and the detail of a refusal.
fn refusal(outcome: Result<Receipt, SendError>) -> (Class, Option<String>, String) {
    match outcome {
        Err(SendError::NotAccepted {
            class, code, detail, ..
        }) => (class, code, detail),
        other => panic!("not a refusal: {other:?}"),
    }
}

fn is_unknown(outcome: &Result<Receipt, SendError>) -> bool {
    matches!(outcome, Err(SendError::Unknown { .. }))
}
