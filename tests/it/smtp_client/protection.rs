//! TLS and credentials: required where the account says so, and never less than that.

use otpost::domain::host::ServerName;
use otpost::domain::secret::Secret;
use otpost::domain::settings::{SmtpAccount, Tls, Username};
use otpost::provider::{Class, Transport};

use super::{client, client_of, email, refusal};
use crate::support::smtp_server::{Act, Behaviour, Certificate, SmtpServer, Step};

#[tokio::test]
async fn starttls_and_implicit_tls_carry_a_mail_with_either_mechanism() {
    for behaviour in [Behaviour::starttls(), Behaviour::implicit_tls()] {
        for mechanisms in ["PLAIN LOGIN", "PLAIN", "CRAM-MD5 LOGIN"] {
            let server = SmtpServer::start(behaviour.clone().with_mechanisms(mechanisms));
            client(&server).send(&email()).await.unwrap();
            assert_eq!(server.mails().len(), 1);
            assert_eq!(server.violations(), Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn a_certificate_for_an_ip_address_holds_too() {
    let server = SmtpServer::start(Behaviour::implicit_tls());
    let account = SmtpAccount {
        server: ServerName::parse("127.0.0.1").unwrap(),
        ..server.account()
    };
    client_of(account, &server).send(&email()).await.unwrap();
}

#[tokio::test]
async fn a_server_without_starttls_gets_neither_credentials_nor_mail() {
    let server = SmtpServer::start(Behaviour::starttls().without_starttls());
    let (class, _, detail) = refusal(client(&server).send(&email()).await);
    assert_eq!(class, Class::SenderMisconfigured);
    assert!(detail.contains("does not offer STARTTLS"), "{detail}");
    server.wait_for_quits(1).await;
    assert_eq!(server.commands().len(), 2, "{:?}", server.commands());
}

#[tokio::test]
async fn a_certificate_that_does_not_hold_ends_the_attempt_and_says_why() {
    for behaviour in [Behaviour::starttls(), Behaviour::implicit_tls()] {
        for (certificate, reason) in [
            (Certificate::WrongName, "not valid for"),
            (Certificate::Expired, "expired"),
            (Certificate::UnknownIssuer, "UnknownIssuer"),
        ] {
            let server = SmtpServer::start(behaviour.clone().with_certificate(certificate));
            let (class, _, detail) = refusal(client(&server).send(&email()).await);
            assert_eq!(class, Class::SenderMisconfigured);
            assert!(
                detail.starts_with("the server's certificate does not hold"),
                "{detail}"
            );
            assert!(detail.contains(reason), "{detail}");
            assert!(
                !server
                    .commands()
                    .iter()
                    .any(|command| command.starts_with("AUTH"))
            );
        }
    }
}

#[tokio::test]
async fn what_is_said_in_the_clear_behind_starttls_is_not_believed() {
    let injected = Act::Write(b"220 go\r\n250-mail.test\r\n250 AUTH PLAIN\r\n".to_vec());
    let server = SmtpServer::start(Behaviour::starttls().always(Step::StartTls, injected));
    let (class, _, detail) = refusal(client(&server).send(&email()).await);
    assert_eq!(class, Class::Unreachable);
    assert_eq!(detail, "STARTTLS: the server spoke out of turn");
}

#[tokio::test]
async fn wrong_credentials_are_the_accounts_fault() {
    let server = SmtpServer::start(Behaviour::implicit_tls());
    let account = SmtpAccount {
        username: Username::parse("acme").ok(),
        password: Some(Secret::new("guess")),
        ..server.account()
    };
    let (class, code, detail) = refusal(client_of(account, &server).send(&email()).await);
    assert_eq!((class, code.as_deref()), (Class::Account, Some("535")));
    assert_eq!(detail, "AUTH: 535 5.7.8 Authentication credentials invalid");
}

#[tokio::test]
async fn a_server_without_a_mechanism_of_ours_is_told_apart() {
    let server = SmtpServer::start(Behaviour::implicit_tls().with_mechanisms("GSSAPI"));
    let (class, _, detail) = refusal(client(&server).send(&email()).await);
    assert_eq!(class, Class::SenderMisconfigured);
    assert!(detail.contains("neither AUTH PLAIN nor AUTH LOGIN"));
}

#[tokio::test]
async fn credentials_never_travel_in_the_clear() {
    let server = SmtpServer::start(Behaviour::starttls());
    let account = SmtpAccount {
        tls: Tls::None,
        ..server.account()
    };
    let (class, ..) = refusal(client_of(account, &server).send(&email()).await);
    assert_eq!(class, Class::SenderMisconfigured);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_wrong_tls_mode_for_the_port_is_named() {
    let server = SmtpServer::start(Behaviour::starttls());
    let account = SmtpAccount {
        tls: Tls::Implicit,
        ..server.account()
    };
    let (class, _, detail) = refusal(client_of(account, &server).send(&email()).await);
    assert_eq!(class, Class::SenderMisconfigured);
    assert!(detail.contains("starttls"), "{detail}");
}
