//! A TCP proxy that stands between the service and its database and can cut it off, or swallow what is sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

/// What it does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    /// Every connection ends, and so does every new one.
    Cut,
    /// Connections stand and nothing gets through.
    BlackHole,
}

/// A running proxy. It ends when it is dropped.
pub struct TcpProxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    delay: Arc<AtomicU64>,
    connected: Arc<AtomicUsize>,
    accepting: AbortHandle,
}

impl TcpProxy {
    /// Starts on a free port of loopback, in front of `target`.
    pub async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, seen) = watch::channel(Mode::Open);
        let path = Path {
            target,
            mode: seen,
            delay: Arc::default(),
            connected: Arc::default(),
        };
        let (delay, connected) = (Arc::clone(&path.delay), Arc::clone(&path.connected));
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                connections.spawn(serve(near, path.clone()));
            }
        });
        Self {
            address,
            mode,
            delay,
            connected,
            accepting: accepting.abort_handle(),
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections have got through to the target so far.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Lets everything arrive so much later.
    pub fn delay(&self, by: Duration) {
        let millis = by.as_millis().try_into().unwrap();
        self.delay.store(millis, Ordering::Relaxed);
    }

    /// Ends all connections, and from now on every new one.
    pub fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// Swallows everything from now on.
    pub fn black_hole(&self) {
        self.mode.send_replace(Mode::BlackHole);
    }

    /// Lets everything through again.
    pub fn open(&self) {
        self.mode.send_replace(Mode::Open);
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What all connections of a proxy have in common.
#[derive(Clone)]
struct Path {
    target: String,
    mode: watch::Receiver<Mode>,
    delay: Arc<AtomicU64>,
    connected: Arc<AtomicUsize>,
}

async fn serve(near: TcpStream, path: Path) {
    let mut mode = path.mode;
    let (there, back) = (mode.clone(), mode.clone());
    if *mode.borrow() == Mode::Cut {
        return;
    }
    let Ok(far) = TcpStream::connect(&path.target).await else {
        return;
    };
    path.connected.fetch_add(1, Ordering::Relaxed);
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::select! {
        _ = mode.wait_for(|mode| *mode == Mode::Cut) => {}
        () = pump(near_in, far_out, there, &path.delay) => {}
        () = pump(far_in, near_out, back, &path.delay) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
    delay: &AtomicU64,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if mode.wait_for(|mode| *mode != Mode::BlackHole).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(delay.load(Ordering::Relaxed))).await;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
