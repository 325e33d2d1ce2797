//! A connection with a send buffer, which collects what HTTP/2 writes frame by frame.
//!
//! h2 flushes after each frame of 16 KiB, and a batch consists of many frames. A task of its own takes all bytes out of the
//! buffer and writes them to the socket together, so several frames cost one system call.
//!
//! As with the send buffer of a socket, a write or a flush succeeds when the bytes are in the buffer. An error of the socket is
//! returned by the next call. Shutdown waits until all bytes are written.

use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::task::AbortHandle;

/// A write waits while the buffer holds this many bytes or more.
const CAPACITY: usize = 128 * 1024;

/// The connection. Reads go to the socket directly.
pub(super) struct SendBuffer {
    reader: Box<dyn AsyncRead + Send + Unpin>,
    shared: Arc<Shared>,
    sender: AbortHandle,
}

#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    phase: Phase,
    /// The sending task, which waits for bytes.
    sender: Option<Waker>,
    /// The connection's task, which waits for room or for the shutdown.
    writer: Option<Waker>,
}

#[derive(Default)]
enum Phase {
    #[default]
    Open,
    /// The writer has shut down. The remaining bytes are being sent.
    Closing,
    /// The sending task has ended: all bytes were sent and the socket is shut down, or it failed.
    Ended(Option<io::Error>),
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for bytes, and swaps them with `empty`. Returns false when all were taken and none will come.
    fn poll_take(&self, cx: &mut Context<'_>, empty: &mut Vec<u8>) -> Poll<bool> {
        let mut state = self.lock();
        if !state.bytes.is_empty() {
            mem::swap(&mut state.bytes, empty);
            if let Some(writer) = state.writer.take() {
                writer.wake();
            }
            return Poll::Ready(true);
        }
        match state.phase {
            Phase::Open => {
                state.sender = Some(cx.waker().clone());
                Poll::Pending
            }
            Phase::Closing | Phase::Ended(_) => Poll::Ready(false),
        }
    }

    fn end(&self, result: io::Result<()>) {
        let mut state = self.lock();
        state.phase = Phase::Ended(result.err());
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
    }
}

impl State {
    /// Returns the error of a connection that has ended.
    fn check(&mut self) -> io::Result<()> {
        match &mut self.phase {
            Phase::Ended(error) => Err(error.take().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into())),
            Phase::Open | Phase::Closing => Ok(()),
        }
    }

    fn wake_sender(&mut self) {
        if let Some(sender) = self.sender.take() {
            sender.wake();
        }
    }
}

impl SendBuffer {
    /// Starts the task that writes to `writer`, on the current runtime.
    pub(super) fn new(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        let shared = Arc::new(Shared::default());
        let sender = tokio::spawn(send(Arc::clone(&shared), writer)).abort_handle();
        Self { reader: Box::new(reader), shared, sender }
    }

    fn poll_append(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut state = self.shared.lock();
        state.check()?;
        if state.bytes.len() >= CAPACITY {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        slices.iter().for_each(|slice| state.bytes.extend_from_slice(slice));
        state.wake_sender();
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }
}

async fn send(shared: Arc<Shared>, mut writer: impl AsyncWrite + Unpin) {
    let sending = async {
        let mut bytes = Vec::new();
        while std::future::poll_fn(|cx| shared.poll_take(cx, &mut bytes)).await {
            writer.write_all(&bytes).await?;
            writer.flush().await?;
            bytes.clear();
        }
        writer.shutdown().await
    };
    let result = sending.await;
    shared.end(result);
}

/// A connection that is dropped without a shutdown is not used any more, so the bytes in its buffer are dropped too.
impl Drop for SendBuffer {
    fn drop(&mut self) {
        self.sender.abort();
    }
}

impl AsyncRead for SendBuffer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, to)
    }
}

impl AsyncWrite for SendBuffer {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_append(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_append(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shared.lock().check())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.shared.lock();
        if let Phase::Ended(error) = &mut state.phase {
            return Poll::Ready(error.take().map_or(Ok(()), Err));
        }
        state.phase = Phase::Closing;
        state.writer = Some(cx.waker().clone());
        state.wake_sender();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Waker;

    use tokio::io::{AsyncReadExt, DuplexStream, duplex, split};

    use super::*;

    fn pair(capacity: usize) -> (SendBuffer, DuplexStream) {
        let (inner, peer) = duplex(capacity);
        let (reader, writer) = split(inner);
        (SendBuffer::new(reader, writer), peer)
    }

    #[tokio::test]
    async fn frames_are_sent_together_and_without_a_read() {
        let (mut connection, mut peer) = pair(1024);
        let mut cx = Context::from_waker(Waker::noop());
        for frame in [b"one ", b"two "] {
            assert!(Pin::new(&mut connection).poll_write(&mut cx, frame).is_ready());
            assert!(Pin::new(&mut connection).poll_flush(&mut cx).is_ready());
        }
        let vectored = Pin::new(&mut connection)
            .poll_write_vectored(&mut cx, &[IoSlice::new(b"th"), IoSlice::new(b"ree")]);
        assert!(matches!(vectored, Poll::Ready(Ok(5))));
        let mut bytes = [0; 64];
        assert_eq!(peer.read(&mut bytes).await.unwrap(), 13);
        assert_eq!(&bytes[..13], b"one two three");
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_bounds_the_buffer() {
        let (mut connection, mut peer) = pair(1024);
        let mut accepted = 0;
        let full = poll_fn(|cx| {
            while let Poll::Ready(written) = Pin::new(&mut connection).poll_write(cx, &[7; 1000]) {
                accepted += written.unwrap();
                assert!(accepted < 2 * CAPACITY);
            }
            Poll::Ready(accepted)
        });
        let accepted = full.await;
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all
        });
        // A writer that waits for room is woken.
        connection.write_all(&[7; 1000]).await.unwrap();
        connection.shutdown().await.unwrap();
        drop(connection);
        assert_eq!(reading.await.unwrap().len(), accepted + 1000);
    }

    #[tokio::test]
    async fn the_shutdown_sends_all_bytes() {
        let (mut connection, mut peer) = pair(16);
        connection.write_all(&[7; 5000]).await.unwrap();
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all.len()
        });
        connection.shutdown().await.unwrap();
        assert_eq!(reading.await.unwrap(), 5000);
    }

    #[tokio::test]
    async fn an_error_of_the_socket_is_returned_by_a_later_call() {
        let (mut connection, peer) = pair(16);
        drop(peer);
        connection.write_all(b"bytes").await.unwrap();
        let failed = async {
            loop {
                if let Err(error) = connection.flush().await {
                    return error;
                }
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(failed.await.kind(), io::ErrorKind::BrokenPipe);
        assert!(connection.write_all(b"more").await.is_err());
    }
}
