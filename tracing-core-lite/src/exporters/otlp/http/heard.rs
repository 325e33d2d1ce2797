//! A connection on which the receiver is heard before it is said that it takes no more.
//!
//! Who refuses a request may do so, and close the connection, before all of it is there. hyper gives up when it cannot write, and
//! would not read the refusal if that came in while it wrote.
//!
//! It is also where a batch is written in short pieces while there is [time](crate::pipeline::cpu).

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::pipeline::cpu;

/// A short write ends with the piece that brings it to so many bytes: half of what a thread hands over at a time.
const SHORT: usize = 8 * 1024;

/// A connection of whose end reading hears first.
pub(super) struct Heard(pub(super) TcpStream);

/// Leaves it to reading to find out that the connection is closed: that comes after what the receiver had to say. hyper reads
/// before it writes, so whoever waits here is woken by that.
fn unless_closed<T>(written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
    match written {
        Poll::Ready(Err(error))
            if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) =>
        {
            Poll::Pending
        }
        written => written,
    }
}

/// How many of `pieces` make a short write.
fn short(pieces: &[IoSlice<'_>]) -> usize {
    let mut bytes = 0;
    let mut is_short = |piece: &IoSlice<'_>| {
        let before = bytes;
        bytes += piece.len();
        before < SHORT
    };
    pieces.iter().take_while(|piece| is_short(piece)).count()
}

impl AsyncRead for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, to)
    }
}

impl AsyncWrite for Heard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        unless_closed(Pin::new(&mut self.0).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !cpu::has_time() {
            return unless_closed(Pin::new(&mut self.0).poll_write_vectored(cx, pieces));
        }
        let written = Pin::new(&mut self.0).poll_write_vectored(cx, &pieces[..short(pieces)]);
        cpu::offer_cpu();
        unless_closed(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_write_ends_with_the_piece_that_makes_it_long_enough() {
        let bytes = [0; 2 * SHORT];
        for (lengths, expected) in [
            (&[][..], 0),
            (&[10], 1),
            (&[10, SHORT, SHORT], 2),
            (&[SHORT, 10], 1),
            (&[10, SHORT - 10, 10], 2),
            (&[10, 10, 10], 3),
            (&[2 * SHORT, 10], 1),
        ] {
            let pieces: Vec<_> = lengths.iter().map(|length| IoSlice::new(&bytes[..*length])).collect();
            assert_eq!(short(&pieces), expected, "{lengths:?}");
        }
    }
}
