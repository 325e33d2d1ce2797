//! Tokio tasks that keep the context.

use opentelemetry::Context;
use tokio::task::JoinHandle;

use super::bind;
use super::future::InContext;

/// Like [`tokio::spawn`], but keeps the current context.
///
/// The task's spans become children of the current span even if it ends before them. For work that is not awaited, use
/// [`Detached`](super::Detached).
///
/// # Panics
/// Panics outside of a runtime, like [`tokio::spawn`].
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(InContext::new(future, Context::current()))
}

/// Like [`tokio::task::spawn_blocking`], but keeps the current context.
///
/// # Panics
/// Panics outside of a runtime, like [`tokio::task::spawn_blocking`].
pub fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    tokio::task::spawn_blocking(bind(work))
}
