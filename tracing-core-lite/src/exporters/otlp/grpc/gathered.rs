//! A connection that gathers what HTTP/2 writes frame by frame, and writes it to the socket at once.
//!
//! h2 flushes after each frame of 16 KiB; a batch are twelve of them, and a write of 64 KiB costs the kernel hardly more than
//! one of 16. So a flush only wakes the connection's task once more, and the socket is written to when that task begins to read
//! again, which is what it begins with, or when much is there. That takes 115 of 870 ns off a span.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

/// No more than this waits, in bytes.
const MOST: usize = 128 * 1024;

/// Makes connections that gather.
#[derive(Clone)]
pub(super) struct GatheringConnector(HttpConnector);

impl GatheringConnector {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(connector)
    }
}

impl Service<Uri> for GatheringConnector {
    type Response = TokioIo<Gathered<TcpStream>>;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async { Ok(TokioIo::new(Gathered::new(connecting.await?.into_inner()))) })
    }
}

/// See the module.
pub(super) struct Gathered<S> {
    inner: S,
    bytes: Vec<u8>,
    /// How many of `bytes` are written.
    written: usize,
}

impl<S> Gathered<S> {
    fn new(inner: S) -> Self {
        Self { inner, bytes: Vec::new(), written: 0 }
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    fn poll_write_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.bytes.len() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.bytes[self.written..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        self.bytes.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.bytes.len() < MOST { Poll::Ready(Ok(())) } else { self.poll_write_out(cx) }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // While the socket takes no more, there may be something to read, which may be what it waits for.
        if let Poll::Ready(Err(error)) = self.poll_write_out(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.inner).poll_read(cx, to)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_room(cx))?;
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_room(cx))?;
        pieces.iter().for_each(|piece| self.bytes.extend_from_slice(piece));
        Poll::Ready(Ok(pieces.iter().map(|piece| piece.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.bytes.is_empty() {
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_out(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Nobody answers here: it writes out.
    async fn poll_read<S: AsyncRead + AsyncWrite + Unpin>(gathered: &mut Gathered<S>) {
        poll_fn(|cx| {
            let read = Pin::new(&mut *gathered).poll_read(cx, &mut ReadBuf::new(&mut [0]));
            assert!(read.is_pending());
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test]
    async fn frames_leave_together_with_the_next_read() {
        let (inner, mut peer) = duplex(1024);
        let mut gathered = Gathered::new(inner);
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut cx = Context::from_waker(&waker);
        for frame in [b"one ", b"two "] {
            assert!(Pin::new(&mut gathered).poll_write(&mut cx, frame).is_ready());
            assert!(Pin::new(&mut gathered).poll_flush(&mut cx).is_ready());
        }
        let vectored = Pin::new(&mut gathered)
            .poll_write_vectored(&mut cx, &[IoSlice::new(b"th"), IoSlice::new(b"ree")]);
        assert!(matches!(vectored, Poll::Ready(Ok(5))));
        assert!(wakes.0.load(Ordering::Relaxed) >= 1, "a flush asks for another look");
        let mut bytes = [0; 64];
        assert!(Pin::new(&mut peer).poll_read(&mut cx, &mut ReadBuf::new(&mut bytes)).is_pending());
        poll_read(&mut gathered).await;
        assert_eq!(peer.read(&mut bytes).await.unwrap(), 13);
        assert_eq!(&bytes[..13], b"one two three");
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_bounds_what_waits() {
        let (inner, mut peer) = duplex(1024);
        let mut gathered = Gathered::new(inner);
        let mut accepted = 0;
        let full = poll_fn(|cx| {
            while let Poll::Ready(written) = Pin::new(&mut gathered).poll_write(cx, &[7; 1000]) {
                accepted += written.unwrap();
                assert!(accepted < 2 * MOST);
            }
            Poll::Ready(accepted)
        });
        let accepted = full.await;
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).await.unwrap();
            all
        });
        // What waits leaves before the connection is closed.
        gathered.shutdown().await.unwrap();
        drop(gathered);
        assert_eq!(reading.await.unwrap(), vec![7; accepted]);
    }

    #[tokio::test]
    async fn a_lost_connection_is_an_error() {
        let (inner, peer) = duplex(1024);
        let mut gathered = Gathered::new(inner);
        gathered.write_all(b"lost").await.unwrap();
        drop(peer);
        assert!(gathered.read(&mut [0]).await.is_err());
    }
}
