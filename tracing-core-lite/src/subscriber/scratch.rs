//! Memory for values that are formatted, one text after the other.

use std::cell::Cell;
use std::fmt::{Debug, Write};

/// A text with more capacity than this, in bytes, is not kept.
const KEEP_CAPACITY: usize = 16 * 1024;

thread_local! {
    static SCRATCH: Cell<String> = const { Cell::new(String::new()) };
}

/// Calls `visit` with `value` as text. A nested call, from within `value` itself, gets memory of its own.
#[inline]
pub(super) fn with_text<R>(value: &dyn Debug, visit: impl FnOnce(&str) -> R) -> R {
    let mut text = SCRATCH.try_with(Cell::take).unwrap_or_default();
    text.clear();
    // If an implementation fails, what it has written stays.
    let _failed = write!(text, "{value:?}");
    let visited = visit(&text);
    if text.capacity() <= KEEP_CAPACITY {
        // A thread that is ending keeps nothing.
        let _gone = SCRATCH.try_with(|scratch| scratch.set(text));
    }
    visited
}
