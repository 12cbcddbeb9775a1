//! The Twilio client on a network that fails: what certainly did not arrive is told from what may have arrived.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use otpost::domain::message::Provider;
use otpost::provider::twilio::Twilio;
use otpost::provider::{CONNECT_TIMEOUT, Class, Receipt, SENDER_TIMEOUT, SendError, Transport};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::{RECIPIENT, account, client, gateway, outcome_of, outcome_of_silence};
use crate::support::http_double::{Gate, Script};
use crate::support::reserved_address::ReservedAddress;
use crate::support::sms_sender::sms;
use crate::support::twilio_double::TwilioDouble;
use crate::support::wait::{let_pass, until};

fn is_unknown(outcome: &Result<Receipt, SendError>) -> bool {
    matches!(outcome, Err(SendError::Unknown { .. }))
}

async fn assert_unreachable(base_url: &str, roots: RootCertStore) {
    let gateway = gateway(base_url.parse().expect("a URL"), roots);
    let outcome = Twilio::new(gateway, account(), Provider::Twilio)
        .send(&sms(RECIPIENT))
        .await;
    let Err(SendError::NotAccepted { class, detail, .. }) = outcome else {
        panic!("{base_url} {outcome:?}");
    };
    assert_eq!(class, Class::Unreachable, "{detail}");
    assert!(detail.starts_with("no connection: "), "{detail}");
}

/// A TLS server on loopback that answers every request with a created message, and its certificate.
async fn tls_twilio() -> (Url, CertificateDer<'static>) {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("ring signs");
    let certificate = certified.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let cryptography = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(cryptography)
        .with_safe_default_protocol_versions()
        .expect("ring offers TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("the key is the certificate's");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 44\r\n\r\n{\"sid\":\"SM00000000000000000000000000000001\"}";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    let url = format!("https://localhost:{port}").parse().expect("a URL");
    (url, certificate)
}

#[tokio::test]
async fn what_fails_after_the_request_may_have_been_written_is_unknown() {
    let scripts = [
        Script::Reset,
        Script::ResetUnread,
        Script::Raw(Vec::new()),
        Script::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec()),
        Script::Raw(b"HTTP/1.1 201 Cr".to_vec()),
    ];
    for script in scripts {
        let outcome = outcome_of(script.clone()).await;
        assert!(is_unknown(&outcome), "{script:?} {outcome:?}");
    }
    for script in [Script::Hang, Script::Drip(Duration::from_secs(1))] {
        let outcome = outcome_of_silence(script.clone()).await;
        assert!(is_unknown(&outcome), "{script:?} {outcome:?}");
    }
}

#[tokio::test]
async fn a_slow_answer_within_the_timeout_is_an_answer() {
    let double = TwilioDouble::start().await;
    let gate = Gate::default();
    double.respond_with(Script::Hold(gate.clone()));
    let slow = async {
        until("the double is asked", async || double.requests().len() == 1).await;
        let_pass(SENDER_TIMEOUT / 2).await;
        gate.open();
    };
    let (client, message) = (client(double.url()), sms(RECIPIENT));
    let (outcome, ()) = join(client.send(&message), slow).await;
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn a_request_whose_pooled_connection_breaks_is_not_repeated() {
    let double = TwilioDouble::start().await;
    let client = client(double.url());
    client.send(&sms(RECIPIENT)).await.unwrap();
    double.respond_with(Script::Reset);
    assert!(is_unknown(&client.send(&sms(RECIPIENT)).await));
    assert_eq!(double.requests().len(), 2);
    client.send(&sms(RECIPIENT)).await.unwrap();
    assert_eq!((double.requests().len(), double.connections()), (3, 2));
}

#[tokio::test]
async fn connections_are_pooled() {
    let double = TwilioDouble::start().await;
    let client = client(double.url());
    for _ in 0..20 {
        client.send(&sms(RECIPIENT)).await.unwrap();
    }
    assert_eq!(double.connections(), 1);
}

#[tokio::test]
async fn no_name_and_no_listener_are_unreachable() {
    // A label of 64 letters cannot even be asked for.
    assert_unreachable(
        &format!("http://{}.invalid", "x".repeat(64)),
        RootCertStore::empty(),
    )
    .await;
    let nobody = ReservedAddress::new();
    assert_unreachable(&format!("http://{}", nobody.get()), RootCertStore::empty()).await;
}

#[tokio::test]
async fn a_tls_handshake_that_does_not_end_is_unreachable() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", silent.local_addr().unwrap().port());
    let silence = async {
        let connection = silent.accept().await.unwrap();
        let_pass(CONNECT_TIMEOUT).await;
        connection
    };
    join(assert_unreachable(&url, RootCertStore::empty()), silence).await;
    let plain = TwilioDouble::start().await;
    let url = format!("https://localhost:{}", plain.url().port().unwrap());
    assert_unreachable(&url, RootCertStore::empty()).await;
    assert_eq!(plain.requests().len(), 0);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_or_another_name_is_unreachable() {
    let (url, certificate) = tls_twilio().await;
    assert_unreachable(url.as_str(), RootCertStore::empty()).await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let other_name = url.as_str().replace("localhost", "127.0.0.1");
    assert_unreachable(&other_name, roots).await;
}

#[tokio::test]
async fn an_authority_that_is_trusted_is_talked_to_over_tls() {
    let (url, certificate) = tls_twilio().await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let receipt = Twilio::new(gateway(url, roots), account(), Provider::Twilio)
        .send(&sms(RECIPIENT))
        .await
        .unwrap();
    assert_eq!(
        receipt.provider_message_id.as_deref(),
        Some("SM00000000000000000000000000000001")
    );
}
