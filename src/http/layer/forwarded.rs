//! Whom a proxy asks for: `Forwarded` (RFC 7239) and `X-Forwarded-For`. Each proxy appends the address it was asked from, so
//! the list is read from the right, where those stand that are trusted; what is left of them anybody may have written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the caller: the first from the right that is no trusted proxy's; the last trusted one where what follows
/// cannot be read. A proxy that writes one of the two headers may pass the other on as the caller sent it: where they
/// disagree, neither is believed, and the proxy itself is the caller.
pub(super) fn caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let walk = |name, node: fn(&str) -> Option<IpAddr>| {
        let lines = headers.get_all(name).iter().rev();
        let mut lines = lines.peekable();
        lines.peek()?;
        let mut last = peer;
        for line in lines {
            let Ok(line) = line.to_str() else {
                return Some(last);
            };
            for element in split_from_right(line, ',')
                .into_iter()
                .filter(|element| !element.is_empty())
            {
                match node(element) {
                    Some(address) if is_trusted(address, trusted) => last = address,
                    Some(address) => return Some(address),
                    None => return Some(last),
                }
            }
        }
        Some(last)
    };
    match (walk(FORWARDED, forwarded_for), walk(X_FORWARDED_FOR, address)) {
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    }
}

fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

/// The parts between separators that stand outside of quotes, trimmed, the last one first. Read from the right, so that a
/// quote that a caller left open swallows nothing of what proxies appended.
fn split_from_right(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut end, mut quoted) = (Vec::new(), text.len(), false);
    for (at, char) in text.char_indices().rev() {
        if char == '"' {
            let before = text.get(..at).unwrap_or_default();
            let escapes = before.len() - before.trim_end_matches('\\').len();
            if !quoted || escapes % 2 == 0 {
                quoted = !quoted;
            }
        } else if char == separator && !quoted {
            parts.push(text.get(at + 1..end).unwrap_or_default().trim());
            end = at;
        }
    }
    parts.push(text.get(..end).unwrap_or_default().trim());
    parts
}

/// The address of the one parameter `for` of an element of `Forwarded`; `None` for `unknown`, for a name that hides it
/// (`_proxy`), and for what is no such element.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in split_from_right(element, ';')
        .into_iter()
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=')?;
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
    }
    let value = found?;
    match value.strip_prefix('"') {
        Some(quoted) => address(quoted.strip_suffix('"')?),
        None => address(value),
    }
}

/// An address with or without a port, an IPv6 one with or without brackets; without them it has no port.
fn address(node: &str) -> Option<IpAddr> {
    if let Some(bracketed) = node.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return fits.then(|| IpAddr::V6(address).to_canonical());
    }
    if let Ok(address) = node.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, port) = node.split_once(':')?;
    let address: Ipv4Addr = address.parse().ok()?;
    is_port(port).then_some(address.into())
}

/// A number, or a name that hides it (RFC 7239, section 6.2).
fn is_port(port: &str) -> bool {
    match port.strip_prefix('_') {
        Some(hidden) => !hidden.is_empty(),
        None => port.parse::<u16>().is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn told(peer: &str, lines: &[(&str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"]
            .iter()
            .map(|net| net.parse().unwrap())
            .collect();
        caller(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let line = [("x-forwarded-for", "192.0.2.1")];
        assert_eq!(told("192.0.2.9", &line), "192.0.2.9");
        assert_eq!(told(PROXY, &line), "192.0.2.1");
        assert_eq!(told("fd00::1", &line), "192.0.2.1");
        assert_eq!(told(PROXY, &[]), PROXY);
        assert_eq!(
            caller([10, 0, 0, 1].into(), &HeaderMap::new(), &[]).to_string(),
            PROXY
        );
    }

    #[test]
    fn the_first_from_the_right_that_is_not_trusted_is_the_caller() {
        for (list, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("198.51.100.66, 192.0.2.1", "192.0.2.1"),
            ("10.9.9.9, 192.0.2.1, 10.0.0.3, 10.0.0.2", "192.0.2.1"),
            ("10.0.0.3,10.0.0.2", "10.0.0.3"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, , ", "192.0.2.1"),
            // What cannot be read ends the walk at the last proxy.
            ("192.0.2.1, unknown", PROXY),
            ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("192.0.2.1, 192.0.2.256, 10.0.0.2", "10.0.0.2"),
            ("192.0.2.1:", PROXY),
            ("192.0.2.1:65536", PROXY),
            ("[2001:db8::1", PROXY),
            ("[2001:db8::1]x", PROXY),
            ("otp.example", PROXY),
            ("", PROXY),
        ] {
            assert_eq!(told(PROXY, &[("x-forwarded-for", list)]), expected, "{list:?}");
        }
    }

    #[test]
    fn forwarded_is_read_to_the_letter() {
        for (list, expected) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=192.0.2.1;proto=https;by=10.0.0.1", "192.0.2.1"),
            ("proto=https; FOR=\"192.0.2.1:4711\"", "192.0.2.1"),
            ("for=\"[2001:db8::1]\"", "2001:db8::1"),
            (
                "for=\"[2001:db8::1]:_hidden\";host=\"a,b;for=198.51.100.66\"",
                "2001:db8::1",
            ),
            ("for=198.51.100.66, for=192.0.2.1, for=10.0.0.2", "192.0.2.1"),
            // A quote that is left open swallows nothing that a proxy wrote.
            ("for=\"198.51.100.66, for=192.0.2.1", "192.0.2.1"),
            ("host=\"a\\\"b\";for=192.0.2.1", "192.0.2.1"),
            ("for=192.0.2.1, for=unknown", PROXY),
            ("for=192.0.2.1, for=_proxy, for=10.0.0.2", "10.0.0.2"),
            ("for=192.0.2.1, proto=https", PROXY),
            ("for=192.0.2.1;for=192.0.2.2", PROXY),
            ("for=\"192.0.2.1", PROXY),
            ("192.0.2.1", PROXY),
            ("for", PROXY),
        ] {
            assert_eq!(told(PROXY, &[("forwarded", list)]), expected, "{list:?}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [
            ("x-forwarded-for", "198.51.100.66"),
            ("x-forwarded-for", "192.0.2.1, 10.0.0.2"),
        ];
        assert_eq!(told(PROXY, &lines), "192.0.2.1");
        let lines = [("forwarded", "for=192.0.2.1"), ("forwarded", "for=10.0.0.2")];
        assert_eq!(told(PROXY, &lines), "192.0.2.1");
    }

    #[test]
    fn two_headers_that_disagree_are_both_not_believed() {
        let lines = |forwarded| [("forwarded", forwarded), ("x-forwarded-for", "192.0.2.1")];
        assert_eq!(told(PROXY, &lines("for=192.0.2.1")), "192.0.2.1");
        assert_eq!(told(PROXY, &lines("for=198.51.100.66")), PROXY);
        assert_eq!(told(PROXY, &lines("for=unknown")), PROXY);
    }
}
