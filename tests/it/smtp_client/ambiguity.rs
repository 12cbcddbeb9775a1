//! Hangs and resets: before the final dot the message was not accepted, behind it nobody knows.

use futures_util::future::join_all;
use otpost::domain::message::{Email, Provider};
use otpost::domain::settings::SmtpAccount;
use otpost::provider::smtp::{Closer, Smtp};
use otpost::provider::{Class, Transport};
use tokio::time::Instant;

use super::{ATTEMPT, CONNECT, email, impatient_client, is_unknown, refusal};
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};

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

#[tokio::test]
async fn a_hang_or_close_before_the_content_is_unreachable_and_within_the_deadline() {
    for act in [Act::Hang, Act::Close] {
        let attempts = BEFORE_THE_CONTENT.map(|step| {
            let server = SmtpServer::start(Behaviour::starttls().always(step, act.clone()));
            async move {
                let begun = Instant::now();
                let outcome = impatient_client(&server).send(&email()).await;
                assert_eq!(server.contents().len(), 0);
                (step, outcome, begun.elapsed())
            }
        });
        for (step, outcome, length) in join_all(attempts).await {
            let (class, code, _) = refusal(outcome);
            assert_eq!((class, code), (Class::Unreachable, None), "{act:?} at {step:?}");
            assert!(length < ATTEMPT * 2, "{act:?} at {step:?}: {length:?}");
        }
    }
}

#[tokio::test]
async fn a_hang_or_close_in_mid_message_is_unreachable() {
    let email = large_email();
    for act in [Act::Hang, Act::Close] {
        let server = SmtpServer::start(Behaviour::plain().always(Step::InData, act.clone()));
        let (class, ..) = refusal(impatient_client(&server).send(&email).await);
        assert_eq!(class, Class::Unreachable, "{act:?}");
        assert_eq!(server.contents().len(), 0);
    }
}

#[tokio::test]
async fn a_hang_or_close_after_the_final_dot_is_unknown() {
    for act in [Act::Hang, Act::Close] {
        let server = SmtpServer::start(Behaviour::starttls().always(Step::EndOfData, act.clone()));
        let begun = Instant::now();
        let outcome = impatient_client(&server).send(&email()).await;
        assert!(is_unknown(&outcome), "{act:?}: {outcome:?}");
        assert!(begun.elapsed() < ATTEMPT * 2);
        assert_eq!((server.contents().len(), server.connections()), (1, 1));
    }
}

#[tokio::test]
async fn half_a_reply_after_the_final_dot_is_unknown() {
    let half = Act::Write(b"250-2.0.0 almost\r\n250 ".to_vec());
    let server = SmtpServer::start(Behaviour::plain().always(Step::EndOfData, half));
    let outcome = impatient_client(&server).send(&email()).await;
    assert!(is_unknown(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn nobody_listening_and_no_such_host_are_unreachable() {
    let server = SmtpServer::start(Behaviour::plain());
    let (account, roots) = (server.account(), server.roots());
    drop(server);
    let nowhere = SmtpAccount {
        server: "no-such-host.invalid".to_owned(),
        ..account.clone()
    };
    for account in [account, nowhere] {
        let smtp = Smtp::new(account, Provider::Smtp, roots.clone(), &Closer::default());
        let (class, ..) = refusal(smtp.with_timeouts(CONNECT, ATTEMPT).send(&email()).await);
        assert_eq!(class, Class::Unreachable);
    }
}
