//! The parts that all services share: listening, and reporting their health.

use std::io;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tracing::debug;

/// Serves `app` until `stop` completes, then finishes the requests that have begun.
///
/// # Errors
/// Returns an error if the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // A gRPC response is several small writes. Nagle's algorithm would hold back the last of them until the client
    // acknowledges the others.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            debug!(%error, "cannot set TCP_NODELAY on a connection");
        }
    });
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

/// Answers `GET /healthz`.
pub async fn healthz() -> &'static str {
    "ok\n"
}
