//! Where the service listens, what it is called from outside, how long a send waits, and what it logs.

use std::net::SocketAddr;
use std::time::Duration;

use tracing_subscriber::filter::LevelFilter;
use url::{Host, Url};

use super::reader::Reader;
use crate::telemetry::{self, Format};

/// Section `server`.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where metrics and probes are served.
    pub operations_listen: SocketAddr,
    /// What callers and Twilio reach the API under: scheme, host and port.
    pub public_url: Url,
}

/// Section `send`.
#[derive(Debug, Clone)]
pub struct Send {
    /// How long an answer waits for the provider, at most 10 s.
    pub wait: Duration,
}

/// Section `log`.
#[derive(Debug, Clone)]
pub struct Log {
    /// How a line looks.
    pub format: Format,
    /// What is logged of our own; of libraries only what goes wrong.
    pub level: LevelFilter,
}

impl Server {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let listen = reader.parsed("server.listen", parse_address);
        let operations_listen = reader.parsed("server.operations_listen", parse_address);
        let public_url = reader.parsed("server.public_url", parse_public_url);
        if listen.is_some() && listen == operations_listen {
            reader.refuse(
                "server.operations_listen",
                "must not be the same as server.listen",
            );
        }
        Some(Self {
            listen: listen?,
            operations_listen: operations_listen?,
            public_url: public_url?,
        })
    }
}

impl Send {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let seconds = reader.decimal("send.wait_seconds", 0.0..=10.0)?;
        let wait = Duration::from_secs_f64(seconds);
        Some(Self { wait })
    }
}

impl Log {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let format = reader.parsed("log.format", |text| {
            Format::parse(text).ok_or("must be `auto`, `pretty` or `json`")
        });
        let level = reader.parsed("log.level", |text| {
            telemetry::parse_level(text).ok_or("must be `error`, `warn`, `info`, `debug`, `trace` or `off`")
        });
        Some(Self {
            format: format?,
            level: level?,
        })
    }
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
