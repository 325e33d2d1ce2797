//! Cleanup actions that run when a command ends, fails, or is interrupted by Ctrl-C or SIGTERM.

use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The exit code of a program that was interrupted by Ctrl-C.
const INTERRUPTED: i32 = 130;

type Action = Box<dyn FnOnce() + Send>;

/// The actions that have not run, oldest first. The lock is held while one runs, so that a signal does not end the process
/// in the middle of it; an action must therefore neither create nor drop an [`Undo`].
static PENDING: Mutex<Vec<(u64, Action)>> = Mutex::new(Vec::new());

/// Runs an action once: when it is dropped, or before a signal ends the process.
#[must_use = "the action runs when this is dropped"]
pub(crate) struct Undo {
    id: u64,
}

impl Undo {
    /// Creates an [`Undo`] that runs `action`.
    pub(crate) fn new(action: impl FnOnce() + Send + 'static) -> Self {
        let mut pending = pending();
        let id = pending.last().map_or(0, |(id, _)| id + 1);
        pending.push((id, Box::new(action)));
        Self { id }
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        let mut pending = pending();
        if let Some(index) = pending.iter().position(|(id, _)| *id == self.id) {
            let (_, action) = pending.remove(index);
            action();
        }
    }
}

impl fmt::Debug for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undo").finish_non_exhaustive()
    }
}

/// Runs all actions, the latest first, before Ctrl-C, SIGTERM or a closed terminal ends the process.
///
/// # Errors
/// Fails when the signals cannot be handled.
pub(crate) fn undo_on_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        if signals.forever().next().is_some() {
            let mut pending = pending();
            while let Some((_, action)) = pending.pop() {
                action();
            }
            std::process::exit(INTERRUPTED);
        }
    })?;
    Ok(())
}

fn pending() -> MutexGuard<'static, Vec<(u64, Action)>> {
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_is_undone_once_and_in_any_order() {
        static UNDONE: AtomicUsize = AtomicUsize::new(0);
        let [first, second, third] = [1, 10, 100].map(|each| {
            Undo::new(move || {
                UNDONE.fetch_add(each, Ordering::Relaxed);
            })
        });
        drop(second);
        assert_eq!(UNDONE.load(Ordering::Relaxed), 10);
        drop(third);
        assert_eq!(UNDONE.load(Ordering::Relaxed), 110);
        drop(first);
        assert_eq!(UNDONE.load(Ordering::Relaxed), 111);
    }
}
