//! The pool of slots of each thread.

use std::cell::RefCell;

use triomphe::UniqueArc;

use super::state::Slot;

/// The maximum number of slots that a thread keeps.
const POOL_LIMIT: usize = 64;

thread_local! {
    static POOL: RefCell<Vec<UniqueArc<Slot>>> = const { RefCell::new(Vec::new()) };
}

/// Takes a slot out of the pool of this thread.
#[inline]
pub(super) fn take() -> Option<UniqueArc<Slot>> {
    POOL.try_with(|pool| pool.try_borrow_mut().ok().and_then(|mut pool| pool.pop())).ok().flatten()
}

/// Puts `slot` into the pool of this thread. A thread that is ending has no pool any more, so the slot is freed.
#[inline]
pub(super) fn put(slot: UniqueArc<Slot>) {
    let _ = POOL.try_with(|pool| {
        if let Ok(mut pool) = pool.try_borrow_mut()
            && pool.len() < POOL_LIMIT
        {
            pool.push(slot);
        }
    });
}
