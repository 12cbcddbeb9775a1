//! A listener whose queue holds a rush of new connections.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that are complete and not yet taken. Linux caps it with `net.core.somaxconn`, 4,096 since Linux 5.4.
const BACKLOG: u32 = 4_096;

/// Listens on `address`, also right after another process did.
///
/// # Errors
/// As the system says.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
