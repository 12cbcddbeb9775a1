//! How connections end: with QUIT where the dialogue came to a clean end, and without a word where it did not.

use std::time::Duration;

use otpost::domain::message::Provider;
use otpost::domain::secret::Secret;
use otpost::domain::settings::{SmtpAccount, Username};
use otpost::provider::smtp::{Closer, Smtp};
use otpost::provider::{ATTEMPT_TIMEOUT, Transport};
use tokio::time::Instant;

use super::{client, client_of, email, refusal};
use crate::support::smtp_server::{Act, Behaviour, SmtpServer, Step};
use crate::support::wait::in_time;

#[tokio::test]
async fn a_connection_that_lay_idle_too_long_is_closed_with_quit_though_nothing_more_is_sent() {
    for behaviour in [Behaviour::plain(), Behaviour::starttls()] {
        let server = SmtpServer::start(behaviour);
        let smtp = client(&server).with_idle_time(Duration::from_millis(20));
        smtp.send(&email()).await.unwrap();
        server.wait_for_quits(1).await;
        smtp.send(&email()).await.unwrap();
        server.wait_for_quits(2).await;
        assert_eq!((server.mails().len(), server.connections()), (2, 2));
    }
}

#[tokio::test]
async fn a_client_that_is_given_up_says_quit_on_all_its_connections() {
    let server = SmtpServer::start(Behaviour::plain());
    let smtp = client(&server);
    let email = email();
    let sent = tokio::join!(smtp.send(&email), smtp.send(&email), smtp.send(&email));
    sent.0.and(sent.1).and(sent.2).unwrap();
    drop(smtp);
    server.wait_for_quits(3).await;
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn more_connections_than_may_lie_idle_are_closed_with_quit() {
    let server = SmtpServer::start(Behaviour::plain());
    let smtp = client(&server);
    let email = email();
    let sends = (0..6).map(|_| smtp.send(&email));
    for sent in futures_util::future::join_all(sends).await {
        sent.unwrap();
    }
    let pooled = 4;
    server.wait_for_quits(server.connections() - pooled).await;
    drop(smtp);
    server.wait_for_quits(server.connections()).await;
}

#[tokio::test]
async fn the_end_of_the_process_closes_all_connections_and_keeps_none_after() {
    let server = SmtpServer::start(Behaviour::starttls());
    let closer = Closer::default();
    let smtp = Smtp::new(server.account(), Provider::Smtp, server.roots(), &closer);
    smtp.send(&email()).await.unwrap();
    closer.finish().await;
    server.wait_for_quits(1).await;
    smtp.send(&email()).await.unwrap();
    server.wait_for_quits(2).await;
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_that_does_not_answer_quit_holds_nobody_up() {
    let server = SmtpServer::start(Behaviour::plain().always(Step::Quit, Act::Hang));
    let closer = Closer::default();
    let smtp =
        Smtp::new(server.account(), Provider::Smtp, server.roots(), &closer).with_idle_time(Duration::ZERO);
    let began = Instant::now();
    for _ in 0..3 {
        smtp.send(&email()).await.unwrap();
    }
    in_time("the end of all connections", closer.finish()).await;
    // Less than what an attempt may take; the wait for QUIT alone is a second.
    assert!(began.elapsed() < ATTEMPT_TIMEOUT, "{:?}", began.elapsed());
    server.wait_for_quits(3).await;
}

#[tokio::test]
async fn a_refused_login_is_ended_with_quit() {
    let server = SmtpServer::start(Behaviour::implicit_tls());
    let account = SmtpAccount {
        username: Username::parse("acme").ok(),
        password: Some(Secret::new("guess")),
        ..server.account()
    };
    refusal(client_of(account, &server).send(&email()).await);
    server.wait_for_quits(1).await;
}

#[tokio::test]
async fn a_connection_that_failed_in_mid_dialogue_is_dropped_without_a_word() {
    for step in [Step::Mail, Step::Data, Step::EndOfData] {
        let server = SmtpServer::start(Behaviour::plain().once(step, Act::Write(b"nonsense\r\n".to_vec())));
        let smtp = client(&server);
        smtp.send(&email()).await.unwrap_err();
        // The next one is closed in order, long after the first has gone.
        smtp.send(&email()).await.unwrap();
        drop(smtp);
        server.wait_for_quits(1).await;
        assert_eq!(server.commands().last().unwrap(), "QUIT", "{step:?}");
        assert_eq!(server.connections(), 2, "{step:?}");
        assert_eq!(server.violations(), Vec::<String>::new());
    }
}
