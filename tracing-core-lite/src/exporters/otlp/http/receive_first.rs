//! A connection on which an early response is read although the receiver has stopped reading.
//!
//! A receiver may refuse a request, and close the connection, before it has read all of it. hyper gives up on a
//! connection as soon as a write fails, and would not read the refusal.
//!
//! This is also where a batch is written in short slices while the export thread has [time](crate::pipeline::cpu).

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::pipeline::cpu;

/// A short write ends with the slice that brings it to this many bytes.
const SHORT: usize = 8 * 1024;

/// A connection that discards what is written to it once the peer has closed its side.
///
/// A socket does the same with bytes that it has accepted and cannot deliver. Reading then returns the response, or the error.
pub(super) struct ReceiveFirst<S> {
    inner: S,
    is_closed: bool,
}

impl<S> ReceiveFirst<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, is_closed: false }
    }

    /// Turns the error of a closed connection into success.
    fn discard<T>(&mut self, written: io::Result<T>, discarded: T) -> io::Result<T> {
        match written {
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                self.is_closed = true;
                Ok(discarded)
            }
            written => written,
        }
    }
}

/// How many of `slices` make a short write.
fn short(slices: &[IoSlice<'_>]) -> usize {
    let mut bytes = 0;
    let mut is_short = |slice: &IoSlice<'_>| {
        let before = bytes;
        bytes += slice.len();
        before < SHORT
    };
    slices.iter().take_while(|slice| is_short(slice)).count()
}

impl<S: AsyncRead + Unpin> AsyncRead for ReceiveFirst<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, to)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReceiveFirst<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_closed {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes));
        Poll::Ready(self.discard(written, bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = |slices: &[IoSlice<'_>]| slices.iter().map(|slice| slice.len()).sum();
        if self.is_closed {
            return Poll::Ready(Ok(length(slices)));
        }
        if !cpu::has_time() {
            let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, slices));
            return Poll::Ready(self.discard(written, length(slices)));
        }
        let slices = &slices[..short(slices)];
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        cpu::offer_cpu();
        Poll::Ready(self.discard(ready!(written), length(slices)))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_closed {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(cx));
        Poll::Ready(self.discard(flushed, ()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[test]
    fn a_short_write_ends_with_the_slice_that_makes_it_long_enough() {
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
            let slices: Vec<_> = lengths.iter().map(|length| IoSlice::new(&bytes[..*length])).collect();
            assert_eq!(short(&slices), expected, "{lengths:?}");
        }
    }

    /// A write never waits without having a waker registered: what was returned as pending here was never woken.
    #[tokio::test]
    async fn writes_to_a_closed_connection_are_discarded_and_reads_go_on() {
        let (inner, mut peer) = duplex(16);
        let mut connection = ReceiveFirst::new(inner);
        peer.write_all(b"413").await.unwrap();
        drop(peer);
        for write in [&b"some"[..], b"more"] {
            assert_eq!(connection.write(write).await.unwrap(), 4);
        }
        let vectored = poll_fn(|cx| {
            Pin::new(&mut connection).poll_write_vectored(cx, &[IoSlice::new(b"ab"), IoSlice::new(b"cde")])
        });
        assert_eq!(vectored.await.unwrap(), 5);
        connection.flush().await.unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).await.unwrap();
        assert_eq!(response, "413");
    }

    #[tokio::test]
    async fn a_write_that_waits_is_woken() {
        let (inner, mut peer) = duplex(4);
        let mut connection = ReceiveFirst::new(inner);
        let writes = tokio::spawn(async move { connection.write_all(b"twelve bytes").await });
        let mut received = [0; 12];
        peer.read_exact(&mut received).await.unwrap();
        writes.await.unwrap().unwrap();
        assert_eq!(&received, b"twelve bytes");
    }
}
