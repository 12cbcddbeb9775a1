//! An address of loopback that nobody else on the machine is given while it is held.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A bound socket that does not listen: who connects is refused, the system gives its port to nobody, and only who names it may
/// listen there. Systems other than Linux let nobody listen beside it, so that there the port is only free at first.
pub struct ReservedAddress {
    address: SocketAddr,
    _socket: Option<TcpSocket>,
}

impl ReservedAddress {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // What lets a listener that sets it, too, bind beside this one.
        socket.set_reuseaddr(true).unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = socket.local_addr().unwrap();
        Self {
            address,
            _socket: cfg!(target_os = "linux").then_some(socket),
        }
    }

    pub fn get(&self) -> SocketAddr {
        self.address
    }
}
