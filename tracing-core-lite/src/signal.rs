//! The signals that ask a program to end.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

/// Returns a future that completes when the program is asked to end: by SIGTERM or SIGINT (Ctrl-C), and on Windows by Ctrl-C.
///
/// A signal that ends a program directly loses the spans that are not exported yet. A program that returns from `main` after this
/// drops its [`Guard`](crate::Guard), which exports them. Signals are watched from the call on, not only from the first poll. If the
/// operating system refuses that, the future never completes, and the signals keep their usual effect.
///
/// ```no_run
/// # async fn serve() -> Result<(), tracing_core_lite::InitError> {
/// let _tracing = tracing_core_lite::init().start()?;
/// // With axum: `axum::serve(listener, app).with_graceful_shutdown(tracing_core_lite::termination()).await?;`
/// tracing_core_lite::termination().await;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// Panics outside of a tokio runtime with its I/O driver, as the functions of `tokio::signal` do.
pub fn termination() -> impl Future<Output = ()> + Send + 'static {
    let signals = Signals::watch();
    async move {
        match signals {
            Ok(mut signals) => poll_fn(|context| signals.poll(context)).await,
            Err(_) => std::future::pending().await,
        }
    }
}

/// The signals, with their listeners.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn watch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?]))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // All are polled, so that each wakes the task.
        let ends = self.0.each_mut().map(|signal| signal.poll_recv(context).is_ready());
        if ends.contains(&true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// The signals, with their listeners.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn watch() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll_recv(context).map(drop)
    }
}

/// Elsewhere, there are no signals.
#[cfg(not(any(unix, windows)))]
struct Signals;

#[cfg(not(any(unix, windows)))]
impl Signals {
    fn watch() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
