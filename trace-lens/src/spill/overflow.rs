//! Takes spans from the threads that read when together they hold too many.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::parts::Parts;
use crate::model::{Builder, SpanSet};

/// Moves spans to disk once all threads together hold more than half of the memory that is allowed.
#[derive(Debug)]
pub(crate) struct Overflow {
    folder: PathBuf,
    /// The memory in bytes that the analysis may use.
    memory: usize,
    /// The memory in bytes above which a thread moves its spans, once it has begun.
    share: usize,
    /// The memory that all threads hold, in bytes.
    held: AtomicUsize,
    parts: OnceLock<Parts>,
    failed: Mutex<Option<io::Error>>,
}

impl Overflow {
    pub(crate) fn new(folder: PathBuf, memory: usize, threads: usize) -> Self {
        let share = memory / 4 / threads.max(1);
        let (parts, failed) = (OnceLock::new(), Mutex::new(None));
        Self { folder, memory, share, held: AtomicUsize::new(0), parts, failed }
    }

    /// Returns the most bytes of text that are read at once.
    pub(crate) fn text_limit(&self) -> u64 {
        (self.memory / 4) as u64
    }

    /// Moves the spans of `builder` to disk if there are too many. `held` is what the builder held at the last call.
    ///
    /// Returns the number of spans that were moved. The builder's entries are not valid afterwards if there are any.
    pub(crate) fn offer(&self, builder: &mut Builder, held: &mut usize) -> u64 {
        let now = builder.memory();
        // Counting each small growth would make threads wait for each other.
        if now < *held + self.share / 16 {
            return 0;
        }
        let all = self.held.fetch_add(now - *held, Ordering::Relaxed) + now - *held;
        *held = now;
        let has_begun = self.parts.get().is_some() || all > self.memory / 2;
        if !has_begun || now < self.share {
            return 0;
        }
        let moved = builder.len() as u64;
        self.add(&builder.take());
        self.held.fetch_sub(*held, Ordering::Relaxed);
        *held = 0;
        moved
    }

    /// Moves spans to disk. Errors are kept until [`finish`](Self::finish).
    pub(crate) fn add(&self, set: &SpanSet) {
        if set.is_empty() || self.has_failed() {
            return;
        }
        if let Err(error) = self.parts().and_then(|parts| parts.add(set)) {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    fn parts(&self) -> io::Result<&Parts> {
        if self.parts.get().is_none() {
            // Of two threads that come here at once, one has created its file in vain.
            let _ = self.parts.set(Parts::new(&self.folder, 0)?);
        }
        self.parts.get().ok_or_else(|| io::Error::other("no file for spans"))
    }

    /// Returns whether spans were moved to disk.
    pub(crate) fn has_begun(&self) -> bool {
        self.parts.get().is_some()
    }

    /// Returns whether spans could not be written. Reading more is of no use then.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Returns the spans on disk, `None` if there are none.
    pub(crate) fn finish(self) -> io::Result<Option<Parts>> {
        match self.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(self.parts.into_inner()),
        }
    }
}
