//! The spans that this thread has entered.

use std::cell::RefCell;
use std::mem;

use opentelemetry::{Context, ContextGuard};

/// An entered span, whose context is current.
#[derive(Debug)]
struct Entered {
    layer: u64,
    id: u64,
    /// `None` if the span had been entered before, further down.
    guard: Option<ContextGuard>,
    is_recorded: bool,
}

#[derive(Debug, Default)]
struct Stack(Vec<Entered>);

impl Drop for Stack {
    fn drop(&mut self) {
        // Spans that were never exited. The contexts of the thread may have been destroyed already.
        for entered in self.0.drain(..) {
            mem::forget(entered.guard);
        }
    }
}

thread_local! {
    static STACK: RefCell<Stack> = {
        // A thread destroys first what it created last, and the guards need the contexts of the thread.
        Context::map_current(|_| {});
        RefCell::default()
    };
}

/// Records that the span `id` of `layer` is entered. `attach` makes its context current. It is not called if the span is
/// already entered, because `tracing` then keeps the current span.
#[inline]
pub(super) fn push(layer: u64, id: u64, is_recorded: bool, attach: impl FnOnce() -> Option<ContextGuard>) {
    let is_entered = STACK.try_with(|stack| {
        stack
            .try_borrow()
            .is_ok_and(|stack| stack.0.iter().any(|known| known.id == id && known.layer == layer))
    });
    let Ok(is_entered) = is_entered else { return };
    let guard = if is_entered { None } else { attach() };
    let entered = Entered { layer, id, guard, is_recorded };
    let _gone = STACK.try_with(|stack| {
        if let Ok(mut stack) = stack.try_borrow_mut() {
            stack.0.push(entered);
        }
    });
}

/// Records that a span is exited, and restores the previous context. Returns whether the span is recorded, or `None` if it was
/// not entered on this thread.
#[inline]
pub(super) fn pop(layer: u64, id: u64) -> Option<bool> {
    let entered = STACK.try_with(|stack| {
        let mut stack = stack.try_borrow_mut().ok()?;
        let position = stack.0.iter().rposition(|known| known.id == id && known.layer == layer)?;
        Some(if position + 1 == stack.0.len() { stack.0.pop()? } else { stack.0.remove(position) })
    });
    // Values of the context are dropped here, with user code.
    let Entered { guard, is_recorded, .. } = entered.ok()??;
    drop(guard);
    Some(is_recorded)
}

/// Returns the current span of `layer` on this thread.
#[inline]
pub(super) fn current(layer: u64) -> Option<u64> {
    let current = STACK.try_with(|stack| {
        let stack = stack.try_borrow().ok()?;
        let is_current = |entered: &&Entered| entered.layer == layer && entered.guard.is_some();
        stack.0.iter().rev().find(is_current).map(|entered| entered.id)
    });
    current.ok()?
}
