//! A TCP proxy that stands between the service and its database and can cut it off, or swallow what is sent.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
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
    losing: Losing,
    accepting: AbortHandle,
}

/// What a statement holds whose reply is to be lost.
type Losing = Arc<Mutex<Option<Vec<u8>>>>;

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
            losing: Arc::default(),
        };
        let losing = Arc::clone(&path.losing);
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
            losing,
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

    /// Forwards the next statement that holds `marker`, and ends its connection when the reply to it comes.
    pub fn lose_the_reply_to(&self, marker: &[u8]) {
        *self.losing.lock().unwrap() = Some(marker.to_vec());
    }

    /// Whether such a statement has come since.
    pub fn has_lost_it(&self) -> bool {
        self.losing.lock().unwrap().is_none()
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
    losing: Losing,
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
    let lost = AtomicBool::new(false);
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::select! {
        _ = mode.wait_for(|mode| *mode == Mode::Cut) => {}
        () = pump(near_in, far_out, there, &path.delay, |bytes| {
            if is_to_be_lost(&path.losing, bytes) {
                lost.store(true, Ordering::SeqCst);
            }
            true
        }) => {}
        // The database replies once it has carried the statement out.
        () = pump(far_in, near_out, back, &path.delay, |_| !lost.load(Ordering::SeqCst)) => {}
    }
}

/// Whether the statement in `bytes` is the one, which then is no longer waited for.
fn is_to_be_lost(losing: &Losing, bytes: &[u8]) -> bool {
    let mut losing = losing.lock().unwrap();
    let holds = |marker: &Vec<u8>| bytes.windows(marker.len()).any(|part| part == marker);
    losing.take_if(|marker| holds(marker)).is_some()
}

/// Forwards until either side ends, or `may_pass` has something against it.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
    delay: &AtomicU64,
    may_pass: impl Fn(&[u8]) -> bool,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if mode.wait_for(|mode| *mode != Mode::BlackHole).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(delay.load(Ordering::Relaxed))).await;
        if !may_pass(&bytes[..count]) || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
