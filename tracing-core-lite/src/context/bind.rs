//! Closures that run in the context in which they were created.

use std::thread;

use opentelemetry::Context;

/// Returns a closure that runs `work` in the current context, for thread pools, rayon and callbacks.
///
/// ```
/// use tracing_core_lite::context::bind;
/// let work = bind(|| 1 + 1);
/// assert_eq!(std::thread::spawn(work).join().unwrap(), 2);
/// ```
pub fn bind<R>(work: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let context = Context::current();
    move || {
        let _guard = context.attach();
        work()
    }
}

/// Like [`std::thread::spawn`], but keeps the current context.
///
/// # Panics
/// Panics if the operating system refuses the thread, like [`std::thread::spawn`].
pub fn spawn_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> thread::JoinHandle<T> {
    thread::spawn(bind(work))
}
