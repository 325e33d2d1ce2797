//! Tokio tasks that keep the context.

use opentelemetry::Context;
use tokio::task::JoinHandle;

use super::bind;
use super::future::InContext;

/// [`tokio::spawn`] that keeps the current context.
///
/// The task's spans become children of the current span even when it ends before them. For work that nobody waits for,
/// [`Detached`](super::Detached) says so in the trace.
///
/// # Panics
/// As [`tokio::spawn`]: outside of a runtime.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(InContext::new(future, Context::current()))
}

/// [`tokio::task::spawn_blocking`] that keeps the current context.
///
/// # Panics
/// As [`tokio::task::spawn_blocking`]: outside of a runtime.
pub fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    tokio::task::spawn_blocking(bind(work))
}
