//! Where the service listens, what it is called from outside, how long a send waits, and what it logs.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};
use tracing_subscriber::filter::LevelFilter;
use url::{Host, Url};

use super::value::{Lenient, read_from_text};
use crate::domain::parsed;
use crate::domain::settings::Tell;
use crate::telemetry::{self, Format};

/// Section `server`.
#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    /// Where the API listens.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// Where metrics and probes are served.
    #[serde(deserialize_with = "address")]
    pub operations_listen: SocketAddr,
    /// What callers and Twilio reach the API under: scheme, host and port.
    #[serde(deserialize_with = "public_url")]
    pub public_url: Url,
    /// Proxies that are believed when they say whom they ask for.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
}

/// Section `send`.
#[derive(Debug, Clone, Deserialize)]
pub struct Send {
    /// How long an answer waits for the provider, at most 10 s.
    #[serde(rename = "wait_seconds", deserialize_with = "wait")]
    pub wait: Duration,
}

/// Section `log`.
#[derive(Debug, Clone, Deserialize)]
pub struct Log {
    /// How a line looks.
    #[serde(deserialize_with = "format")]
    pub format: Format,
    /// What is logged of our own; of libraries only what goes wrong.
    #[serde(deserialize_with = "level")]
    pub level: LevelFilter,
}

impl Server {
    pub(super) fn check(&self, tell: Tell<'_>) {
        if self.listen == self.operations_listen {
            tell(
                "/server/operations_listen",
                "must not be the same as server.listen",
            );
        }
    }

    /// What is allowed and probably not meant, in sentences for the log.
    #[must_use]
    pub fn doubts(&self) -> Vec<&'static str> {
        let mut doubts = Vec::new();
        if self.public_url.host_str().is_some_and(|host| host.contains('_')) {
            doubts.push(
                "the host of server.public_url has an underscore, which no host name on the web may have (RFC 1123): \
                 certificates, browsers and providers may refuse it",
            );
        }
        if self
            .trusted_proxies
            .iter()
            .any(|network| network.prefix_len() == 0)
        {
            doubts.push(
                "server.trusted_proxies holds every address there is: whoever reaches the service can claim to be anybody",
            );
        }
        doubts
    }
}

read_from_text! {
    address: SocketAddr = "192.0.2.1:1", parse_address;
    public_url: Url = "https://otp.example.com", parse_public_url;
    network: IpNet = "192.0.2.0/24", parse_network;
    format: Format = "auto", Format::parse;
    level: LevelFilter = "info", telemetry::parse_level;
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    #[derive(Deserialize)]
    struct Network(#[serde(deserialize_with = "network")] IpNet);

    let networks = Vec::<Network>::deserialize(deserializer)?;
    Ok(networks.into_iter().map(|Network(network)| network).collect())
}

fn wait<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parsed::read(deserializer, "1", |Lenient(seconds): Lenient<f64>| {
        let fits = seconds.filter(|seconds| (0.0..=10.0).contains(seconds));
        fits.map(Duration::from_secs_f64)
            .ok_or("must be a number from 0 to 10")
    })
}

fn parse_address(text: &str) -> Result<SocketAddr, &'static str> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "must be an IP address and a port, such as 127.0.0.1:8080 or [::]:8080")?;
    if address.port() == 0 {
        return Err("must have a port other than 0");
    }
    Ok(address)
}

/// A network in CIDR notation, or an address, which is a network of one.
fn parse_network(text: &str) -> Result<IpNet, &'static str> {
    let network: IpNet = match text.parse::<IpAddr>() {
        Ok(address) => address.into(),
        Err(_) => text
            .parse()
            .map_err(|_| "must be networks, such as 10.0.0.0/8 or fd00::/8")?,
    };
    // Connections from such addresses count as IPv4.
    if matches!(network.addr(), IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some()) {
        return Err("must name IPv4 networks as IPv4, such as 10.0.0.0/8");
    }
    if network.addr() != network.network() {
        return Err("must name networks by their first address: 10.1.2.0/24, not 10.1.2.3/24");
    }
    Ok(network)
}

/// An `http` or `https` URL with a host and without user, query or fragment.
pub(super) fn parse_base_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be a URL, such as https://otp.example.com")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with `https://` or `http://`");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must have no query and no fragment");
    }
    if url.port() == Some(0) {
        return Err("must have a port other than 0");
    }
    Ok(url)
}

fn parse_public_url(text: &str) -> Result<Url, &'static str> {
    let url = parse_base_url(text)?;
    if url.path() != "/" {
        return Err("must have no path: scheme, host and port only");
    }
    if matches!(url.host(), Some(Host::Ipv4(ip)) if ip.is_unspecified())
        || matches!(url.host(), Some(Host::Ipv6(ip)) if ip.is_unspecified())
    {
        return Err("must name a host that callers can reach, not the address of all interfaces");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_numbers_and_a_port() {
        assert!(parse_address("[::1]:8080").is_ok());
        for text in [
            "8080",
            "localhost:8080",
            "127.0.0.1",
            "127.0.0.1:0",
            "127.0.0.1:65536",
        ] {
            assert!(parse_address(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_network_is_named_by_its_first_address_or_is_one_address() {
        for (text, network) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("fd00::/8", "fd00::/8"),
            ("::1", "::1/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(parse_network(text).unwrap().to_string(), network);
        }
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0/8",
            "proxy",
            "10.0.0.0/8:80",
            "::ffff:10.0.0.0/104",
            "::ffff:10.0.0.1",
            "fd00::1/8",
            "10.0.0.0 /8",
            "10.0.0.0/255.0.0.0",
        ] {
            assert!(parse_network(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_public_url_is_scheme_host_and_port() {
        for text in [
            "https://otp.example.com",
            "https://otp.example.com/",
            "http://127.0.0.1:8080",
        ] {
            assert!(parse_public_url(text).is_ok(), "{text:?}");
        }
        for text in [
            "otp.example.com",
            "ftp://otp.example.com",
            "https://otp.example.com/otp",
            "https://otp.example.com?x=1",
            "https://otp.example.com/#a",
            "https://user@otp.example.com",
            "https://:secret@otp.example.com",
            "https://otp.example.com:0",
            "http://0.0.0.0:8080",
            "http://[::]:8080",
            "https://",
        ] {
            assert!(parse_public_url(text).is_err(), "{text:?}");
        }
    }
}
