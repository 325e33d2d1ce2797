//! What all services do alike: listen, say that they are well, and stop when they are told to.

use std::io;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tracing::debug;

/// Serves `app` until `stop` is done and the requests that had begun are answered.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // A gRPC answer is several small writes: with Nagle's algorithm, the last of them waits 40 ms for an acknowledgement.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            debug!(%error, "a connection without TCP_NODELAY");
        }
    });
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

/// `GET /healthz`.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Done when the process is asked to stop, by Ctrl-C or by SIGTERM, which is what containers get.
pub async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = term.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        return;
    }
    // Without the handler there is no telling: the process is then ended the hard way.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
