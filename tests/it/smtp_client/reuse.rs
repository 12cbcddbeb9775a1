//! Connections that carry more than one mail, and what must not pass from one to the next.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use otpost::domain::message::Email;
use otpost::provider::{CONNECT_TIMEOUT, Class, SendError, Transport};

use super::{client, email, is_unknown, refusal, send_into_silence};
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};
use crate::support::wait::let_pass;

#[tokio::test]
async fn two_mails_share_a_connection() {
    for behaviour in [Behaviour::plain(), Behaviour::starttls()] {
        let server = SmtpServer::start(behaviour);
        let smtp = client(&server);
        for _ in 0..2 {
            smtp.send(&email()).await.unwrap();
        }
        assert_eq!((server.mails().len(), server.connections()), (2, 1));
        assert_eq!(server.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_refused_mail_leaves_the_connection_to_the_next() {
    for step in [Step::Mail, Step::Rcpt, Step::Data, Step::EndOfData] {
        let server = SmtpServer::start(Behaviour::plain().once(step, Act::reply("550 5.1.1 no")));
        let smtp = client(&server);
        refusal(smtp.send(&email()).await);
        smtp.send(&email()).await.unwrap();
        assert_eq!((server.mails().len(), server.connections()), (1, 1), "{step:?}");
        assert_eq!(server.violations(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn after_a_hang_the_next_mail_has_an_outcome_of_its_own() {
    for step in [Step::Data, Step::InData, Step::EndOfData] {
        let behaviour = Behaviour::plain()
            .once(step, Act::Hang)
            .once(Step::EndOfData, Act::reply("554 5.6.0 refused"));
        let server = SmtpServer::start(behaviour);
        let smtp = client(&server);
        let first = send_into_silence(&smtp, &email(), &server).await;
        // In mid-message the client has already handed a small mail to the system, the final dot included.
        assert_eq!(is_unknown(&first), step != Step::Data, "{first:?}");
        let (class, code, _) = refusal(smtp.send(&email()).await);
        assert_eq!((class, code.as_deref()), (Class::ContentFiltered, Some("554")));
        smtp.send(&email()).await.unwrap();
        assert_eq!((server.mails().len(), server.connections()), (1, 2), "{step:?}");
    }
}

#[tokio::test]
async fn a_cancelled_send_leaves_nothing_to_the_next() {
    for step in [Step::Greeting, Step::Mail, Step::Data, Step::EndOfData] {
        let server = SmtpServer::start(Behaviour::plain());
        let smtp = client(&server);
        smtp.send(&email()).await.unwrap();
        server.behave(|behaviour| behaviour.once(step, Act::Hang));
        if step == Step::Greeting {
            // The idle connection is not greeted again: hang on it in another place.
            server.behave(|behaviour| behaviour.once(Step::Rset, Act::Hang));
        }
        let cancelled = email();
        tokio::select! {
            outcome = smtp.send(&cancelled) => panic!("{outcome:?}"),
            () = server.hangs() => {}
        }
        server.behave(|_| Behaviour::plain());
        let other = Email {
            subject: "Another".to_owned(),
            ..email()
        };
        smtp.send(&other).await.unwrap();
        let mails = server.mails();
        assert_eq!(mails.len(), 2, "{step:?}");
        assert_eq!(mails[1].header("Subject").as_deref(), Some("Another"));
        assert_eq!(server.connections(), 2, "{step:?}");
    }
}

#[tokio::test]
async fn a_connection_that_died_idle_is_replaced_at_once() {
    let closing = Act::reply("421 4.4.2 idle for too long");
    for act in [Act::Close, closing, Act::Hang, Act::reply("500 what")] {
        for step in [Step::Rset, Step::Mail, Step::Rcpt, Step::Data] {
            if step != Step::Rset && matches!(act, Act::Hang | Act::Write(_)) {
                continue;
            }
            let server = SmtpServer::start(Behaviour::plain());
            let smtp = client(&server);
            smtp.send(&email()).await.unwrap();
            server.behave(|behaviour| behaviour.once(step, act.clone()));
            let silence = async {
                if let Act::Hang = act {
                    server.hangs().await;
                    let_pass(CONNECT_TIMEOUT).await;
                }
            };
            let email = email();
            let (second, ()) = join(smtp.send(&email), silence).await;
            second.unwrap();
            assert_eq!(
                (server.mails().len(), server.connections()),
                (2, 2),
                "{act:?} at {step:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_connection_that_lay_idle_too_long_is_not_used_again() {
    let server = SmtpServer::start(Behaviour::plain());
    let smtp = client(&server).with_idle_time(Duration::ZERO);
    for _ in 0..2 {
        smtp.send(&email()).await.unwrap();
    }
    assert_eq!((server.mails().len(), server.connections()), (2, 2));
}

#[tokio::test]
async fn a_421_in_mid_dialogue_on_a_used_connection_is_answered_with_a_new_one() {
    for step in [Step::Mail, Step::Rcpt, Step::Data] {
        let server = SmtpServer::start(Behaviour::plain());
        let smtp = client(&server);
        smtp.send(&email()).await.unwrap();
        server.behave(|behaviour| behaviour.once(step, Act::reply("421 4.3.2 restarting")));
        smtp.send(&email()).await.unwrap();
        assert_eq!((server.mails().len(), server.connections()), (2, 2), "{step:?}");
    }
}

#[tokio::test]
async fn a_used_connection_that_dies_after_the_final_dot_is_not_tried_again() {
    let server = SmtpServer::start(Behaviour::plain());
    let smtp = client(&server);
    smtp.send(&email()).await.unwrap();
    server.behave(|behaviour| behaviour.once(Step::EndOfData, Act::Close));
    let outcome = smtp.send(&email()).await;
    assert!(is_unknown(&outcome), "{outcome:?}");
    assert_eq!((server.contents().len(), server.connections()), (2, 1));
}

#[tokio::test]
async fn a_reply_too_many_is_not_taken_for_the_next_mails() {
    let twice = Act::Write(b"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n".to_vec());
    let server = SmtpServer::start(Behaviour::plain().once(Step::EndOfData, twice));
    let smtp = client(&server);
    smtp.send(&email()).await.unwrap();
    server.behave(|behaviour| behaviour.always(Step::EndOfData, Act::reply("554 5.6.0 refused")));
    let (class, ..) = refusal(smtp.send(&email()).await);
    assert_eq!(class, Class::ContentFiltered);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn mails_at_the_same_time_have_connections_of_their_own() {
    let server = SmtpServer::start(Behaviour::plain());
    let smtp = Arc::new(client(&server));
    let sends = (0..8).map(|number| {
        let smtp = Arc::clone(&smtp);
        let email = Email {
            subject: format!("Number {number}"),
            ..email()
        };
        tokio::spawn(async move { smtp.send(&email).await })
    });
    let sends: Vec<_> = sends.collect();
    for send in sends {
        let outcome: Result<_, SendError> = send.await.unwrap();
        outcome.unwrap();
    }
    let mut subjects: Vec<String> = server
        .mails()
        .iter()
        .filter_map(|mail| mail.header("Subject"))
        .collect();
    subjects.sort();
    let expected: Vec<String> = (0..8).map(|number| format!("Number {number}")).collect();
    assert_eq!(subjects, expected);
    assert_eq!(server.violations(), Vec::<String>::new());
}
