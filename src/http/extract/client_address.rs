//! Where a request comes from. A header that claims another address is believed of a trusted proxy alone.

use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;

use crate::http::problem::Problem;

/// The peer of the connection, put into each request by [`crate::http::server`]; or whom a trusted proxy asks for, which
/// [`crate::http::layer`] puts in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub SocketAddr);

impl ClientAddress {
    /// The address without its port, IPv4 as IPv4 even where the socket speaks IPv6.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.0.ip().to_canonical()
    }

    /// The address that a proxy has told; of its port nothing is known.
    pub(in crate::http) fn told(address: IpAddr) -> Self {
        Self(SocketAddr::new(address, 0))
    }

    /// What the server has put into a request.
    pub(in crate::http) fn of(extensions: &Extensions) -> Result<Self, Problem> {
        let address = extensions.get::<Self>().copied();
        address.ok_or_else(|| Problem::internal("a request came without the address of its connection"))
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.extensions)
    }
}
