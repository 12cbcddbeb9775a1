//! Writes the log from a thread of its own. A request never waits for the disk or the terminal behind it: where lines come
//! faster than they are taken, they are dropped and counted.

use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait at most; at some 300 bytes each, about 5 MB. The channel of the runtime takes memory only for what waits.
const WAITING: usize = 16_384;

/// How long the end of the process waits for the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Lines that were dropped.
pub(super) const DROPPED: &str = "otpost_log_lines_dropped_total";

enum Entry {
    Line(Vec<u8>),
    /// Answered when all lines before it are written.
    Flush(SyncSender<()>),
}

/// The way to the thread, one for each line.
#[derive(Clone)]
pub struct LogWriter(Sender<Entry>);

/// Writes out what waits when it is dropped, at the end of the process.
pub struct LogGuard(Sender<Entry>);

impl LogWriter {
    /// Starts the thread, which writes to `sink` until the process ends.
    pub fn start(sink: impl Write + Send + 'static) -> (Self, LogGuard) {
        let (sender, receiver) = channel(WAITING);
        let thread = thread::Builder::new().name("log".to_owned());
        // Without the thread the channel is closed and lines are dropped: no log is no reason not to serve.
        drop(thread.spawn(move || write_all(receiver, sink)));
        (Self(sender.clone()), LogGuard(sender))
    }
}

fn write_all(mut entries: Receiver<Entry>, sink: impl Write) {
    let mut sink = io::BufWriter::new(sink);
    loop {
        // While more lines wait they are written together; then they are given out.
        let entry = match entries.try_recv() {
            Ok(entry) => Some(entry),
            Err(TryRecvError::Empty) => {
                let _ = sink.flush();
                entries.blocking_recv()
            }
            Err(TryRecvError::Disconnected) => None,
        };
        match entry {
            // A full disk must not end the thread: the next line may find place again.
            Some(Entry::Line(line)) => {
                let _ = sink.write_all(&line);
            }
            Some(Entry::Flush(done)) => {
                let _ = sink.flush();
                let _ = done.try_send(());
            }
            None => return,
        }
    }
}

impl Write for LogWriter {
    /// Takes a whole line, which is how the formatter hands them over.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Entry::Line(line.to_vec())).is_err() {
            metrics::counter!(DROPPED).increment(1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        const PAUSE: Duration = Duration::from_millis(10);
        let (done, written) = sync_channel(1);
        let mut flush = Entry::Flush(done);
        let mut left = LAST_LINES;
        while let Err(TrySendError::Full(back)) = self.0.try_send(flush) {
            if left.is_zero() {
                return;
            }
            thread::sleep(PAUSE);
            (flush, left) = (back, left.saturating_sub(PAUSE));
        }
        // Comes to nothing at once where the thread is gone.
        let _ = written.recv_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A terminal that takes nothing until it is let go.
    struct Stuck(Arc<Mutex<()>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _held = self.0.lock().unwrap();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_terminal_that_takes_nothing_blocks_nobody() {
        let gate = Arc::new(Mutex::new(()));
        let held = gate.lock().unwrap();
        let (mut writer, guard) = LogWriter::start(Stuck(gate.clone()));
        for _ in 0..WAITING * 2 {
            writer.write_all(&[b'x'; 64]).unwrap();
        }
        drop(held);
        drop(guard);
    }
}
