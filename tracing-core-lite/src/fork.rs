//! Detects that this process is a forked child.
//!
//! A forked child has a copy of its parent's memory but only one of its threads. Ids must not repeat there, and nothing
//! may wait for a thread or a lock of the parent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, OnceLock};

static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Returns a number that is different in the child after a `fork`, once [`watch`] has been called.
#[inline]
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// Runs first in a forked child. Its only thread is the one that called `fork`.
static IN_CHILD: OnceLock<fn()> = OnceLock::new();

/// Begins to count forks, and runs `in_child` in each forked child. It may only write to atomics and to thread-locals that
/// need no destructor. Only the first call counts.
pub(crate) fn watch_with(in_child: fn()) {
    let _ = IN_CHILD.set(in_child);
    watch();
}

/// Begins to count forks.
pub(crate) fn watch() {
    static WATCHING: Once = Once::new();
    WATCHING.call_once(register);
}

#[cfg(all(unix, not(miri)))]
#[allow(unsafe_code)]
fn register() {
    use std::ffi::c_int;

    type Handler = Option<unsafe extern "C" fn()>;

    unsafe extern "C" {
        fn pthread_atfork(prepare: Handler, parent: Handler, child: Handler) -> c_int;
    }

    unsafe extern "C" fn count_fork() {
        GENERATION.fetch_add(1, Ordering::Relaxed);
        if let Some(in_child) = IN_CHILD.get() {
            in_child();
        }
    }

    // SAFETY: the handler is a function of this program and lives as long as the process. It writes to an
    // atomic and to thread-locals, which is safe in a forked child.
    let failed = unsafe { pthread_atfork(None, None, Some(count_fork)) } != 0;
    if failed {
        tracing::warn!("forks of this process cannot be noticed: no spans may be started in a forked child");
    }
}

#[cfg(not(all(unix, not(miri))))]
fn register() {}
