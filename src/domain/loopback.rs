//! Which hosts are this machine itself.

use url::Host;

/// Whether a host is this machine itself: `localhost` and every name under it (RFC 6761 section 6.3), 127.0.0.0/8, `::1`, and what
/// is mapped to them.
#[must_use]
pub fn is_loopback(host: &Host<impl AsRef<str>>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.as_ref();
            let name = name.strip_suffix('.').unwrap_or(name);
            let top = name.rsplit('.').next().unwrap_or_default();
            top.eq_ignore_ascii_case("localhost")
        }
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_addresses_that_lead_to_this_machine_are_its_own() {
        for (host, own) in [
            ("localhost", true),
            ("LOCALHOST.", true),
            ("acme.localhost", true),
            ("127.0.0.1", true),
            ("127.1.2.3", true),
            ("[::1]", true),
            ("[::ffff:127.0.0.1]", true),
            ("localhost.example.com", false),
            ("notlocalhost", false),
            ("127.0.0.1.example.com", false),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("[::]", false),
            ("[fe80::1]", false),
            ("example.com", false),
        ] {
            assert_eq!(is_loopback(&Host::parse(host).unwrap()), own, "{host}");
        }
    }
}
