//! Carries one letter over a connection, command by command, and keeps account of the step, which decides what a
//! failure means.

use std::slice::Chunks;

use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::response::{Response, Severity};

use super::mime::Letter;
use super::reply::{Fault, Step};

/// How much of a letter is written at a time, in bytes.
const PIECE: usize = 16 * 1024;

/// Clears the dialogue of a connection that has carried a letter before, and finds out whether it still stands.
pub(super) async fn reset(connection: &mut AsyncSmtpConnection, step: &mut Step) -> Result<(), Fault> {
    *step = Step::Reset;
    let reply = connection.command(Rset).await;
    expect(Severity::PositiveCompletion, *step, reply).map(drop)
}

/// Hands `letter` over. The reply of a server that took it over is the one to its last line.
pub(super) async fn deliver(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
    step: &mut Step,
) -> Result<Response, Fault> {
    *step = Step::Mail;
    let reply = connection
        .command(Mail::new(Some(letter.from.clone()), vec![]))
        .await;
    expect(Severity::PositiveCompletion, *step, reply)?;

    *step = Step::Rcpt;
    let reply = connection.command(Rcpt::new(letter.to.clone(), vec![])).await;
    expect(Severity::PositiveCompletion, *step, reply)?;

    *step = Step::Data;
    let reply = connection.command(Data).await;
    expect(Severity::PositiveIntermediate, *step, reply)?;

    *step = Step::Content;
    let pieces = Pieces {
        rest: letter.content.chunks(PIECE),
        step,
    };
    let reply = connection.message_iter(pieces).await;
    expect(Severity::PositiveCompletion, *step, reply)
}

/// lettre takes any 2yz and 3yz for success; only one of them is.
fn expect(
    severity: Severity,
    step: Step,
    reply: Result<Response, lettre::transport::smtp::Error>,
) -> Result<Response, Fault> {
    let reply = reply.map_err(|error| Fault::at(step, &error))?;
    if reply.code().severity != severity {
        return Err(Fault::broken(step, "the server's reply does not fit the command"));
    }
    Ok(reply)
}

/// The pieces of a letter. lettre asks for the next when the last is written, and writes the final dot when there is
/// none: from that moment on the server may have the letter.
struct Pieces<'a> {
    rest: Chunks<'a, u8>,
    step: &'a mut Step,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.rest.next();
        if piece.is_none() {
            *self.step = Step::EndOfData;
        }
        piece
    }
}
