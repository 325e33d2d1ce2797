//! An allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<Allocations> = const { Cell::new(Allocations::NONE) };
}

/// The system's allocator, which also counts the [allocations](Allocations) of each thread.
///
/// ```
/// use tracing_core_lite::testing::{Allocations, CountingAllocator};
///
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator;
///
/// let before = Allocations::of_this_thread();
/// let boxed = Box::new([7_u8; 100]);
/// let made = Allocations::of_this_thread().since(before);
/// assert_eq!((made.count, made.bytes, made.freed), (1, 100, 0));
/// drop(boxed);
/// assert_eq!(Allocations::of_this_thread().since(before).held(), 0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CountingAllocator;

/// What a thread has allocated, if the program's allocator is a [`CountingAllocator`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Allocations {
    /// The allocations. One that grows or shrinks counts again.
    pub count: u64,
    /// The bytes of all allocations.
    pub bytes: u64,
    /// The bytes that the thread has freed, whichever thread had allocated them.
    pub freed: u64,
}

impl Allocations {
    const NONE: Self = Self { count: 0, bytes: 0, freed: 0 };

    /// Returns what this thread has allocated so far.
    #[must_use]
    pub fn of_this_thread() -> Self {
        // A thread that is ending counts no more.
        ALLOCATIONS.try_with(Cell::get).unwrap_or_default()
    }

    /// Returns what was allocated after `before`.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            count: self.count.wrapping_sub(before.count),
            bytes: self.bytes.wrapping_sub(before.bytes),
            freed: self.freed.wrapping_sub(before.freed),
        }
    }

    /// Returns the bytes that were allocated and not freed. Negative if the thread has freed more than it has allocated.
    #[must_use]
    pub const fn held(self) -> i64 {
        self.bytes.wrapping_sub(self.freed).cast_signed()
    }
}

fn count(allocations: u64, bytes: usize, freed: usize) {
    let _ = ALLOCATIONS.try_with(|counted| {
        let before = counted.get();
        counted.set(Allocations {
            count: before.count + allocations,
            bytes: before.bytes + bytes as u64,
            freed: before.freed + freed as u64,
        });
    });
}

// SAFETY: every call is forwarded to the system's allocator unchanged.
#[allow(unsafe_code, reason = "an allocator cannot be written without")]
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size(), 0);
        // SAFETY: the caller upholds the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size(), 0);
        // SAFETY: the caller upholds the contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    // The default copies, even where the system's allocator grows in place.
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size, layout.size());
        // SAFETY: the caller upholds the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, 0, layout.size());
        // SAFETY: the caller upholds the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}
