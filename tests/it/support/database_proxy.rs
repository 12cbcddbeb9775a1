//! A proxy before the Postgres database that a test server is on.

use url::Url;

use super::tcp_proxy::TcpProxy;
use super::test_server::TestServer;

/// The proxy, and the URL of the database through it; `None` on SQLite.
pub async fn before(server: &TestServer) -> Option<(TcpProxy, Url)> {
    let mut url = Url::parse(server.place.database().url()).unwrap();
    if url.scheme() != "postgres" {
        return None;
    }
    let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let proxy = TcpProxy::start(target).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(proxy.port())).unwrap();
    // So that the proxy can read along.
    url.query_pairs_mut().append_pair("sslmode", "disable");
    Some((proxy, url))
}
