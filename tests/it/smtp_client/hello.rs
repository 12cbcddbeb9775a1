//! What we call ourselves, and servers that are named by an address.

use std::io;
use std::net::{IpAddr, Ipv6Addr};

use otpost::domain::host::HelloName;
use otpost::domain::host::ServerName;
use otpost::domain::settings::SmtpAccount;
use otpost::provider::Transport;

use super::{client, client_of, email};
use crate::support::smtp_server::{Behaviour, SmtpServer};

/// Every name that was given in EHLO.
fn names(server: &SmtpServer) -> Vec<String> {
    let commands = server.commands();
    let names = commands
        .iter()
        .filter_map(|command| command.strip_prefix("EHLO "));
    names.map(str::to_owned).collect()
}

/// A server on `::1`; `None` on a machine without IPv6, where nothing can be seen.
fn server_on_ipv6(behaviour: Behaviour) -> Option<SmtpServer> {
    match SmtpServer::start_on(IpAddr::V6(Ipv6Addr::LOCALHOST), behaviour) {
        Ok(server) => Some(server),
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => None,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_configured_name_is_what_every_ehlo_says() {
    let name = HelloName::parse("otp.example.com").unwrap();
    for behaviour in [
        Behaviour::plain(),
        Behaviour::starttls(),
        Behaviour::implicit_tls(),
    ] {
        let server = SmtpServer::start(behaviour);
        let smtp = client(&server).with_hello_name(Some(&name));
        smtp.send(&email()).await.unwrap();
        let names = names(&server);
        assert!(
            !names.is_empty() && names.iter().all(|said| said == "otp.example.com"),
            "{names:?}"
        );
    }
}

#[tokio::test]
async fn without_a_name_it_is_the_address_that_the_connection_goes_out_from() {
    for behaviour in [Behaviour::plain(), Behaviour::starttls()] {
        let server = SmtpServer::start(behaviour);
        client(&server).send(&email()).await.unwrap();
        assert!(
            names(&server).iter().all(|said| said == "[127.0.0.1]"),
            "{:?}",
            names(&server)
        );
        assert_eq!(server.violations(), Vec::<String>::new());
    }
    let Some(server) = server_on_ipv6(Behaviour::plain()) else {
        return;
    };
    client(&server).send(&email()).await.unwrap();
    assert_eq!(names(&server), ["[IPv6:::1]"]);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn an_ipv6_server_is_reached_with_brackets_and_without_and_its_certificate_holds() {
    for behaviour in [
        Behaviour::plain(),
        Behaviour::starttls(),
        Behaviour::implicit_tls(),
    ] {
        for written in ["::1", "[::1]", "0:0:0:0:0:0:0:1"] {
            let Some(server) = server_on_ipv6(behaviour.clone()) else {
                return;
            };
            let account = SmtpAccount {
                server: ServerName::parse(written).unwrap(),
                ..server.account()
            };
            client_of(account, &server).send(&email()).await.unwrap();
            assert_eq!(server.mails().len(), 1, "{written}");
        }
    }
}

#[tokio::test]
async fn an_ipv4_address_in_brackets_is_reached_too() {
    let server = SmtpServer::start(Behaviour::implicit_tls());
    let account = SmtpAccount {
        server: ServerName::parse("[127.0.0.1]").unwrap(),
        ..server.account()
    };
    client_of(account, &server).send(&email()).await.unwrap();
}
