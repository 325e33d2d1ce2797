//! A lock that detects a write from within a write.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// The value of [`WriteLock::writer`] while no thread writes.
const NO_THREAD: usize = 0;

/// A mutex that a thread can try to lock again while it holds it.
#[derive(Debug)]
pub(super) struct WriteLock<T> {
    value: Mutex<T>,
    /// The thread that holds the lock.
    writer: AtomicUsize,
}

impl<T> WriteLock<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), writer: AtomicUsize::new(NO_THREAD) }
    }

    #[inline]
    pub(super) fn get_mut(&mut self) -> &mut T {
        self.value.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the value. Returns `None` and warns if this thread holds the lock.
    ///
    /// The lock is never poisoned: if a caller's closure panics, the record ends between two fields, which is a valid
    /// span.
    #[inline]
    pub(super) fn lock(&self) -> Option<WriteGuard<'_, T>> {
        let value = match self.value.try_lock() {
            Ok(value) => value,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => self.wait()?,
        };
        self.writer.store(this_thread(), Ordering::Relaxed);
        Some(WriteGuard { value, writer: &self.writer })
    }

    #[cold]
    fn wait(&self) -> Option<MutexGuard<'_, T>> {
        if self.writer.load(Ordering::Relaxed) == this_thread() {
            warn_of_inner_write();
            return None;
        }
        Some(self.value.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Access to the value of a [`WriteLock`].
pub(super) struct WriteGuard<'a, T> {
    value: MutexGuard<'a, T>,
    writer: &'a AtomicUsize,
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> Drop for WriteGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // The lock is released after this.
        self.writer.store(NO_THREAD, Ordering::Relaxed);
    }
}

/// Returns a number that no other living thread has, and that is not [`NO_THREAD`].
#[inline]
fn this_thread() -> usize {
    thread_local! {
        static MARK: u8 = const { 0 };
    }
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

#[cold]
fn warn_of_inner_write() {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "a write to a span was dropped: it was made from within a closure that was already writing to the same span; \
             use the recorder that the closure is given"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_holds_the_lock_is_turned_away_and_others_wait() {
        let lock = WriteLock::new(0);
        let mut guard = lock.lock().unwrap();
        assert!(lock.lock().is_none());
        std::thread::scope(|scope| {
            let other = scope.spawn(|| *lock.lock().unwrap());
            *guard = 1;
            drop(guard);
            assert_eq!(other.join().unwrap(), 1);
        });
        assert!(lock.lock().is_some());
    }
}
