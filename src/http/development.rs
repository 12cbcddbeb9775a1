//! What is there for a person at work on this machine, and shows codes. A page of another site can have its own name lead to a
//! loopback address and read what answers there (DNS rebinding), so it is there for this machine's names alone.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use url::Host;

use super::problem::Problem;
use crate::domain::loopback::is_loopback;

/// The routes of `router` for requests to this machine's own names and addresses, and to `public_host`; for all others they are not
/// there, whatever the method.
pub fn for_this_machine(router: Router, public_host: Option<Host>) -> Router {
    // Its own answer to another method, for one that is given to it later would stand outside of the layer.
    router
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(from_fn_with_state(Arc::new(public_host), refuse_other_hosts))
}

async fn refuse_other_hosts(
    State(public_host): State<Arc<Option<Host>>>,
    request: Request,
    next: Next,
) -> Response {
    if is_for_this_machine(&request, (*public_host).as_ref()) {
        next.run(request).await
    } else {
        Problem::not_found().into_response()
    }
}

/// Whether every host that the request names is one of ours: that of its target, as HTTP/2 and proxies send it, and that of each
/// `Host`. One that names none comes from no browser, and is refused all the same.
fn is_for_this_machine(request: &Request, public_host: Option<&Host>) -> bool {
    let target = request.uri().authority().cloned();
    let named = request.headers().get_all(HOST).into_iter();
    let named = named.map(|value| Authority::try_from(value.as_bytes()).ok());
    let mut hosts = target.map(Some).into_iter().chain(named).peekable();
    hosts.peek().is_some()
        && hosts.all(|authority| {
            let host = authority.and_then(|authority| host_of(&authority));
            host.is_some_and(|host| is_loopback(&host) || Some(&host) == public_host)
        })
}

fn host_of(authority: &Authority) -> Option<Host> {
    // What stands before an `@` is no part of a Host, and makes another one look like ours.
    let is_bare = !authority.as_str().contains('@');
    Host::parse(authority.host()).ok().filter(|_| is_bare)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(uri: &str, hosts: &[&str]) -> Request {
        let mut request = Request::builder().uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn a_request_is_for_this_machine_when_all_hosts_it_names_are() {
        let public = Host::parse("otp.example.com").unwrap();
        for (uri, hosts, expected) in [
            ("/", &["127.0.0.1:8080"][..], true),
            ("/", &["127.9.9.9"], true),
            ("/", &["[::1]:1"], true),
            ("/", &["LocalHost"], true),
            ("/", &["acme.localhost:8080"], true),
            ("http://localhost:8080/", &[], true),
            ("http://localhost:8080/", &["localhost:8080"], true),
            ("/", &["otp.example.com:8443"], true),
            ("/", &["OTP.example.com"], true),
            ("/", &["evil.example.com"], false),
            ("/", &["evil.example.com:8080"], false),
            ("/", &["localhost.example.com"], false),
            ("/", &["x.otp.example.com"], false),
            ("/", &["evil.example.com@localhost"], false),
            ("/", &["localhost@evil.example.com"], false),
            ("/", &["0.0.0.0:8080"], false),
            ("/", &["192.168.1.7:8080"], false),
            ("/", &["localhost", "evil.example.com"], false),
            ("http://evil.example.com/", &["localhost"], false),
            ("http://localhost/", &["evil.example.com"], false),
            ("/", &[""], false),
            ("/", &["local host"], false),
            ("/", &[], false),
        ] {
            let request = request(uri, hosts);
            assert_eq!(
                is_for_this_machine(&request, Some(&public)),
                expected,
                "{uri} {hosts:?}"
            );
        }
        let request = request("/", &["otp.example.com"]);
        assert!(!is_for_this_machine(&request, None));
    }
}
