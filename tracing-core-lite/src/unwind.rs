//! Notices panics, so that spans can record them.

use std::thread;

/// Runs `work`. If it panics, runs `on_panic` before the panic goes on.
///
/// [`thread::panicking`] does not tell: an executor may catch the panic before it drops a future.
#[inline]
pub fn on_unwind<R>(work: impl FnOnce() -> R, on_panic: impl FnOnce()) -> R {
    let guard = Guard(Some(on_panic));
    let output = work();
    std::mem::forget(guard);
    output
}

struct Guard<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for Guard<F> {
    fn drop(&mut self) {
        if let Some(on_panic) = self.0.take() {
            on_panic();
        }
    }
}

/// Tells whether a panic has begun since an operation started.
///
/// An operation that starts and ends in a destructor, while its thread unwinds, has not panicked.
#[derive(Debug, Clone, Copy)]
pub struct PanicProbe {
    started_in_panic: bool,
}

impl PanicProbe {
    /// Creates a probe for an operation that starts now.
    #[inline]
    #[must_use]
    pub fn start() -> Self {
        Self { started_in_panic: thread::panicking() }
    }

    /// Returns whether the thread has begun to unwind since the operation started.
    #[inline]
    #[must_use]
    pub fn has_panicked(self) -> bool {
        thread::panicking() && !self.started_in_panic
    }
}
