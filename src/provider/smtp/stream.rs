//! What lies between lettre and the socket: it hands on replies line by line, cut to a safe length, in ASCII,
//! and not more than one reply's worth. lettre itself reads a line to its end before it looks at the length.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use lettre::transport::smtp::response::Response;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// The part of a reply line that is kept, in bytes; RFC 5321 (4.5.3.1.5) allows 512, lettre refuses 1000.
const LINE_LIMIT: usize = 900;

/// What a server may write in answer to one command, in bytes.
const REPLY_LIMIT: usize = 64 * 1024;

/// How many lines that may be; the longest replies, to EHLO, have some twenty. lettre begins to read a reply afresh
/// with each of its lines: thousands of short ones took minutes of computing, which no deadline interrupts.
const LINES_LIMIT: usize = 128;

/// A connection whose incoming side is made of reply lines.
#[derive(Debug)]
pub(super) struct ReplyStream<S> {
    stream: S,
    peer: SocketAddr,
    /// Complete lines, ready to be read.
    lines: VecDeque<Vec<u8>>,
    /// How much of the first of them has been read.
    taken: usize,
    /// A line whose end has not come yet.
    partial: Vec<u8>,
    /// How much has come since the last command, in bytes.
    received: usize,
    /// The same in lines.
    received_lines: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> ReplyStream<S> {
    /// A connection on which the server speaks first.
    pub(super) fn new(stream: S, peer: SocketAddr) -> Self {
        Self {
            stream,
            peer,
            lines: VecDeque::new(),
            taken: 0,
            partial: Vec::new(),
            received: 0,
            received_lines: 0,
        }
    }

    /// A connection on which the server has greeted already, before TLS; lettre expects a greeting on every one.
    pub(super) fn greeted(stream: S, peer: SocketAddr) -> Self {
        let mut greeted = Self::new(stream, peer);
        greeted.lines.push_back(b"220 \r\n".to_vec());
        greeted
    }

    /// Writes one command and reads its reply, where lettre is not in charge yet.
    pub(super) async fn command(&mut self, command: &str) -> io::Result<Response> {
        self.write_all(command.as_bytes()).await?;
        self.flush().await?;
        self.reply().await
    }

    /// Reads one reply, where lettre is not in charge yet.
    pub(super) async fn reply(&mut self) -> io::Result<Response> {
        let mut text = String::new();
        let mut line = [0; LINE_LIMIT + 2];
        loop {
            let length = self.read(&mut line).await?;
            let line = String::from_utf8_lossy(&line[..length]);
            text.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return text.parse().map_err(|_| unreadable());
            }
        }
    }

    /// The bare connection, to begin TLS on. Anything the server wrote ahead of TLS may be an attacker's, who
    /// wants it taken for the first reply under TLS (CVE-2011-0411), and is an error.
    pub(super) fn into_inner(self) -> io::Result<S> {
        self.expect_silence()?;
        Ok(self.stream)
    }

    fn expect_silence(&self) -> io::Result<()> {
        if self.lines.is_empty() && self.partial.is_empty() {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the server spoke out of turn",
        ))
    }

    /// Takes in what has come from the server, which may end in the middle of a line.
    fn absorb(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\n' => self.finish_line(),
                b'\r' => {}
                _ if self.partial.len() >= LINE_LIMIT => {}
                b' '..=b'~' => self.partial.push(byte),
                b'\t' => self.partial.push(b' '),
                _ => self.partial.push(b'?'),
            }
        }
    }

    fn finish_line(&mut self) {
        let mut line = std::mem::take(&mut self.partial);
        if line.len() == 3 {
            // A code alone is a reply too (RFC 5321, 4.2); lettre wants the space behind it.
            line.push(b' ');
        }
        line.extend_from_slice(b"\r\n");
        self.lines.push_back(line);
        self.received_lines += 1;
    }

    /// Hands on from the first complete line; `false` when there is none.
    fn hand_on(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let Some(line) = self.lines.front() else {
            return false;
        };
        let rest = &line[self.taken..];
        let length = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..length]);
        self.taken += length;
        if self.taken == line.len() {
            self.lines.pop_front();
            self.taken = 0;
        }
        true
    }
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server's reply could not be read")
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for ReplyStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.hand_on(buf) {
            let mut bytes = [0; 2048];
            let mut incoming = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut incoming))?;
            let incoming = incoming.filled();
            if incoming.is_empty() {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server closed the connection",
                )));
            }
            self.received += incoming.len();
            self.absorb(incoming);
            if self.received > REPLY_LIMIT || self.received_lines > LINES_LIMIT {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the server's reply is too long",
                )));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ReplyStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // A line too many would be taken for the reply to this command, and every later reply for its successor's.
        self.expect_silence()?;
        self.received = 0;
        self.received_lines = 0;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S> AsyncTokioStream for ReplyStream<S>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + std::fmt::Debug,
{
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    fn stream() -> (ReplyStream<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (near, far) = duplex(1 << 20);
        (
            ReplyStream::new(near, SocketAddr::from(([127, 0, 0, 1], 25))),
            far,
        )
    }

    async fn read(sent: &[u8]) -> io::Result<Response> {
        let (mut stream, mut server) = stream();
        server.write_all(sent).await.unwrap();
        drop(server);
        stream.reply().await
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_the_rest_of_it_does_not_become_a_line_of_its_own() {
        let line = format!("250 {}\r\n", "x".repeat(5_000));
        let reply = read(line.as_bytes()).await.unwrap();
        assert_eq!(reply.first_line().unwrap().len(), LINE_LIMIT - 4);
    }

    #[tokio::test]
    async fn a_reply_without_end_is_given_up() {
        for endless in [
            "250-more\r\n".repeat(100_000),
            format!("250 {}", "x".repeat(1_000_000)),
        ] {
            let error = read(endless.as_bytes()).await.unwrap_err();
            assert_eq!(error.to_string(), "the server's reply is too long");
        }
    }

    #[tokio::test]
    async fn a_bare_code_a_bare_line_feed_and_other_alphabets_are_read() {
        for sent in [
            &b"250\r\n"[..],
            b"250-a\n250 b\n",
            b"250 K\xf6ln \xff\0\x1b[1m\r\n",
        ] {
            let reply = read(sent).await.unwrap();
            assert!(reply.has_code(250));
            assert!(reply.message().all(|line| !line.contains(char::is_control)));
        }
    }

    #[tokio::test]
    async fn an_end_in_mid_reply_is_an_error() {
        for sent in [&b""[..], b"250-a\r\n", b"25", b"250 ok"] {
            let error = read(sent).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{sent:?}");
        }
    }

    #[tokio::test]
    async fn a_reply_nobody_asked_for_spoils_the_connection() {
        let (mut stream, mut server) = stream();
        server.write_all(b"250 ok\r\n250 again\r\n").await.unwrap();
        stream.reply().await.unwrap();
        let error = stream.command("NOOP\r\n").await.unwrap_err();
        assert_eq!(error.to_string(), "the server spoke out of turn");
        assert!(stream.into_inner().is_err());
    }
}
