//! The server's certificates: a fresh CA for each server, and a leaf that fits or does not.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// What is right or wrong with the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost`, 127.0.0.1 and `::1`.
    Valid,
    /// For another host.
    WrongName,
    /// Ended in 2021.
    Expired,
    /// Signed by a CA that the roots do not hold.
    UnknownIssuer,
}

/// Issues the certificate; the roots hold the CA that signed it.
pub fn issue(certificate: Certificate) -> (TlsAcceptor, RootCertStore) {
    let ca = authority("the CA");
    let mut roots = RootCertStore::empty();
    let trusted = match certificate {
        Certificate::UnknownIssuer => authority("another CA").der().clone(),
        _ => ca.der().clone(),
    };
    roots.add(trusted).unwrap();

    let names: &[&str] = match certificate {
        Certificate::WrongName => &["mail.elsewhere.example"],
        _ => &["localhost", "127.0.0.1", "::1"],
    };
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    if certificate == Certificate::Expired {
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let leaf = parameters.signed_by(&key, &ca).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), roots)
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}
