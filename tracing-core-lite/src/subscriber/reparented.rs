//! The places in the code whose spans get another parent.
//!
//! The attributes of a span whose parent is unsampled matter only if [`set_parent`](super::SpanExt::set_parent) moves the span
//! to another trace. Few places in the code do that, and all others should not pay for it.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Metadata;

/// Spans of a place that keep their attributes before it is known what the place does.
const UNDECIDED: u64 = 1_024;

/// A power of two. Most programs have fewer places.
const SLOTS: usize = 1_024;

/// Slots that are searched for a place. A place that finds none free keeps the attributes of all its spans.
const PROBES: usize = 8;

/// The bits of a slot that count spans. Those above hold the address of the place's metadata.
const COUNT_BITS: u32 = 16;
const COUNT: u64 = (1 << COUNT_BITS) - 1;
/// The count of a place whose spans get another parent.
const REPARENTED: u64 = COUNT;

#[derive(Debug)]
pub(super) struct Reparented(Box<[AtomicU64]>);

impl Reparented {
    pub(super) fn new() -> Self {
        Self((0..SLOTS).map(|_| AtomicU64::new(0)).collect())
    }

    /// Returns whether a new span, whose parent is unsampled, keeps its attributes.
    #[inline]
    pub(super) fn keeps_attributes(&self, place: &'static Metadata<'static>) -> bool {
        let Some((slot, count)) = self.find(place) else { return true };
        if count >= UNDECIDED {
            return count == REPARENTED;
        }
        // A count that another thread changes meanwhile may miss this span.
        let _outdated = slot.compare_exchange(
            entry(place, count),
            entry(place, count + 1),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        true
    }

    /// Records that a span has got another parent.
    pub(super) fn mark(&self, place: &'static Metadata<'static>) {
        while let Some((slot, count)) = self.find(place) {
            let marked = entry(place, REPARENTED);
            if count == REPARENTED
                || slot
                    .compare_exchange(entry(place, count), marked, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
            {
                return;
            }
        }
    }

    /// Returns the slot of a place and its count.
    #[inline]
    fn find(&self, place: &'static Metadata<'static>) -> Option<(&AtomicU64, u64)> {
        let own = entry(place, 0);
        let first = (own.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize;
        (0..PROBES).find_map(|probe| {
            let slot = self.0.get((first + probe) % SLOTS)?;
            let mut known = slot.load(Ordering::Relaxed);
            if known == 0 {
                known = match slot.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => own,
                    Err(taken) => taken,
                };
            }
            (known & !COUNT == own).then_some((slot, known & COUNT))
        })
    }
}

/// An address has at most 48 bits. Places that differ only above those would share what is known about them.
#[inline]
fn entry(place: &'static Metadata<'static>, count: u64) -> u64 {
    ((std::ptr::from_ref(place).addr() as u64) << COUNT_BITS) | count
}

#[cfg(test)]
mod tests {
    use tracing::Level;
    use tracing::callsite::{Callsite, Identifier};
    use tracing::field::FieldSet;
    use tracing::metadata::Kind;
    use tracing::subscriber::Interest;

    use super::*;

    struct NoCallsite;

    static CALLSITE: NoCallsite = NoCallsite;

    impl Callsite for NoCallsite {
        fn set_interest(&self, _: Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            unreachable!("never registered")
        }
    }

    fn place() -> &'static Metadata<'static> {
        let fields = FieldSet::new(&[], Identifier(&CALLSITE));
        let metadata = Metadata::new("work", "test", Level::INFO, None, None, None, fields, Kind::SPAN);
        Box::leak(Box::new(metadata))
    }

    #[test]
    fn a_place_is_known_after_its_first_spans() {
        let reparented = Reparented::new();
        let (plain, moved) = (place(), place());
        for _ in 0..UNDECIDED {
            assert!(reparented.keeps_attributes(plain) && reparented.keeps_attributes(moved));
        }
        assert!(!reparented.keeps_attributes(plain));
        reparented.mark(moved);
        for _ in 0..2 * UNDECIDED {
            assert!(reparented.keeps_attributes(moved) && !reparented.keeps_attributes(plain));
        }
        reparented.mark(plain);
        assert!(reparented.keeps_attributes(plain));
    }

    #[test]
    fn a_place_that_finds_no_room_keeps_attributes() {
        let reparented = Reparented::new();
        for _ in 0..2 * SLOTS {
            reparented.mark(place());
        }
        let last = place();
        reparented.mark(last);
        for _ in 0..2 * UNDECIDED {
            assert!(reparented.keeps_attributes(last));
        }
    }
}
