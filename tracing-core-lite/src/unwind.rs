//! Panics, as spans record them.

use crate::error_class::PANIC;
use crate::span::Recorder;

/// Runs `work`. If it panics, runs `on_panic` before the panic goes on.
///
/// [`std::thread::panicking`] does not tell: an executor may catch the panic before it drops a future.
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

/// Records that the operation panicked: status error, `error.type`, and an `exception` event.
///
/// The message of the panic is not known while the stack unwinds, and it may contain user data.
pub fn record_panic(span: &mut Recorder<'_>) {
    span.add_event("exception", &[("exception.type", PANIC.into())]).failed(PANIC, "");
}
