//! Hangs and resets: before the final dot the message was not accepted, behind it nobody knows.

use futures_util::future::join;
use otpost::domain::host::ServerName;
use otpost::domain::message::{Email, Provider};
use otpost::domain::settings::SmtpAccount;
use otpost::provider::smtp::{Closer, Smtp};
use otpost::provider::{Class, Receipt, SENDER_TIMEOUT, SendError, Transport};

use super::{client, email, is_unknown, refusal, send_into_silence};
use crate::support::reserved_address::ReservedAddress;
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};
use crate::support::wait::{in_time, let_pass, until};

const BEFORE_THE_CONTENT: [Step; 7] = [
    Step::Greeting,
    Step::Ehlo,
    Step::StartTls,
    Step::Auth,
    Step::Mail,
    Step::Rcpt,
    Step::Data,
];

/// More than the system takes off a sender's hands while nobody reads.
fn large_email() -> Email {
    Email {
        text: "x".repeat(12_000_000),
        ..email()
    }
}

/// The outcome of a mail to a server that does `act` at `step`.
async fn outcome(server: &SmtpServer, act: &Act, email: &Email) -> Result<Receipt, SendError> {
    let smtp = client(server);
    match act {
        Act::Hang => send_into_silence(&smtp, email, server).await,
        _ => smtp.send(email).await,
    }
}

#[tokio::test]
async fn a_hang_or_close_before_the_content_is_unreachable_and_within_the_deadline() {
    for act in [Act::Hang, Act::Close] {
        for step in BEFORE_THE_CONTENT {
            let server = SmtpServer::start(Behaviour::starttls().always(step, act.clone()));
            let (class, code, _) = refusal(outcome(&server, &act, &email()).await);
            assert_eq!((class, code), (Class::Unreachable, None), "{act:?} at {step:?}");
            assert_eq!(server.contents().len(), 0);
        }
    }
}

#[tokio::test]
async fn a_hang_or_close_in_mid_message_is_unreachable() {
    let email = large_email();
    for act in [Act::Hang, Act::Close] {
        let server = SmtpServer::start(Behaviour::plain().always(Step::InData, act.clone()));
        let (class, ..) = refusal(outcome(&server, &act, &email).await);
        assert_eq!(class, Class::Unreachable, "{act:?}");
        assert_eq!(server.contents().len(), 0);
    }
}

#[tokio::test]
async fn a_hang_or_close_after_the_final_dot_is_unknown() {
    for act in [Act::Hang, Act::Close] {
        let server = SmtpServer::start(Behaviour::starttls().always(Step::EndOfData, act.clone()));
        let outcome = outcome(&server, &act, &email()).await;
        assert!(is_unknown(&outcome), "{act:?}: {outcome:?}");
        assert_eq!((server.contents().len(), server.connections()), (1, 1));
    }
}

#[tokio::test]
async fn half_a_reply_after_the_final_dot_is_unknown() {
    let half = Act::Write(b"250-2.0.0 almost\r\n250 ".to_vec());
    let server = SmtpServer::start(Behaviour::plain().always(Step::EndOfData, half));
    let smtp = client(&server);
    let half = async {
        until("the mail is there", async || server.contents().len() == 1).await;
        let_pass(SENDER_TIMEOUT).await;
    };
    let email = email();
    let (outcome, ()) = join(in_time("the end of the attempt", smtp.send(&email)), half).await;
    assert!(is_unknown(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn nobody_listening_and_no_such_host_are_unreachable() {
    let nobody = ReservedAddress::new();
    let server = SmtpServer::start(Behaviour::plain());
    let (mut account, roots) = (server.account(), server.roots());
    account.port = nobody.get().port();
    let nowhere = SmtpAccount {
        server: ServerName::parse("no-such-host.invalid").unwrap(),
        ..account.clone()
    };
    for account in [account, nowhere] {
        let smtp = Smtp::new(account, Provider::Smtp, roots.clone(), &Closer::default());
        let (class, ..) = refusal(smtp.send(&email()).await);
        assert_eq!(class, Class::Unreachable);
    }
}
