//! Ends a program on a signal, without losing its last spans.
//!
//! A process that a signal ends does not drop the values in `main`, so the tracing guard does not export the last spans.
//! Every program here therefore returns from `main` when a signal arrives.

use tracing_core_lite::termination;

/// Completes when the process is asked to stop, by Ctrl-C or by SIGTERM (which container engines send).
pub async fn terminated() {
    termination().await;
}

/// Runs `work` until it completes or the process is asked to stop.
///
/// On a signal `work` is dropped, which ends its spans as cancelled, and the result is `Ok`.
///
/// # Errors
/// Returns the error of `work`.
pub async fn until_stopped<E>(work: impl Future<Output = Result<(), E>>) -> Result<(), E> {
    tokio::select! {
        outcome = work => outcome,
        () = terminated() => Ok(()),
    }
}
