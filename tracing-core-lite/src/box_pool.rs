//! A pool of boxes for each thread.

use std::cell::RefCell;
use std::thread::LocalKey;

/// The maximum number of boxes of one type that a thread keeps.
const LIMIT: usize = 64;

/// A thread's pool of boxes of one type. Taking a box from the pool costs less than an allocation.
///
/// ```
/// use tracing_core_lite::layer_support::BoxPool;
///
/// thread_local! {
///     static POOL: BoxPool<[u64; 20]> = const { BoxPool::new() };
/// }
/// let boxed = BoxPool::boxed(&POOL, [7; 20]);
/// BoxPool::keep(&POOL, boxed);
/// assert_eq!(*BoxPool::boxed(&POOL, [8; 20]), [8; 20]);
/// ```
#[derive(Debug)]
// `Vec<Box<T>>` is deliberate: the pool recycles the allocations.
#[allow(clippy::vec_box)]
pub struct BoxPool<T: 'static>(RefCell<Vec<Box<T>>>);

impl<T: 'static> BoxPool<T> {
    /// Creates an empty pool.
    #[must_use]
    pub const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// Returns `value` in a box from the pool, or in a new one if the pool is empty.
    #[inline]
    #[must_use]
    pub fn boxed(pool: &'static LocalKey<Self>, value: T) -> Box<T> {
        match pool.try_with(|pool| pool.0.try_borrow_mut().ok()?.pop()).ok().flatten() {
            Some(mut kept) => {
                *kept = value;
                kept
            }
            None => Box::new(value),
        }
    }

    /// Returns a box to the pool, unless that has 64 already. The value in it is dropped when the box is taken
    /// again, or with the thread.
    #[inline]
    pub fn keep(pool: &'static LocalKey<Self>, boxed: Box<T>) {
        // A thread that is ending no longer has a pool.
        let _ = pool.try_with(|pool| {
            if let Ok(mut kept) = pool.0.try_borrow_mut()
                && kept.len() < LIMIT
            {
                kept.push(boxed);
            }
        });
    }
}

impl<T: 'static> Default for BoxPool<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    thread_local! {
        static POOL: BoxPool<u32> = const { BoxPool::new() };
    }

    #[test]
    fn a_box_is_used_again_and_no_more_are_kept_than_the_limit() {
        let first = BoxPool::boxed(&POOL, 1);
        let address = &raw const *first;
        BoxPool::keep(&POOL, first);
        let second = BoxPool::boxed(&POOL, 2);
        assert_eq!((*second, &raw const *second), (2, address));

        for _ in 0..LIMIT + 5 {
            BoxPool::keep(&POOL, Box::new(3));
        }
        POOL.with(|pool| assert_eq!(pool.0.borrow().len(), LIMIT));
    }
}
